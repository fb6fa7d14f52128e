"""Lecture 1, the linear noise schedule: 01.1 linear_beta."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import array, generator, must_equal

_LENGTHS = ("a long chain", "a short chain", "a very short chain")
_DOUBLE = torch.float64


def _linear_inputs(seed: int) -> Inputs:
    rng = generator(seed)
    ranges = ((900, 1001), (40, 200), (6, 16))
    return {"num_steps": int(rng.integers(*ranges[seed % 3]))}


def _linear_call(fn: Function, inputs: Inputs) -> Outputs:
    num_steps = inputs["num_steps"]
    return {
        "beta": array(fn(num_steps)),
        "rescaled beta": array(fn(num_steps, rescale=True)),
    }


def _evenly_spaced(inputs: Inputs, outputs: Outputs) -> str | None:
    beta, num_steps = outputs["beta"], inputs["num_steps"]
    if not np.allclose([beta[0], beta[-1]], [1e-4, 0.02], rtol=1e-6):
        return "the first beta is 1e-4 and the last 0.02"
    gaps = np.diff(beta)
    return must_equal(
        gaps * (num_steps - 1),
        np.full_like(gaps, 0.0199),
        "the betas are not evenly spaced",
    )


def _same_noise(inputs: Inputs, outputs: Outputs) -> str | None:
    """A short chain must add the noise of the long one: the sum of betas is kept."""
    beta = outputs["rescaled beta"]
    if beta.max() > 0.999 + 1e-9:
        return "a beta above 0.999 would erase the sample: cut it down"
    free = beta < 0.999 - 1e-9
    want = outputs["beta"][free] * (1000 / inputs["num_steps"])
    return must_equal(
        beta[free], want, "rescaled betas are not 1000 / T times the others"
    )


def _linear(values: Function, scaled: Function) -> Function:
    """A version from the plain betas and from the rescaled ones."""

    def linear_beta(num_steps: int, rescale: bool = False) -> Tensor:
        beta: Tensor = values(num_steps)
        result: Tensor = scaled(beta, num_steps) if rescale else beta
        return result

    return linear_beta


def _even(num_steps: int) -> Tensor:
    return torch.linspace(1e-4, 0.02, num_steps, dtype=_DOUBLE)


def _stretch(beta: Tensor, num_steps: int) -> Tensor:
    return (beta * 1000 / num_steps).clamp(max=0.999)


def _open_end(num_steps: int) -> Tensor:
    return 1e-4 + 0.0199 * torch.arange(num_steps, dtype=_DOUBLE) / num_steps


def _rooted(num_steps: int) -> Tensor:
    return torch.linspace(1e-4**0.5, 0.02**0.5, num_steps, dtype=_DOUBLE) ** 2


def _with_zero(num_steps: int) -> Tensor:
    return torch.cat([torch.zeros(1, dtype=_DOUBLE), _even(num_steps)])


def _linear_list(num_steps: int, rescale: bool = False) -> Tensor:
    factor = 1000 / num_steps if rescale else 1
    beta = [
        min(factor * (1e-4 * (num_steps - 1 - i) + 0.02 * i) / (num_steps - 1), 0.999)
        for i in range(num_steps)
    ]
    return torch.tensor(beta, dtype=_DOUBLE)


def _linear_numpy(num_steps: int, rescale: bool = False) -> Tensor:
    beta = np.linspace(1e-4, 0.02, num_steps)
    if rescale:
        beta = np.minimum(beta / num_steps * 1000, 0.999)
    return torch.from_numpy(beta)


LINEAR_BETA = Probe(
    inputs=_linear_inputs,
    call=_linear_call,
    cases=_LENGTHS,
    oracles=(
        Oracle("ends and spacing", _evenly_spaced),
        Oracle("rescaled by 1000 / T, at most 0.999", _same_noise),
    ),
    mutants=(
        Mutant(
            "rescale ignored",
            _linear(_even, lambda beta, n: beta),
            "rescale=True changes nothing: short chains need larger betas",
        ),
        Mutant(
            "rescale upside down",
            _linear(_even, lambda beta, n: (beta * n / 1000).clamp(max=0.999)),
            "the rescaling is upside down: fewer steps must each add more noise",
        ),
        Mutant(
            "not clipped",
            _linear(_even, lambda beta, n: beta * 1000 / n),
            "rescaled betas grow above 0.999 in very short chains: cut them down there",
        ),
        Mutant(
            "open end",
            _linear(_open_end, _stretch),
            "the last beta falls short of 0.02: both ends are included",
        ),
        Mutant(
            "linear in the root",
            _linear(_rooted, _stretch),
            "the roots of your betas are evenly spaced, not the betas (that is the "
            "schedule of Stable Diffusion)",
        ),
        Mutant(
            "leading zero",
            _linear(_with_zero, lambda beta, n: _with_zero(n) * 1000 / n),
            "one entry too many: beta_0 = 0 is put in front later, here are beta_1 .. "
            "beta_T",
        ),
        Mutant(
            "single precision",
            _linear(lambda n: _even(n).float(), _stretch),
            "the betas are float32: products of a thousand factors need float64",
        ),
    ),
    variants=(Variant("a list", _linear_list), Variant("numpy", _linear_numpy)),
)
