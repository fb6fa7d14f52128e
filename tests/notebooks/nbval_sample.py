"""A small notebook on the real package and the real checks, woven for each test."""

import json
import re
from pathlib import Path

from support.process import ROOT

from coursekit.sources.modules import Package
from coursekit.weave.command import run
from coursekit.weave.project import Project

SOURCE = """\
# A sample

Two exercises, two questions, a picture.

```python imports
import torch
```

## Given

```{weave} coursekit.theory.ddpm_schedule:linear_beta
```

```{weave} coursekit.theory.ddpm:at
```

## Asked for

```{exercise} 01.2 SCHEDULE:cosine_alpha_bar minutes=6 difficulty=2 points=1
```

```{hint} 01.2
Square the cosine.
```

```{exercise} 01.4 coursekit.theory.ddpm:q_sample minutes=5 difficulty=2 points=2
```

```python use-them
from coursekit.theory.ddpm_schedule import Schedule

alpha_bar = cosine_alpha_bar(10)
schedule = Schedule(torch.zeros(11, dtype=torch.float64), alpha_bar)
x0 = torch.ones(3, 2)
q_sample(x0, torch.tensor([1, 5, 10]), torch.zeros(3, 2), schedule)
```

QUESTIONS
""".replace("SCHEDULE", "coursekit.theory.ddpm_schedule")
LECTURE = ROOT / "coursekit/lectures/l01_diffusion"


def parts(name: str, pattern: str) -> str:
    """Parts of lecture 1's own files, so that the real checks judge the sample."""
    text = (LECTURE / name).read_text(encoding="utf-8")
    return "\n".join(re.findall(pattern, text, re.MULTILINE | re.DOTALL))


def sample(root: Path, source: str = SOURCE) -> Project:
    """The sample, woven below root."""
    folder = root / "coursekit/lectures/l01_sample"
    folder.mkdir(parents=True)
    asked = parts("01_diffusion.md", r"^```\{question\} 01\.1[59] .*?^```$\n")
    (folder / "01_sample.md").write_text(source.replace("QUESTIONS", asked))
    known = parts("mistakes.md", r"^## 01\.[24] .*?(?=^## |\Z)")
    (folder / "mistakes.md").write_text(known)
    (folder / "exercises.py").write_bytes((LECTURE / "exercises.py").read_bytes())
    project = Project(root, Package(ROOT))
    assert run(project) == 0
    return project


def edit(path: Path, cell_id: str, old: str, new: str) -> None:
    """Change the code of one cell of a woven notebook."""
    content = json.loads(path.read_bytes())
    cell = next(each for each in content["cells"] if each["id"] == cell_id)
    text = "".join(cell["source"])
    assert old in text
    cell["source"] = text.replace(old, new)
    path.write_text(json.dumps(content))
