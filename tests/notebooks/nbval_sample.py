"""A small notebook on the real package and the real checks, woven for each test."""

import json
from pathlib import Path

from nbval_run import ROOT

from coursekit.sources.modules import Package
from coursekit.weave import registry as weave_registry
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

```{paper} 01.15 minutes=4 points=1
Solve for the noise.
```

```{paper} 01.19 minutes=2 points=1
What does the network predict?
```
""".replace("SCHEDULE", "coursekit.theory.ddpm_schedule")


def sample(root: Path, source: str = SOURCE) -> Project:
    """The sample, woven below root."""
    folder = root / "notebooks" / "source"
    folder.mkdir(parents=True)
    (folder / "01_sample.md").write_text(source)
    project = Project(root, Package(ROOT), weave_registry.load())
    assert run(project, []) == 0
    return project


def edit(path: Path, cell_id: str, old: str, new: str) -> None:
    """Change the code of one cell of a woven notebook."""
    content = json.loads(path.read_bytes())
    cell = next(each for each in content["cells"] if each["id"] == cell_id)
    text = "".join(cell["source"])
    assert old in text
    cell["source"] = text.replace(old, new)
    path.write_text(json.dumps(content))
