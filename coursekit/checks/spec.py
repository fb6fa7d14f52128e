"""What an exercise is: one specification for the check, its tests and the grader.

Nothing here imports torch. Titles, ids, options and answers are plain data, read from
the notebook's source; the part that computes (a `Probe`) is imported on first use.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Inputs = dict[str, Any]  # plain numpy arrays and scalars
Outputs = dict[str, NDArray[Any]]  # all that crosses a process border in grading
Function = Callable[..., Any]


class BadResult(Exception):
    """The learner's function returned something that is not a result at all."""


@dataclass(frozen=True)
class Mistake:
    """A wrong version and the message that a learner who writes it must read."""

    name: str
    function: Function
    message: str


@dataclass(frozen=True)
class Oracle:
    """A closed form or an invariant, judged on inputs and outputs alone.

    `complaint(inputs, outputs)` is None when the property holds, else a sentence.
    """

    name: str
    complaint: Callable[[Inputs, Outputs], str | None]


@dataclass(frozen=True)
class Probe:
    """How a function is tried and judged.

    inputs: seed -> fresh inputs; call: runs a function on them, plain arrays out.
    source: "module:name" of the function that `call` is made of, for the grader.
    cases: names of the kinds of inputs; seed s makes inputs of kind s % len(cases).
    tolerances: output name -> (rtol, atol) where the default does not fit.
    """

    inputs: Callable[[int], Inputs]
    call: Callable[[Function, Inputs], Outputs]
    source: str
    cases: tuple[str, ...]
    oracles: tuple[Oracle, ...] = ()
    tolerances: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def seeds(self, start: int = 0) -> tuple[int, ...]:
        """One seed for each case; `start` = 0 for learners, free for grading."""
        first = start * len(self.cases)
        return tuple(range(first, first + len(self.cases)))


@cache
def resolve(path: str) -> Any:
    """The object that "module:name" or "module:Class.method" names.

    For a method this is its class: that is what the notebook rebinds and checks.
    """
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name.partition(".")[0])


@dataclass(frozen=True)
class Exercise:
    """A function or class that the learner writes.

    lecture: the dotted name of the folder with its `exercises`.
    """

    id: str  # "01.4"
    symbol: str  # "coursekit.theory.ddpm:q_sample"
    title: str
    lecture: str
    mistakes_file: Path
    kind: ClassVar[str] = "code"

    @property
    def name(self) -> str:
        """The name in the notebook: the function, or the class of a method."""
        return self.symbol.partition(":")[2].partition(".")[0]

    def reference(self) -> Function:
        """The package's own version (imports what it needs, torch included)."""
        found: Function = resolve(self.symbol)
        return found

    def probe(self) -> Probe:
        """How to try it (imports torch). KeyError when nothing tries it."""
        probes: Mapping[str, Probe] = importlib.import_module(
            f"{self.lecture}.exercises"
        ).PROBES
        return probes[self.id]


@dataclass(frozen=True)
class FormulaQuestion:
    """A pen-and-paper question answered with a formula; any algebraic form is right.

    right: the answer, then other forms of it.  wrong: formula -> what is wrong with it.
    points: numpy generator -> one array of random values for each name.
    """

    id: str
    title: str
    text: str
    right: tuple[str, ...]
    wrong: Mapping[str, str]
    points: Callable[[np.random.Generator], Mapping[str, NDArray[np.float64]]]
    options: ClassVar[Mapping[str, str]] = {}
    kind: ClassVar[str] = "formula"

    @property
    def answer(self) -> str:
        """The right answer as the solution notebook shows it."""
        return self.right[0]

    @property
    def reason(self) -> str:
        """What a right answer is told: the formula as the course writes it."""
        return f"as we write it, {self.answer}"

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols an answer may use."""
        return tuple(self.points(np.random.default_rng(0)))


@dataclass(frozen=True)
class ChoiceQuestion:
    """A pen-and-paper question answered with a letter; wrong options say why."""

    id: str
    title: str
    text: str
    options: Mapping[str, str]
    answer: str
    why: Mapping[str, str]  # one sentence for every option, the right one included
    names: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str] = "choice"

    @property
    def reason(self) -> str:
        """Why the right answer is right."""
        return self.why[self.answer]


Question = FormulaQuestion | ChoiceQuestion
Entry = Exercise | Question
