"""Which inputs go to the kernel: those that `call` reads, and no others.

An oracle may know more than the function is told (the clean image, say), and the
function under test can look at its caller's variables. What is not sent cannot be
looked up.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from coursekit.checks.spec import Exercise, Inputs
from coursekit.checks.trial import guarded


class _Watched(Mapping[str, Any]):
    """Inputs that remember which of them were read, in whatever way."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self.inputs[name]

    def __iter__(self) -> Iterator[str]:
        self.read.update(self.inputs)
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)


@cache
def read(exercise: Exercise) -> frozenset[str]:
    """The names of the inputs that `call` reads when the function is right."""
    probe = exercise.probe()
    found: set[str] = set()
    # Not the seeds of a grading run: nothing is computed before the reply.
    for seed in probe.seeds():
        watched = _Watched(copy.deepcopy(probe.inputs(seed)))
        with guarded():
            probe.call(exercise.reference(), cast(Inputs, watched))
        found |= watched.read
    return frozenset(found)


def sent(exercise: Exercise, seed: int) -> Inputs:
    """The inputs of a seed that cross the border."""
    names = read(exercise)
    inputs = exercise.probe().inputs(seed)
    return {name: value for name, value in inputs.items() if name in names}
