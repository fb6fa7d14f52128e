"""Wrong and right versions of 01.13 ddim."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Mutant,
    Variant,
)
from coursekit.theory.ddpm import Model, as_time, ddim_step
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import fresh_noise

_MANY = 6000  # samples, for a standard deviation that is good to one per cent


def _ddim(
    shown: Function | None = None,
    time: Function | None = None,
    eta_of: Function | None = None,
    draw: Function = fresh_noise,
    path: Function = list,
    carry: bool = True,
    think_once: bool = False,
) -> Function:
    """A version of the sampler from its choices."""

    def ddim(
        model: Model,
        x: Tensor,
        ks: Sequence[int],
        schedule: Schedule,
        eta: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        steps = path(ks)
        states, state, eps_hat = [x], x, None
        for now, nxt in pairwise(steps):
            k, k_next = everywhere(now, x), everywhere(nxt, x)
            if eps_hat is None or not think_once:
                t = (time or _now)(k, k_next, x, schedule)
                eps_hat = model(state if carry else x, t)
            noise = draw(state, generator)
            width = eta if eta_of is None else eta_of(eta)
            state = ddim_step(state, eps_hat, k, k_next, noise, schedule, width)
            states.append(state)
        found: list[Tensor] = states if shown is None else shown(states)
        return found

    return ddim


def _now(k: Tensor, k_next: Tensor, x: Tensor, schedule: Schedule) -> Tensor:
    return as_time(k, x, schedule)


class _SameNoise:
    """Draws once for each generator and repeats itself."""

    def __init__(self) -> None:
        self.last: tuple[object, Tensor] = (None, torch.zeros(0))

    def __call__(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        if self.last[0] is not generator:
            self.last = (generator, fresh_noise(x, generator))
        return self.last[1]


def _recursive(
    model: Model,
    x: Tensor,
    ks: Sequence[int],
    schedule: Schedule,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """A generator that hands the rest of the walk to itself."""
    yield x
    if len(ks) > 1:
        k = torch.tensor([ks[0]] * len(x))
        noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
        eps_hat = model(x, k / schedule.num_steps)
        k_next = torch.full_like(k, ks[1])
        x = ddim_step(x, eps_hat, k, k_next, noise, schedule, eta)
        yield from _recursive(model, x, ks[1:], schedule, eta, generator)


MUTANTS = (
    Mutant(
        "stops early",
        _ddim(path=lambda ks: list(ks)[:-1]),
        "one state is missing at the end: the last pair of ks leads to 0",
    ),
    Mutant(
        "start not shown",
        _ddim(shown=lambda states: states[1:]),
        "one state is missing at the start: yield x itself first",
    ),
    Mutant(
        "only the end",
        _ddim(shown=lambda states: states[-1:]),
        "only the last state is yielded: show every state on the way",
    ),
    Mutant(
        "time of the next step",
        _ddim(time=lambda k, k_next, x, s: as_time(k_next, x, s)),
        "the network is told the time of k_next: it looks at x_k, so tell it k / T",
    ),
    Mutant(
        "k for t",
        _ddim(time=lambda k, k_next, x, s: k),
        "the network is given k: it wants the time t = k / T between 0 and 1",
    ),
    Mutant(
        "asked once",
        _ddim(think_once=True),
        "the network is asked only once: ask again at every step",
    ),
    Mutant(
        "looks at the start",
        _ddim(carry=False),
        "the network is shown the first state at every step: show it the current one",
    ),
    Mutant(
        "eta forgotten",
        _ddim(eta_of=lambda eta: 0.0),
        "eta is not handed on: with eta = 1 there must be fresh noise",
    ),
    Mutant(
        "generator ignored",
        _ddim(draw=lambda x, generator: fresh_noise(x)),
        "the noise is not drawn from `generator`: two runs with the same seed differ",
    ),
    Mutant(
        "same noise again",
        _ddim(draw=_SameNoise()),
        "the same noise is used at every step: draw it anew each time",
    ),
)

VARIANTS = (
    Variant("a list", _ddim()),
    Variant("a recursive generator", _recursive),
)
