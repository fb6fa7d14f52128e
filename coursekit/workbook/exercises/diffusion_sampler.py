"""Lecture 1, a sampler from the first state to the last: 01.13 ddim."""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

import numpy as np
import torch
from torch import Tensor

from coursekit.theory.ddpm import Model, as_time, ddim_step
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import fresh_noise
from coursekit.workbook.exercise_spec import (
    BadResult,
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.workbook.exercises.tensors import (
    KINDS,
    Array,
    array,
    batch,
    must_equal,
    schedule,
    tensor,
)

_MANY = 6000  # samples, for a standard deviation that is good to one per cent


def _inputs(seed: int) -> Inputs:
    rng, inputs = batch(seed, "x", "x0")
    last = len(inputs["beta"]) - 1
    inputs["x"], inputs["x0"] = inputs["x"].astype(float), inputs["x0"].astype(float)
    middle = rng.choice(np.arange(1, last), 4, replace=False)
    inputs["ks"] = np.sort(np.concatenate([[0, last], middle]))[::-1].copy()
    inputs["noise_seed"] = int(rng.integers(1, 10_000))
    del inputs["k"]
    return inputs


def _film(states: object, length: int) -> Array:
    """All states as one array; a generator that never ends is cut."""
    if states is None or isinstance(states, Tensor):
        shown = "None" if states is None else "one tensor"
        raise BadResult(f"it returns {shown}: yield every state, the first one is x")
    found = [array(x) for x in islice(iter(states), length + 3)]  # type: ignore[call-overload]
    if not found or any(x.shape != found[0].shape for x in found):
        raise BadResult(
            "it yields no states" if not found else "the shapes change on the way"
        )
    return np.stack(found)


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x, x0, table = tensor(inputs["x"]), tensor(inputs["x0"]), schedule(inputs)
    ks = [int(k) for k in inputs["ks"]]
    times: list[Tensor] = []

    def level(t: Tensor) -> Tensor:
        """alpha_bar at the time the sampler says it is, shaped like x."""
        k = (t.double() * table.num_steps).round().long().clamp(0, table.num_steps)
        return table.alpha_bar[k].reshape(-1, *[1] * (x.ndim - 1))

    def unit(xt: Tensor, t: Tensor) -> Tensor:
        times.append(t.detach().double())
        return (1 - level(t)).sqrt() * xt

    def point(xt: Tensor, t: Tensor) -> Tensor:
        return (xt - level(t).sqrt() * x0) / (1 - level(t)).sqrt().clamp(min=1e-6)

    def run(
        start: Tensor, model: Model, eta: float, steps: list[int], stir: int
    ) -> Array:
        # The global generator is stirred: only the given one may matter.
        torch.manual_seed(stir)
        source = torch.Generator().manual_seed(inputs["noise_seed"])
        states = fn(model, start, steps, table, eta=eta, generator=source)
        return _film(states, len(steps))

    film = run(x, unit, 0.0, ks, 0)
    shown = np.stack([array(t) for t in times]) if _alike(times) else np.zeros(0)
    noisy = [run(x, point, 1.0, ks, stir) for stir in (0, 1)]
    many = torch.zeros(_MANY, 1, dtype=torch.float64)
    spread = run(
        many, lambda xt, t: torch.zeros_like(xt), 1.0, [ks[0], ks[3], ks[4]], 0
    )
    last_moves = np.stack([spread[1], spread[-1] - _carried(inputs) * spread[1]])
    return {
        "the film with eta = 0": film,
        "t that the model sees": shown,
        "the end with eta = 1": noisy[0][-1],
        "difference of two runs": np.abs(noisy[0] - noisy[1]).max(initial=0.0)[None],
        "size of the fresh noise": last_moves.std(axis=(1, 2)),
        "likeness of two fresh noises": np.mean(
            last_moves[0] * last_moves[1], keepdims=True
        ).ravel(),
    }


def _alike(times: list[Tensor]) -> bool:
    return bool(times) and all(t.shape == times[0].shape for t in times)


def _carried(inputs: Inputs) -> float:
    """With eps_hat = 0 a step multiplies the state by this, and adds fresh noise."""
    share, ks = inputs["alpha_bar"], inputs["ks"]
    return float(np.sqrt(share[ks[4]] / share[ks[3]]))


def _turning(inputs: Inputs, outputs: Outputs) -> str | None:
    """For data N(0, I), eta = 0: each step multiplies x by the cosine of an angle."""
    angles = np.arccos(np.sqrt(inputs["alpha_bar"][inputs["ks"]]))
    factors = np.cumprod(np.concatenate([[1.0], np.cos(np.diff(angles))]))
    return must_equal(
        outputs["the film with eta = 0"],
        factors.reshape(-1, *[1] * inputs["x"].ndim) * inputs["x"],
        "for data that is N(0, I) the states are not the known ones",
    )


def _arrives(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["the end with eta = 1"],
        inputs["x0"],
        "when all data is one point, with the exact eps, it must arrive there for any "
        "eta",
    )


def _fresh_each_time(inputs: Inputs, outputs: Outputs) -> str | None:
    share = inputs["alpha_bar"][inputs["ks"][[0, 3, 4]]]
    now, nxt = share[:-1], share[1:]
    want = np.sqrt((1 - nxt) / (1 - now) * (1 - now / nxt))
    if not np.allclose(outputs["size of the fresh noise"], want, rtol=0.1):
        return "the size of the fresh noise is not sigma of eta = 1"
    if abs(outputs["likeness of two fresh noises"][0]) > 0.1 * want.prod():
        return "the same noise is used at every step: draw it anew each time"
    return None


def _repeatable(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["difference of two runs"][0] < 1e-9:
        return None
    return "two runs with the same generator differ: draw the noise from `generator`"


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


DDIM = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    tolerances={
        "t that the model sees": (1e-5, 1e-6),
        "the film with eta = 0": (1e-5, 1e-6),
        # another, equally good order of drawing gives other noise
        "size of the fresh noise": (0.1, 1e-3),
        "likeness of two fresh noises": (0.0, 0.05),
    },
    oracles=(
        Oracle("normal data", _turning),
        Oracle("one data point", _arrives),
        Oracle("fresh noise", _fresh_each_time),
        Oracle("repeatable", _repeatable),
    ),
    mutants=(
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
            "the network is shown the first state at every step: show it the current "
            "one",
        ),
        Mutant(
            "eta forgotten",
            _ddim(eta_of=lambda eta: 0.0),
            "eta is not handed on: with eta = 1 there must be fresh noise",
        ),
        Mutant(
            "generator ignored",
            _ddim(draw=lambda x, generator: fresh_noise(x)),
            "the noise is not drawn from `generator`: two runs with the same seed "
            "differ",
        ),
        Mutant(
            "same noise again",
            _ddim(draw=_SameNoise()),
            "the same noise is used at every step: draw it anew each time",
        ),
    ),
    variants=(
        Variant("a list", _ddim()),
        Variant("a recursive generator", _recursive),
    ),
)
