"""Wrong and right versions of 02.8 annealed_langevin."""

from collections.abc import Iterator

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.langevin import NoisyScore, langevin
from coursekit.theory.noise import fresh_noise
from coursekit.workbook.exercises.score_walks import IN_PLACE, NO_GENERATOR, NO_START


def _anneal(
    size: Function | None = None,
    told: Function | None = None,
    order: Function | None = None,
    shown: Function | None = None,
    source: Function | None = None,
    rounds: Function | None = None,
    carry: bool = True,
) -> Function:
    """A version from its choices.

    size: (step, sigma, sigmas) -> step of the level; told: (sigma, sigmas, x) -> what
    the score is told; order: sigmas -> the levels walked; source: generator -> the one
    that is used; rounds: (num_steps, levels) -> steps on each level.
    """

    def anneal(
        score: NoisyScore,
        x: Tensor,
        sigmas: Tensor,
        step: float = 0.002,
        num_steps: int = 100,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        states = [x]
        for sigma in sigmas if order is None else order(sigmas):
            length = (size or _scaled)(step, sigma, sigmas)
            level = sigma if told is None else told(sigma, sigmas, x)
            count = num_steps if rounds is None else rounds(num_steps, len(sigmas))
            used = generator if source is None else source(generator)
            start = states[-1] if carry else x

            def of_level(y: Tensor, level: Tensor = level) -> Tensor:
                return score(y, level)

            states.append(list(langevin(of_level, start, length, count, used))[-1])
        found: list[Tensor] = states if shown is None else shown(states)
        return found

    return anneal


def _scaled(step: float, sigma: Tensor, sigmas: Tensor) -> float:
    return float(step * (sigma / sigmas[-1]) ** 2)


def _copy(generator: torch.Generator) -> torch.Generator:
    """The generator as it was: every level draws the same numbers again."""
    again = torch.Generator()
    again.set_state(generator.get_state())
    return again


def _loops(
    every: bool = False,
    again: bool = False,
    in_place: bool = False,
    scaled_shake: bool = True,
) -> Function:
    """Two loops, with one thing wrong."""

    def anneal(
        score: NoisyScore,
        x: Tensor,
        sigmas: Tensor,
        step: float = 0.002,
        num_steps: int = 100,
        generator: torch.Generator | None = None,
    ) -> Iterator[Tensor]:
        first = x
        if not again:
            yield x
        for sigma in sigmas:
            size = _scaled(step, sigma, sigmas)
            if again:
                x = first
                yield x
            root = (size if scaled_shake else step) ** 0.5
            for i in range(num_steps):
                noise = fresh_noise(x, generator)
                change = size / 2 * score(x, sigma) + root * noise
                if in_place:
                    x += change
                else:
                    x = x + change
                if every or i == num_steps - 1:
                    yield x

    return anneal


def _two_loops(
    score: NoisyScore,
    x: Tensor,
    sigmas: Tensor,
    step: float = 0.002,
    num_steps: int = 100,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Without `langevin`: two loops, as in the paper."""
    yield x
    for i in range(len(sigmas)):
        size = step * sigmas[i] ** 2 / sigmas[-1] ** 2
        for _ in range(num_steps):
            noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
            x = x + size / 2 * score(x, sigmas[i]) + size.sqrt() * noise
        yield x


def _flat_loop(
    score: NoisyScore,
    x: Tensor,
    sigmas: Tensor,
    step: float = 0.002,
    num_steps: int = 100,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    """One loop over all steps; a state is kept when its level is over."""
    states = [x]
    for i, sigma in enumerate(sigmas.repeat_interleave(num_steps)):
        share = float((step / sigmas.min() ** 2).sqrt()) * float(sigma)
        x = x + share**2 / 2 * score(x, sigma) + share * fresh_noise(x, generator)
        if (i + 1) % num_steps == 0:
            states.append(x)
    return states


MUTANTS = (
    Mutant(
        "step not scaled",
        _anneal(size=lambda step, sigma, sigmas: step),
        "all levels take the same step: it must grow with the noise, by the factor "
        "(sigma / last)^2",
    ),
    Mutant(
        "not squared",
        _anneal(size=lambda step, sigma, sigmas: float(step * sigma / sigmas[-1])),
        "the step grows with sigma / last: it must grow with the square of that",
    ),
    Mutant(
        "relative to the first",
        _anneal(
            size=lambda step, sigma, sigmas: float(step * (sigma / sigmas[0]) ** 2)
        ),
        "the step is relative to the first level: `step` is the size at the last, so "
        "divide by sigmas[-1]",
    ),
    Mutant(
        "not relative",
        _anneal(size=lambda step, sigma, sigmas: float(step * sigma**2)),
        "the step is step * sigma^2: divide by last^2, so that the last level takes "
        "steps of the size `step`",
    ),
    Mutant(
        "upside down",
        _anneal(
            size=lambda step, sigma, sigmas: float(step * (sigmas[-1] / sigma) ** 2)
        ),
        "the ratio is upside down: the step is largest where the noise is largest, "
        "(sigma / last)^2",
    ),
    Mutant(
        "noise not scaled along",
        _loops(scaled_shake=False),
        "the noise still has sqrt(step): it belongs to the same step as the score, "
        "that of the level",
    ),
    Mutant(
        "levels in reverse",
        _anneal(order=lambda sigmas: sigmas.flip(0)),
        "the levels are walked from small to large: begin with the largest, sigmas[0]",
    ),
    Mutant(
        "one level too few",
        _anneal(order=lambda sigmas: sigmas[:-1]),
        "one state is missing: L levels and the start make L + 1 states",
    ),
    Mutant(
        "from the start again",
        _anneal(carry=False),
        "every level begins at the start again: begin where the level before it ended",
    ),
    Mutant(
        "score of the last level",
        _anneal(told=lambda sigma, sigmas, x: sigmas[-1]),
        "the score is told the smallest level all the time: tell it the level that is "
        "walked, sigma",
    ),
    Mutant(
        "score of the variance",
        _anneal(told=lambda sigma, sigmas, x: sigma**2),
        "the score is told sigma^2: it wants sigma",
    ),
    Mutant(
        "one for each sample",
        _anneal(told=lambda sigma, sigmas, x: sigma.expand(len(x))),
        "the score is told one sigma for each sample: all share it, so hand on the "
        "level itself, of shape ()",
    ),
    Mutant(
        "steps shared out",
        _anneal(rounds=lambda num_steps, levels: -(-num_steps // levels)),
        "the steps are shared out among the levels: every level takes num_steps",
    ),
    Mutant("start not shown", _anneal(shown=lambda states: states[1:]), NO_START),
    Mutant(
        "only the end",
        _anneal(shown=lambda states: states[-1:]),
        "only the last state is yielded: show the state after each level",
    ),
    Mutant(
        "every step",
        _loops(every=True),
        "the state after each step is yielded: yield only the start and the state "
        "after each level",
    ),
    Mutant(
        "yield from",
        _loops(every=True, again=True),
        "`yield from langevin(...)` shows all of a level and never moves x on: keep "
        "its last state, `*_, x = langevin(...)`, and yield that",
    ),
    Mutant("generator ignored", _anneal(source=lambda generator: None), NO_GENERATOR),
    Mutant(
        "same noise again",
        _anneal(source=_copy),
        "every level uses the same noise: draw on from `generator`",
    ),
    Mutant("start changed", _loops(in_place=True), IN_PLACE),
)

VARIANTS = (
    Variant("a list, with langevin", _anneal()),
    Variant("two loops", _two_loops),
    Variant("one loop", _flat_loop),
)
