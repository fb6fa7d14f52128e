"""A checkout in miniature for tests of the weave: a package, and one lecture."""

import re
import textwrap
from pathlib import Path

from coursekit.sources.modules import Package
from coursekit.weave.project import Project

MATHS = '''
"""Toy maths."""

import math
from collections.abc import Sequence
from functools import lru_cache as cache, partial

import numpy as np

from toy import base
from toy.base import scale

# How many digits to keep.
# (Two are enough.)
DIGITS = 2
LOW, HIGH = 0.0, 1.0


def clip(x: float) -> float:
    """Keep x between LOW and HIGH."""
    return min(max(x, LOW), HIGH)


@cache(maxsize=None)
def area(
    radius: float,
    *,
    digits: int = DIGITS,  # a comment inside the signature
) -> "Sequence[float]":
    """The area of a disc.

    radius: at least 0.
    """
    # secret comment
    secret = math.pi * clip(radius) ** 2
    return [round(scale(secret), digits)]


def doubled(x: float) -> float:
    """Twice the area."""
    return 2 * area(x)[0] + base.ZERO


class Line:
    """A straight line."""

    slope: float = 1.0

    def __init__(self, slope: float) -> None:
        """Keep the slope."""
        self.slope = slope

    def at(self, x: "np.ndarray") -> "np.ndarray":
        """The height at x.

        x: (N,).
        """
        hidden = self.slope * x
        return np.asarray(hidden)

    def undocumented(self) -> None:
        return None


def bare(x):
    return x


def one_line(x): "Says too much."; return x


def only_doc() -> None:
    """Nothing else."""


def broken() -> int:
    """Uses what does not exist."""
    return missing_name


rest = partial(doubled, 1.0)
'''

BASE = '''
"""The base."""

ZERO = 0.0


def scale(x: float) -> float:
    """Leave x as it is."""
    return x
'''

SOURCE = """
# 1 Toys

Words before the first code.

```python imports
import numpy as np
```

## 1.1 Discs

A disc is round.

```{weave} toy.maths:clip
```

```{exercise} 01.1 toy.maths:area minutes=5 difficulty=2 points=2
Area of a disc
```

```{hint} 01.1
Pi times **what**?
```

```{hint} 01.1
Squared.
```

Now use it.

```python use-area
print(area(1.0))
```

```{question} 01.2 minutes=3 points=1
# Disc
How large is a disc of radius $r$?
given r 0.5..2
right pi * r**2
wrong 2*pi*r => this is the way round it
wrong r**2 => this is a square
```

```{question} 01.3 minutes=1 points=0.5
# Round
Is it round?
- [x] yes
  - every point of its edge is as far from the middle
- [ ] no
  - look again
```

### Claims

```{claim} R1.1 time="2:09" verdict="in part" see=use-area
Discs have $|x|$ area.
We found {01.A:area:.2f}, $|y|$ and | more.
```

```{ledger}
```
"""

# What goes wrong in the exercises of the toys, by symbol.
WRONG = {
    "toy.maths:area": """
        the radius is not squared
            clip(radius) ** 2 => clip(radius)
        pi is missing
            math.pi * =>
        """,
    "toy.maths:clip": """
        the lower end is forgotten
            max(x, LOW) => x
        the upper end is forgotten
            min(max(x, LOW), HIGH) => max(x, LOW)
        """,
    "toy.maths:Line.at": """
        the slope is added
            self.slope * x => self.slope + x
        x is returned as it is
            =>
                return x
        """,
}


def mistakes(source: str) -> str:
    """The mistakes.md that goes with a source."""
    parts, seen = ["# Lecture 1: what goes wrong"], set()
    for found in re.finditer(r"\{exercise\} (\d\d\.\d+) (\S+)", source):
        if found[2] in WRONG and found[1] not in seen:
            seen.add(found[1])
            parts.append(f"## {found[1]}\n{textwrap.dedent(WRONG[found[2]])}")
    return "\n".join(parts)


def project(root: Path, source: str = SOURCE, name: str = "01_toys") -> Project:
    """A checkout below root with one lecture."""
    package = root / "toy"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("from toy.maths import clip\n")
    (package / "maths.py").write_text(MATHS.lstrip())
    (package / "base.py").write_text(BASE.lstrip())
    add_lecture(root, source, name)
    measured = root / "data" / "measured"
    measured.mkdir(parents=True, exist_ok=True)
    (measured / "01.A.json").write_text(
        '{"id": "01.A", "values": {"area": 3.14159, "by": {"n": [1, 2]}}}'
    )
    return Project(root, Package(root), version="9.8.7")


def add_lecture(root: Path, source: str, name: str) -> Path:
    """One more lecture; returns its folder."""
    folder = root / "coursekit" / "lectures" / f"l{name}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(textwrap.dedent(source).lstrip())
    (folder / "mistakes.md").write_text(mistakes(source))
    ids = re.findall(r"\{exercise\} (\d\d\.\d+) (\S+)", source)
    tries = [f'@tried("{n}", draws())\ndef f(): ...\n' for n, s in ids if s in WRONG]
    (folder / "exercises.py").write_text("\n".join(tries))
    return folder
