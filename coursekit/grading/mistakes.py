"""Naming a mistake without showing a value, from trials that are not trusted."""

import dataclasses
from collections.abc import Sequence
from functools import lru_cache

from coursekit.checks.compare import same_kind
from coursekit.checks.diagnose import describe
from coursekit.checks.judge import alike, complaint
from coursekit.checks.spec import Exercise, Function, Mutant, Probe
from coursekit.checks.trial import Trial, try_function
from coursekit.grading.wire import stir as stir_of
from coursekit.grading.wire import without_values

_SECONDS = 60.0


class Bench:
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
    bench: Bench, got: Sequence[Trial], want: Sequence[Trial], right: Sequence[bool]
) -> str:
    """What went wrong: a known mistake if one fits, else a description.

    The same as `check_judge.mistake`, except that oracles are asked about arrays of
    the right shapes only (any others could cost the grader its memory) and that no
    value is shown.
    """
    probe = bench.probe
    for mutant in probe.mutants:
        if _fits(bench, mutant, got):
            return mutant.message
    first = list(right).index(False)
    said = None
    # Whatever a student's numbers do to an oracle, the grade stands already.
    try:
        said = _diagnosis(probe, got, want)
        if said is None:
            heard = None
            if _comparable(got[first], want[first]):
                heard = complaint(probe, got[first])
            heard = None if heard is None else without_values(heard)
            return describe(probe, got, want, right, heard, numbers=False)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        pass
    return without_values(said or "the values differ")


def _fits(bench: Bench, mutant: Mutant, got: Sequence[Trial]) -> bool:
    """Does this wrong version do the same on every case?"""
    return all(
        alike(bench.probe, [g], [bench.trial(mutant.function, g.seed)]) for g in got
    )


def _diagnosis(probe: Probe, got: Sequence[Trial], want: Sequence[Trial]) -> str | None:
    """What the exercise's own `diagnose` has to say."""
    for g, w in zip(got, want, strict=True):
        if probe.diagnose is not None and _comparable(g, w):
            said = probe.diagnose(g.inputs, g.outputs, w.outputs)
            if said is not None:
                return said
    return None


def _comparable(got: Trial, want: Trial) -> bool:
    return got.fault is None and same_kind(got.outputs, want.outputs)
