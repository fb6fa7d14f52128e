"""Naming a mistake without showing a value, from trials that are not trusted."""

import dataclasses
from collections.abc import Sequence
from functools import lru_cache

from coursekit.checks.compare import same_kind
from coursekit.checks.diagnose import describe
from coursekit.checks.judge import alike, complaint
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.spec import Exercise, Function, Mistake, Probe
from coursekit.checks.trial import Trial, try_function
from coursekit.grading.wire import stir as stir_of
from coursekit.grading.wire import without_values

_SECONDS = 60.0


class Rerun:
    """Runs the package's own functions as the kernel ran the student's."""

    def __init__(self, exercise: Exercise, nonce: str) -> None:
        """Try functions on the inputs of an exercise."""
        self.exercise, self.nonce = exercise, nonce
        self.probe: Probe = exercise.probe()

    def trial(self, function: Function, seed: int) -> Trial:
        """One trial, with the random numbers that the kernel's call began with."""
        return _trial(self.exercise, function, seed, self.nonce)


# Kept, since a whole class may be graded on one seed.
@lru_cache(maxsize=500)
def _trial(exercise: Exercise, function: Function, seed: int, nonce: str) -> Trial:
    probe = exercise.probe()
    stirred = dataclasses.replace(probe, inputs=lambda _: probe.inputs(seed))
    (trial,) = try_function(stirred, function, [stir_of(nonce, seed)], _SECONDS)
    return dataclasses.replace(trial, seed=seed)


def name(
    bench: Rerun, got: Sequence[Trial], want: Sequence[Trial], right: Sequence[bool]
) -> str:
    """What went wrong: a known mistake if one fits, else a description.

    The same as `check_judge.mistake`, except that oracles are asked about arrays of
    the right shapes only (any others could cost the grader its memory) and that no
    value is shown.
    """
    probe = bench.probe
    for known in mistakes_of(bench.exercise):
        if _fits(bench, known, got):
            return known.message
    first = list(right).index(False)
    # Whatever a student's numbers do to an oracle, the grade stands already.
    try:
        heard = None
        if got[first].fault is None and same_kind(
            got[first].outputs, want[first].outputs
        ):
            heard = complaint(probe, got[first])
        heard = None if heard is None else without_values(heard)
        return describe(probe, got, want, right, heard, numbers=False)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return "the values differ"


def _fits(bench: Rerun, wrong: Mistake, got: Sequence[Trial]) -> bool:
    """Does this wrong version do the same on every case?"""
    return all(
        alike(bench.probe, [g], [bench.trial(wrong.function, g.seed)]) for g in got
    )
