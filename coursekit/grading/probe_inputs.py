"""Which inputs go to the kernel: those that `call` reads, and no others.

An oracle may know more than the function is told (the clean image, say), and the
function under test can look at its caller's variables. What is not sent cannot be
looked up.
"""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from coursekit.checks.spec import Exercise, Inputs
from coursekit.checks.trial import guarded


class _Watched(dict[str, Any]):
    """Inputs that remember which of them were read."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a dict does."""
        self.read.add(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self.read |= super().keys()
        return super().__iter__()

    def _all(self) -> Any:
        self.read |= super().keys()
        return dict(super().items())

    def keys(self) -> Any:
        """As a dict does; they all count as read."""
        return self._all().keys()

    def values(self) -> Any:
        """As a dict does; they all count as read."""
        return self._all().values()

    def items(self) -> Any:
        """As a dict does; they all count as read."""
        return self._all().items()

    def copy(self) -> Any:
        """As a dict does; they all count as read."""
        return self._all()

    def __or__(self, other: Any) -> Any:
        return self._all() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._all()


@cache
def read(exercise: Exercise) -> frozenset[str]:
    """The names of the inputs that `call` reads when the function is right."""
    probe = exercise.probe()
    found: set[str] = set()
    # Not the seeds of a grading run: nothing is computed before the reply.
    for seed in probe.seeds():
        watched = _Watched(copy.deepcopy(probe.inputs(seed)))
        with guarded():
            probe.call(exercise.reference(), watched)
        found |= watched.read
    return frozenset(found)


def sent(exercise: Exercise, seed: int) -> Inputs:
    """The inputs of a seed that cross the border."""
    names = read(exercise)
    inputs = exercise.probe().inputs(seed)
    return {name: value for name, value in inputs.items() if name in names}
