"""The verdict on a function: pass, todo, or fail with the mistake named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coursekit.checks.compare import agree, same_kind
from coursekit.checks.diagnose import describe
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.spec import Exercise, Function, Mistake, Probe
from coursekit.checks.trial import Trial, seconds_allowed, try_function

Behaviour = Callable[[Mistake, int], Trial]  # what a wrong version does on a seed

# What the known mistakes do on the learner's inputs, so that a second try is quick.
_BEHAVIOUR: dict[tuple[str, Mistake, int, float], Trial] = {}


@dataclass(frozen=True)
class Verdict:
    """state: PASS, TODO or FAIL; message: the mistake, empty unless FAIL."""

    state: str
    message: str = ""


def judge(
    exercise: Exercise, function: Function, start: int = 0, seconds: float | None = None
) -> Verdict:
    """Try the function on one input of each kind and judge it.

    start: 0 gives the learner's inputs; any other integer gives fresh ones.
    """
    probe = exercise.probe()
    limit = seconds_allowed() if seconds is None else seconds
    seeds = probe.seeds(start)
    got = try_function(probe, function, seeds[:1], limit)
    if got[0].fault is None or got[0].fault.kind == "raised":
        got += try_function(probe, function, seeds[1:], limit)
    want = try_function(probe, exercise.reference(), seeds[: len(got)], limit)

    def behaviour(wrong: Mistake, seed: int) -> Trial:
        known = _BEHAVIOUR if start == 0 else {}
        key = exercise.id, wrong, seed, limit
        if key not in known:
            trial = try_function(probe, wrong.function, [seed], limit)[0]
            if trial.fault is not None and trial.fault.kind == "slow":
                return trial  # the machine was busy, perhaps: ask again next time
            known[key] = replace(trial, inputs={})
        return known[key]

    return decide(exercise, got, want, behaviour)


def decide(
    exercise: Exercise,
    got: Sequence[Trial],
    want: Sequence[Trial],
    behaviour: Behaviour,
) -> Verdict:
    """The verdict on trials, given the reference's and what known mistakes do."""
    probe = exercise.probe()
    if any(t.fault is not None and t.fault.kind == "todo" for t in got):
        return Verdict("TODO")
    if accepted(probe, got, want):
        return Verdict("PASS")
    return Verdict("FAIL", mistake(exercise, got, want, behaviour))


def accepted(probe: Probe, got: Sequence[Trial], want: Sequence[Trial]) -> bool:
    """Right in value, shape and dtype, true to every oracle, inputs left alone."""
    return all(
        g.fault is None
        and not g.touched
        and same_kind(g.outputs, w.outputs)
        and agree(probe.tolerances, g.outputs, w.outputs)
        and complaint(probe, g) is None
        for g, w in zip(got, want, strict=True)
    )


def complaint(probe: Probe, trial: Trial) -> str | None:
    """The first oracle that the outputs violate, in words; None when all hold."""
    with np.errstate(all="ignore"):
        for oracle in probe.oracles:
            try:
                said = oracle.complaint(trial.inputs, trial.outputs)
            except (ValueError, IndexError, KeyError, TypeError):
                said = f"the property cannot be evaluated: {oracle.name}"
            if said is not None:
                return said
    return None


def mistake(
    exercise: Exercise,
    got: Sequence[Trial],
    want: Sequence[Trial],
    behaviour: Behaviour,
) -> str:
    """Name what went wrong: a known mistake if one fits, else a description."""
    probe = exercise.probe()
    for known in mistakes_of(exercise):
        # One seed tells most of them apart, so the others are tried one by one.
        if all(alike(probe, [g], [behaviour(known, g.seed)]) for g in got):
            return known.message
    right = [accepted(probe, [g], [w]) for g, w in zip(got, want, strict=True)]
    first = right.index(False)
    return describe(probe, got, want, right, complaint(probe, got[first]))


def alike(probe: Probe, a: Sequence[Trial], b: Sequence[Trial]) -> bool:
    """Do two functions behave the same on every trial, errors included?"""
    for one, other in zip(a, b, strict=True):
        if (one.fault is None) != (other.fault is None) or one.touched != other.touched:
            return False
        if one.fault is not None and other.fault is not None:
            kinds = one.fault.kind == other.fault.kind
            if not kinds or one.fault.words != other.fault.words:
                return False
        elif not (
            same_kind(one.outputs, other.outputs)
            and agree(probe.tolerances, one.outputs, other.outputs)
        ):
            return False
    return True
