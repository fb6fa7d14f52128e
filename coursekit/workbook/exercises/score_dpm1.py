"""Lecture 2, the linear half of the flow, exactly: 02.13 dpm1_step."""

import numpy as np
import torch

from coursekit.checks.spec import Function, Inputs, Oracle, Outputs, Probe
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.score_dpm1_versions import MUTANTS, VARIANTS
from coursekit.workbook.exercises.score_walks import (
    Network,
    bend_by_hand,
    by_hand,
    knobs,
    routes,
    still_batch,
)


def solver_inputs(seed: int) -> Inputs:
    """A state, data and noise for it, one step from t to s, and the paths' knobs."""
    rng, inputs = still_batch(seed, "x", "x0", "eps")
    t = rng.uniform(0.5, 0.9)
    s = t * rng.uniform(0.3, 0.7)
    return inputs | {"t": np.asarray(t), "s": np.asarray(s)} | knobs(rng)


def solver_call(fn: Function, inputs: Inputs) -> Outputs:
    """The step on every path, with a network that bends and with one that does not."""
    x, eps, t, s = (tensor(inputs[name]) for name in ("x", "eps", "t", "s"))
    found: Outputs = {}
    calls, seen = [], []
    for name, path in routes(inputs).items():
        network = Network(path)
        found[f"the step on {name}"] = array(fn(network, x, t, s, path))
        calls.append(float(len(network.times)))
        seen.append(network.seen())
        here = by_hand(inputs, name, inputs["t"])
        xt = torch.from_numpy(here.alpha * inputs["x0"] + here.sigma * inputs["eps"])
        constant = Network(path, lambda x, t: eps)
        found[f"one noise on {name}"] = array(fn(constant, xt.to(x), t, s, path))
    alike = len({times.shape for times in seen}) == 1
    return found | {
        "t that the network sees": np.stack(seen) if alike else np.zeros(0),
        "evaluations": np.array(calls),
    }


def between(
    inputs: Inputs, name: str, ends: tuple[Array, Array], x: Array, eps: Array
) -> Array:
    """From one time to another with one noise: guess x0, and noise it again."""
    old, new = (by_hand(inputs, name, time) for time in ends)
    found: Array = new.alpha * (x - old.sigma * eps) / old.alpha + new.sigma * eps
    return found


def _exact(inputs: Inputs, outputs: Outputs) -> str | None:
    """When the noise is the same all along, one step of any length is exact."""
    for name in routes(inputs):
        path = by_hand(inputs, name, inputs["s"])
        said = must_equal(
            outputs[f"one noise on {name}"],
            path.alpha * inputs["x0"] + path.sigma * inputs["eps"],
            f"when the noise is the same all along, on {name}, the step must lead to "
            "alpha_s x0 + sigma_s eps exactly, however long it is",
        )
        if said is not None:
            return said
    return None


def _guessed_again(inputs: Inputs, outputs: Outputs) -> str | None:
    x, t = inputs["x"].astype(float), inputs["t"]
    for name in routes(inputs):
        eps = bend_by_hand(x, t)
        said = must_equal(
            outputs[f"the step on {name}"],
            between(inputs, name, (t, inputs["s"]), x, eps),
            f"on {name} it must be alpha_s x0_hat + sigma_s eps_hat, with both guesses "
            "from the start of the step",
        )
        if said is not None:
            return said
    return None


def _asked(inputs: Inputs, outputs: Outputs) -> str | None:
    if (outputs["evaluations"] != 1).any():
        return (
            f"the network is asked {outputs['evaluations'][0]:.0f} times: once will do"
        )
    wanted = np.broadcast_to(inputs["t"], (len(routes(inputs)), 1, len(inputs["x"])))
    return must_equal(
        outputs["t that the network sees"],
        wanted,
        "the network must be asked at t, with one time for each sample",
    )


EXACT = Oracle("one noise all along", _exact)

DPM1_STEP = Probe(
    inputs=solver_inputs,
    call=solver_call,
    cases=KINDS,
    oracles=(
        EXACT,
        Oracle("the guess noised again", _guessed_again),
        Oracle("when the network is asked", _asked),
    ),
    mutants=MUTANTS,
    variants=VARIANTS,
)
