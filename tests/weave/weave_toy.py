"""A checkout in miniature for tests of the weave: a package, a source, a registry."""

import textwrap
from pathlib import Path

from coursekit.weave.registry import Entry

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

```{paper} 01.2 minutes=3 points=1
How large is a disc of radius $r$?
```

```{paper} 01.3 minutes=1 points=0.5
Is it round?
```

### Claims

```{claim} R1.1 time="2:09" verdict="in part" see=use-area
Discs have $|x|$ area.
We found {01.A:area:.2f}, $|y|$ and | more.
```

```{ledger}
```
"""

REGISTRY = {
    "01.1": Entry("01.1", "code", "Area of a disc", symbol="toy.maths:area"),
    "01.2": Entry("01.2", "formula", "Disc", names=("r",), answer="pi * r**2"),
    "01.3": Entry(
        "01.3", "choice", "Round", options={"a": "yes", "b": "no"}, answer="a"
    ),
    "01.4": Entry("01.4", "code", "Line", symbol="toy.maths:Line.at"),
}


def project(root: Path, source: str = SOURCE, name: str = "01_toys") -> Project:
    """A checkout below root with one notebook source."""
    package = root / "toy"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("from toy.maths import clip\n")
    (package / "maths.py").write_text(MATHS.lstrip())
    (package / "base.py").write_text(BASE.lstrip())
    sources = root / "coursekit" / "lectures" / f"l{name}"
    sources.mkdir(parents=True, exist_ok=True)
    (sources / f"{name}.md").write_text(textwrap.dedent(source).lstrip())
    measured = root / "data" / "measured"
    measured.mkdir(parents=True, exist_ok=True)
    (measured / "01.A.json").write_text(
        '{"id": "01.A", "values": {"area": 3.14159, "by": {"n": [1, 2]}}}'
    )
    return Project(root, Package(root), dict(REGISTRY), version="9.8.7")
