"""Wrong and right versions of 02.7 langevin."""

import math
from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.langevin import Score
from coursekit.theory.noise import fresh_noise
from coursekit.workbook.exercises.score_walks import (
    IN_PLACE,
    NO_GENERATOR,
    NO_START,
    SAME_TENSOR,
    DrawnOnce,
)


def _walk(
    pull: Function | None = None,
    shake: Function | None = None,
    draw: Function = fresh_noise,
    shown: Function | None = None,
    more: int = 0,
    look_at_start: bool = False,
    shake_first: bool = False,
) -> Function:
    """A version of the walk from its choices. pull, shake: step -> factor."""

    def walk(
        score: Score,
        x: Tensor,
        step: float,
        num_steps: int,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        climb = step / 2 if pull is None else pull(step)
        size = step**0.5 if shake is None else shake(step)
        states, state = [x], x
        for _ in range(num_steps + more):
            noise = size * draw(state, generator)
            seen = x if look_at_start else state
            if shake_first:
                seen = seen + noise
            state = state + climb * score(seen) + noise
            states.append(state)
        found: list[Tensor] = states if shown is None else shown(states)
        return found

    return walk


def _in_place(copied: bool) -> Function:
    def walk(
        score: Score,
        x: Tensor,
        step: float,
        num_steps: int,
        generator: torch.Generator | None = None,
    ) -> Iterator[Tensor]:
        if copied:
            x = x.clone()
        yield x
        for _ in range(num_steps):
            x += step / 2 * score(x) + step**0.5 * fresh_noise(x, generator)
            yield x

    return walk


def _recursive(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """A generator that hands the rest of the walk to itself."""
    yield x
    if num_steps > 0:
        noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
        moved = torch.add(x, score(x), alpha=step / 2) + noise * step**0.5
        yield from _recursive(score, moved, step, num_steps - 1, generator)


def _accumulated(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """The noise as a stream, folded into the walk."""

    def move(state: Tensor, noise: Tensor) -> Tensor:
        root = math.sqrt(step / 2)
        return state + root * (root * score(state) + math.sqrt(2) * noise)

    stream = (fresh_noise(x, generator) for _ in range(num_steps))
    return accumulate(stream, move, initial=x)


def _copies(
    score: Score,
    x: Tensor,
    step: float,
    num_steps: int,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """In place, but never on a tensor that somebody else holds."""
    state = x.clone()
    yield state.clone()
    for _ in range(num_steps):
        state += step / 2 * score(state) + step**0.5 * fresh_noise(state, generator)
        yield state.clone()


MUTANTS = (
    Mutant(
        "noise not scaled",
        _walk(shake=lambda step: 1.0),
        "the noise is not scaled: its variance must be step, so its factor is "
        "sqrt(step)",
    ),
    Mutant(
        "noise times step",
        _walk(shake=lambda step: step),
        "the noise is multiplied by step: its variance must be step, so take the root",
    ),
    Mutant(
        "step and root swapped",
        _walk(pull=lambda step: step**0.5 / 2, shake=lambda step: step),
        "step and root are swapped: the score has step / 2, the noise sqrt(step)",
    ),
    Mutant(
        "half missing",
        _walk(pull=lambda step: step),
        "the score has a whole step: it has half of one, step / 2",
    ),
    Mutant(
        "the other convention",
        _walk(pull=lambda step: step, shake=lambda step: (2 * step) ** 0.5),
        "this is the walk with step * score and sqrt(2 step) * noise: a right one, but "
        "its step is twice as long as the one asked for",
    ),
    Mutant(
        "root of half a step",
        _walk(shake=lambda step: (step / 2) ** 0.5),
        "the noise has the root of half a step: only the score is halved, the noise "
        "has sqrt(step)",
    ),
    Mutant(
        "no step",
        _walk(pull=lambda step: 0.5),
        "the score is not multiplied by the step: its factor is step / 2",
    ),
    Mutant(
        "downhill",
        _walk(pull=lambda step: -step / 2),
        "it walks down the score: add the score, it points to where p is larger",
    ),
    Mutant(
        "no noise",
        _walk(shake=lambda step: 0.0),
        "there is no noise: without it every walker ends on a top",
    ),
    Mutant(
        "same noise again",
        _walk(draw=DrawnOnce(fresh_noise)),
        "the same noise is used at every step: draw it anew each time",
    ),
    Mutant(
        "generator ignored",
        _walk(draw=lambda x, generator: fresh_noise(x)),
        NO_GENERATOR,
    ),
    Mutant(
        "uniform noise",
        _walk(
            draw=lambda x, generator: torch.rand(
                x.shape, dtype=x.dtype, generator=generator
            )
        ),
        "the noise lies between 0 and 1, from `rand`: it must be standard normal",
    ),
    Mutant(
        "single precision",
        _walk(draw=lambda x, generator: torch.randn(x.shape, generator=generator)),
        "the noise is drawn in single precision, whatever x is: "
        "`fresh_noise(x, generator)` draws it like x",
    ),
    Mutant(
        "one noise for all",
        _walk(draw=lambda x, g: fresh_noise(x[:1], g).expand_as(x)),
        "all walkers are shaken alike: draw noise of the shape of x",
    ),
    Mutant(
        "score of the start",
        _walk(look_at_start=True),
        "the score is asked at the start all the time: ask it where the walker is",
    ),
    Mutant(
        "shaken first",
        _walk(shake_first=True),
        "the score is asked after the shake: both parts of a step begin at the same x",
    ),
    Mutant("start not shown", _walk(shown=lambda states: states[1:]), NO_START),
    Mutant(
        "only the end",
        _walk(shown=lambda states: states[-1:]),
        "only the last state is yielded: show every state on the way",
    ),
    Mutant(
        "one step too few",
        _walk(more=-1),
        "one step is missing: num_steps steps make num_steps + 1 states",
    ),
    Mutant(
        "one step too many",
        _walk(more=1),
        "there is one step too many: num_steps steps make num_steps + 1 states",
    ),
    Mutant("start changed", _in_place(False), IN_PLACE),
    Mutant("one tensor", _in_place(True), SAME_TENSOR),
)

VARIANTS = (
    Variant("a list", _walk()),
    Variant("a recursive generator", _recursive),
    Variant("noise folded in", _accumulated),
    Variant("in place on a copy, yielding copies", _copies),
)
