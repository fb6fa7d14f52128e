"""Lecture 1, a sampler from the first state to the last: 01.13 ddim."""

from itertools import islice

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
)
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    batch,
    must_equal,
    schedule,
    tensor,
)
from coursekit.theory.ddpm import Model
from coursekit.workbook.exercises.diffusion_sampler_versions import MUTANTS, VARIANTS

_MANY = 2000  # samples: a standard deviation is then good to two per cent


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
    if not np.allclose(outputs["size of the fresh noise"], want, rtol=0.12):
        return "the size of the fresh noise is not sigma of eta = 1"
    if abs(outputs["likeness of two fresh noises"][0]) > 0.15 * want.prod():
        return "the same noise is used at every step: draw it anew each time"
    return None


def _repeatable(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["difference of two runs"][0] < 1e-9:
        return None
    return "two runs with the same generator differ: draw the noise from `generator`"


DDIM = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    tolerances={
        "t that the model sees": (1e-5, 1e-6),
        "the film with eta = 0": (1e-5, 1e-6),
        # another, equally good order of drawing gives other noise
        "size of the fresh noise": (0.2, 1e-3),
        "likeness of two fresh noises": (0.0, 0.1),
    },
    oracles=(
        Oracle("normal data", _turning),
        Oracle("one data point", _arrives),
        Oracle("fresh noise", _fresh_each_time),
        Oracle("repeatable", _repeatable),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
