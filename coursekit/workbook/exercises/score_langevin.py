"""Lecture 2, a walk up the score that is shaken: 02.7 langevin."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import KINDS, Array, must_equal, tensor
from coursekit.workbook.exercises.score_langevin_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import film, still_batch

_MANY = 4000  # walkers: their variance is then good to about two per cent
_LONG = 30  # steps of a long walk, which has forgotten its start


def _inputs(seed: int) -> Inputs:
    rng, inputs = still_batch(seed, "x", "top", "other", "slope")
    return inputs | {
        "step": float(rng.uniform(0.1, 0.4)),
        "num_steps": int(rng.integers(4, 7)),
        "noise_seed": int(rng.integers(1, 10_000)),
    }


def _call(fn: Function, inputs: Inputs) -> Outputs:
    names = ("x", "top", "other", "slope")
    x, top, other, slope = (tensor(inputs[name]) for name in names)
    asked = 0

    def hill(x: Tensor) -> Tensor:
        nonlocal asked
        asked += 1
        return torch.tanh(top - x) + top / 4

    def run(
        score: Function, start: Tensor, step: float, count: int, stir: int = 0
    ) -> Array:
        # The global generator is stirred: only the given one may matter.
        torch.manual_seed(stir)
        source = torch.Generator().manual_seed(inputs["noise_seed"])
        return film(fn(score, start, step, count, source), count + 1)

    step, count = inputs["step"], inputs["num_steps"]
    films = [run(hill, x, step, count, stir) for stir in (0, 1)]
    same = films[0].shape == films[1].shape
    many = torch.zeros(_MANY, 1, dtype=torch.float64)
    shaken = run(torch.zeros_like, many, step, 2)
    moves = np.diff(shaken, axis=0)
    settled = run(torch.neg, many, 0.5, _LONG)[-1]
    return {
        "the film": films[0],
        "evaluations": np.array([float(asked)]),
        "difference of two runs": np.abs(films[0] - films[1] if same else [1.0]).max(
            initial=0.0, keepdims=True
        ),
        "the film on flat ground": run(torch.zeros_like, x, step, count),
        "the film on an even slope": run(lambda x: slope, x, step, count),
        "the film in a bowl": run(torch.neg, x, step, count),
        "the film in a bowl from another start": run(torch.neg, other, step, count),
        "size of the shakes": moves.std(axis=(1, 2)),
        "likeness of two shakes": np.mean(moves[0] * moves[-1], keepdims=True).ravel()
        if len(moves)
        else np.ones(1),
        "variance where a long walk settles": settled.var(keepdims=True).ravel(),
    }


def _starts(inputs: Inputs, outputs: Outputs) -> str | None:
    if len(outputs["the film"]) != inputs["num_steps"] + 1:
        return "num_steps steps and the start must make num_steps + 1 states"
    return must_equal(
        outputs["the film"][0], inputs["x"], "the first state must be the start itself"
    )


def _climbs(inputs: Inputs, outputs: Outputs) -> str | None:
    """On an even slope, every step adds half a step times the slope."""
    flat, slope = outputs["the film on flat ground"], inputs["slope"].astype(float)
    times = np.arange(len(flat)).reshape(-1, *[1] * slope.ndim)
    return must_equal(
        outputs["the film on an even slope"] - flat,
        (times * inputs["step"] / 2 * slope).astype(flat.dtype),
        "where the score is constant, every step must add step / 2 * score",
    )


def _gathers(inputs: Inputs, outputs: Outputs) -> str | None:
    """With the score -x and equal noise, two walkers come closer, step by step."""
    one, two = (
        outputs["the film in a bowl" + end] for end in ("", " from another start")
    )
    apart = inputs["x"].astype(float) - inputs["other"]
    times = np.arange(len(one)).reshape(-1, *[1] * apart.ndim)
    return must_equal(
        one - two,
        ((1 - inputs["step"] / 2) ** times * apart).astype(one.dtype),
        "where the score is -x, two walkers with equal noise must come closer by the "
        "factor 1 - step / 2 in every step",
    )


def _shakes(inputs: Inputs, outputs: Outputs) -> str | None:
    size = np.sqrt(inputs["step"])
    if not np.allclose(outputs["size of the shakes"], size, rtol=0.08):
        return "where the score is 0, every step must shake with the variance `step`"
    if abs(outputs["likeness of two shakes"][0]) > 0.1 * size**2:
        return "the same noise is used at every step: draw it anew each time"
    return None


def _settles(inputs: Inputs, outputs: Outputs) -> str | None:
    """On N(0, 1), x <- (1 - h/2) x + sqrt(h) z has the variance 1 / (1 - h/4)."""
    want = 1 / (1 - 0.5 / 4)
    if abs(outputs["variance where a long walk settles"][0] / want - 1) < 0.13:
        return None
    return "on N(0, 1) the walk must settle at the variance 1 / (1 - step / 4)"


def _repeatable(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["difference of two runs"][0] < 1e-9:
        return None
    return "two runs with the same generator differ: draw the noise from `generator`"


LANGEVIN = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("repeatable", _repeatable),
        Oracle("the start", _starts),
        Oracle("an even slope", _climbs),
        Oracle("two walkers in a bowl", _gathers),
        Oracle("the shakes", _shakes),
        Oracle("where it settles", _settles),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
