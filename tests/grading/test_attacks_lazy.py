"""Answers that know nothing must earn nothing: an argument handed back, zeros, a guess.

Authority: the judge that grades, case by case, so that no case is worth a guess either.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from coursekit.checks.judge import accepted
from coursekit.checks.registry import code_exercises
from coursekit.checks.trial import try_function

START = 12_345  # of the inputs; not the learner's


def all_of(args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
    return [*args, *named.values()]


def guesses() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions that have not read the exercise."""
    for i in range(6):
        yield f"argument {i}", lambda *a, i=i, **n: all_of(a, n)[i]
        yield f"zeros like {i}", lambda *a, i=i, **n: torch.zeros_like(all_of(a, n)[i])
        yield f"ones like {i}", lambda *a, i=i, **n: torch.ones_like(all_of(a, n)[i])
        yield f"NaN like {i}", lambda *a, i=i, **n: all_of(a, n)[i] * float("nan")
        yield f"minus {i}", lambda *a, i=i, **n: -all_of(a, n)[i]
    for i, j in itertools.combinations(range(4), 2):
        yield f"{i} plus {j}", lambda *a, i=i, j=j, **n: a[i] + a[j]
        yield f"{i} minus {j}", lambda *a, i=i, j=j, **n: a[i] - a[j]
        yield f"both {i} and {j}", lambda *a, i=i, j=j, **n: (a[i], a[j])
    for value in (None, 0, 1.0, True, (), "", torch.zeros(0), torch.tensor(0.0)):
        yield f"always {value!r}", lambda *a, value=value, **n: value
    yield "nothing, lazily", lambda *a, **n: iter([])


@pytest.mark.parametrize("exercise", code_exercises(), ids=lambda each: each.id)
def test_a_guess_earns_no_case(exercise):
    probe = exercise.probe()
    seeds = probe.seeds(START)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = try_function(probe, exercise.reference(), seeds, 10)
        for name, guess in guesses():
            got = try_function(probe, guess, seeds, 2)
            right = [accepted(probe, [g], [w]) for g, w in zip(got, want, strict=True)]
            assert not any(right), name
    assert all(accepted(probe, [w], [w]) for w in want)
