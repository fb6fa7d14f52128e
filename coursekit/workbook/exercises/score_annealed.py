"""Lecture 2, from much noise to little: 02.8 annealed_langevin."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.score_annealed_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import film, still_batch

_MANY = 4000  # walkers: their standard deviation is then good to about one per cent


def _inputs(seed: int) -> Inputs:
    rng, inputs = still_batch(seed, "x", "top", "other", "slope")
    ratios = rng.uniform(1.3, 2.2, 3)
    last = float(rng.uniform(0.3, 0.7))
    return inputs | {
        "sigmas": last * np.concatenate([np.cumprod(ratios)[::-1], [1.0]]),
        "step": float(last**2 * rng.uniform(0.1, 0.4)),
        "num_steps": int(rng.integers(2, 5)),
        "noise_seed": int(rng.integers(1, 10_000)),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("x", "top", "other", "slope", "sigmas")
    x, top, other, slope, sigmas = (tensor(inputs[name]) for name in names)
    levels: list[Tensor] = []

    def hill(x: Tensor, sigma: Tensor) -> Tensor:
        levels.append(torch.as_tensor(sigma).detach().double())
        return torch.tanh(top - x) / sigma

    def bowl(x: Tensor, sigma: Tensor) -> Tensor:
        return -x / sigma**2

    def flat(x: Tensor, sigma: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def run(score: Function, start: Tensor, stir: int = 0) -> Array:
        # The global generator is stirred: only the given one may matter.
        torch.manual_seed(stir)
        source = torch.Generator().manual_seed(inputs["noise_seed"])
        step, count = inputs["step"], inputs["num_steps"]
        return film(fn(score, start, sigmas, step, count, source), len(sigmas) + 1)

    films = [run(hill, x)]
    shapes = {level.shape for level in levels}
    shown = array(torch.stack(levels)) if len(shapes) == 1 else np.zeros(0)
    films.append(run(hill, x, 1))
    same = films[0].shape == films[1].shape
    moves = np.diff(run(flat, torch.zeros(_MANY, 1, dtype=torch.float64)), axis=0)
    likeness = moves[0] / moves[0].std() * moves[-1] / moves[-1].std()
    return {
        "the film": films[0],
        "sigma that the score sees": shown,
        "difference of two runs": np.abs(films[0] - films[1] if same else [1.0]).max(
            initial=0.0, keepdims=True
        ),
        "the film on flat ground": run(flat, x),
        "the film on an even slope": run(lambda x, sigma: slope, x),
        "the film in a bowl": run(bowl, x),
        "the film in a bowl from another start": run(bowl, other),
        "size of the shakes": moves.std(axis=(1, 2)),
        "likeness of two shakes": likeness.mean(keepdims=True).ravel(),
    }


def _sizes(inputs: Inputs) -> Array:
    found: Array = inputs["step"] * (inputs["sigmas"] / inputs["sigmas"][-1]) ** 2
    return found


def _starts(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["the film"][0], inputs["x"], "the first state must be the start itself"
    )


def _asked(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["sigma that the score sees"],
        np.repeat(inputs["sigmas"], inputs["num_steps"]),
        "the score must be told every level num_steps times, the largest first",
    )


def _climbs(inputs: Inputs, outputs: Outputs) -> str | None:
    """On an even slope all levels add up, each with its own step."""
    flat, slope = outputs["the film on flat ground"], inputs["slope"].astype(float)
    way = np.concatenate([[0.0], np.cumsum(_sizes(inputs))]) * inputs["num_steps"] / 2
    return must_equal(
        outputs["the film on an even slope"] - flat,
        (way.reshape(-1, *[1] * slope.ndim) * slope).astype(flat.dtype),
        "where the score is constant, a level must add num_steps times half its step "
        "times the score, to where the level before it ended",
    )


def _gathers(inputs: Inputs, outputs: Outputs) -> str | None:
    """For data at one point every level brings walkers closer by the same share."""
    one, two = (
        outputs["the film in a bowl" + end] for end in ("", " from another start")
    )
    apart = inputs["x"].astype(float) - inputs["other"]
    steps = inputs["num_steps"] * np.arange(len(one)).reshape(-1, *[1] * apart.ndim)
    share = 1 - inputs["step"] / (2 * inputs["sigmas"][-1] ** 2)
    return must_equal(
        one - two,
        (share**steps * apart).astype(one.dtype),
        "where the score is -x / sigma^2, every level must bring two walkers closer by "
        "the same share",
    )


def _shakes(inputs: Inputs, outputs: Outputs) -> str | None:
    size = np.sqrt(inputs["num_steps"] * _sizes(inputs))
    if not np.allclose(outputs["size of the shakes"], size, rtol=0.08):
        return (
            "where the score is 0, a level must shake with the variance num_steps "
            "times its step"
        )
    if abs(outputs["likeness of two shakes"][0]) > 0.1:
        return "two levels are shaken with the same noise: draw it anew each time"
    return None


def _repeatable(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["difference of two runs"][0] < 1e-9:
        return None
    return "two runs with the same generator differ: draw the noise from `generator`"


ANNEALED_LANGEVIN = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("repeatable", _repeatable),
        Oracle("the start", _starts),
        Oracle("the levels", _asked),
        Oracle("an even slope", _climbs),
        Oracle("two walkers in a bowl", _gathers),
        Oracle("the shakes", _shakes),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
