"""Lecture 2, the equation that walks along a path: 02.9 drift_diffusion."""

import math
from collections.abc import Callable

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
from coursekit.checks.tensors import (
    Array,
    arrays,
    generator,
    must_equal,
    tensor,
)
from coursekit.theory.paths import Path
from coursekit.workbook.exercises.score_walks import by_hand, knobs, routes

_SHAPES = ((7,), (3, 5), ())
_CASES = ("times (B,)", "times (B, N)", "one time ()")


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    t = np.asarray(rng.uniform(0.1, 0.9, _SHAPES[seed % len(_SHAPES)]))
    return {"t": t} | knobs(rng)


def _call(fn: Function, inputs: Inputs) -> Outputs:
    found: Outputs = {}
    for name, path in routes(inputs).items():
        pair = arrays(fn(path, tensor(inputs["t"])), 2)
        for symbol, values in zip("fg", pair, strict=False):
            found[f"{symbol} on {name}"] = values
    return found


def _pairs(inputs: Inputs) -> dict[str, tuple[Array, Array]]:
    """f and g of the paths that have a name, as they stand in books."""
    t, low, high = inputs["t"], inputs["beta_min"], inputs["beta_max"]
    beta = low + t * (high - low)
    grown = math.log(inputs["sigma_max"] / inputs["sigma_min"])
    blurred = inputs["sigma_min"] * np.exp(grown * t)
    quarter = math.pi / 2
    return {
        "VPPath": (-beta / 2, np.sqrt(beta)),
        "VEPath": (0 * t, blurred * math.sqrt(2 * grown)),
        "LinearPath": (-1 / (1 - t), np.sqrt(2 * t / (1 - t))),
        "CosinePath": (
            -quarter * np.tan(quarter * t),
            np.sqrt(math.pi * np.tan(quarter * t)),
        ),
    }


def _named(name: str, sentence: str) -> Oracle:
    """An oracle for one path in closed form; the sentence tells which."""

    def complaint(inputs: Inputs, outputs: Outputs) -> str | None:
        for symbol, want in zip("fg", _pairs(inputs)[name], strict=True):
            said = must_equal(outputs[f"{symbol} on {name}"], want, sentence)
            if said is not None:
                return said
        return None

    return Oracle(name, complaint)


def _moments(inputs: Inputs, outputs: Outputs) -> str | None:
    """The mean shrinks with f, the variance with 2f, and g^2 fills it up again."""
    for name in routes(inputs):
        path = by_hand(inputs, name, inputs["t"])
        f, g = (outputs[f"{symbol} on {name}"] for symbol in "fg")
        said = must_equal(
            f * path.alpha,
            path.d_alpha,
            "the mean does not follow alpha: f * alpha must be the slope of alpha",
        ) or must_equal(
            2 * f * path.sigma**2 + g**2,
            2 * path.sigma * path.d_sigma,
            "the variance does not follow sigma^2: its slope is 2 f sigma^2 + g^2",
        )
        if said is not None:
            return said
    return None


def _version(
    drift: Callable[..., Tensor] | None = None,
    diffusion: Callable[..., Tensor] | None = None,
    swapped: bool = False,
) -> Function:
    """A version from f(alpha, sigma, their slopes) and g^2(f, and the same four)."""

    def drift_diffusion(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
        parts = (path.alpha(t), path.sigma(t), *path.derivatives(t))
        f = parts[2] / parts[0] if drift is None else drift(*parts)
        g2 = _variance(f, *parts) if diffusion is None else diffusion(f, *parts)
        return (g2.sqrt(), f) if swapped else (f, g2.sqrt())

    return drift_diffusion


def _variance(f: Tensor, a: Tensor, s: Tensor, da: Tensor, ds: Tensor) -> Tensor:
    return 2 * s * ds - 2 * f * s**2


def _by_log_snr(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    """g^2 = -sigma^2 * slope of log SNR, and f = slope of log alpha, by autograd."""
    with torch.enable_grad():
        time = t.detach().clone().requires_grad_()
        log_alpha = path.alpha(time).log()
        ratio = 2 * (log_alpha - path.sigma(time).log()).sum()
        (falls,) = torch.autograd.grad(ratio, time, retain_graph=True)
        if not log_alpha.requires_grad:
            return torch.zeros_like(t), path.sigma(t) * (-falls).sqrt()
        (f,) = torch.autograd.grad(log_alpha.sum(), time)
    return f, path.sigma(t) * (-falls).sqrt()


def _by_jvp(path: Path, t: Tensor) -> tuple[Tensor, Tensor]:
    """g^2 = alpha^2 times the slope of (sigma / alpha)^2, forward mode."""
    one = torch.ones_like(t)
    shrinks = torch.func.jvp(lambda u: path.alpha(u).log(), (t,), (one,))
    rises = torch.func.jvp(lambda u: (path.sigma(u) / path.alpha(u)) ** 2, (t,), (one,))
    return shrinks[1], path.alpha(t) * rises[1].sqrt()


DRIFT_DIFFUSION = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(
        _named("VPPath", "on VPPath f must be -beta/2 and g must be sqrt(beta)"),
        _named("VEPath", "on VEPath f must be 0 and g^2 the slope of sigma^2"),
        _named("LinearPath", "on LinearPath f must be -1/(1-t), and g^2 2t/(1-t)"),
        _named(
            "CosinePath",
            "on CosinePath f must be -pi/2 tan(pi t/2), and g^2 must be -2 f",
        ),
        Oracle("mean and variance", _moments),
    ),
    mutants=(
        Mutant(
            "alpha missing",
            _version(lambda a, s, da, ds: da),
            "f is the slope of alpha: divide it by alpha, for f is the rate at which x "
            "shrinks",
        ),
        Mutant(
            "sign of f",
            _version(lambda a, s, da, ds: -da / a),
            "the sign of f is flipped: alpha falls, so f = alpha' / alpha is negative",
        ),
        Mutant(
            "slope of alpha squared",
            _version(
                lambda a, s, da, ds: 2 * da / a,
                lambda f, a, s, da, ds: _variance(f / 2, a, s, da, ds),
            ),
            "f is twice too large: it is the slope of log alpha, not of log alpha^2",
        ),
        Mutant(
            "f upside down",
            _version(lambda a, s, da, ds: a / da),
            "f is upside down: it is alpha' / alpha",
        ),
        Mutant(
            "f of sigma",
            _version(lambda a, s, da, ds: ds / s),
            "f is sigma' / sigma: the drift follows the mean, so it is alpha' / alpha",
        ),
        Mutant(
            "drift term missing",
            _version(diffusion=lambda f, a, s, da, ds: 2 * s * ds),
            "g^2 is the slope of sigma^2 only: the drift shrinks the noise, too, so "
            "subtract 2 f sigma^2",
        ),
        Mutant(
            "drift term added",
            _version(diffusion=lambda f, a, s, da, ds: 2 * s * ds + 2 * f * s**2),
            "2 f sigma^2 is added to g^2: subtract it, for g makes up for what the "
            "drift takes away",
        ),
        Mutant(
            "drift term not doubled",
            _version(diffusion=lambda f, a, s, da, ds: 2 * s * ds - f * s**2),
            "g^2 has f sigma^2 once: a variance shrinks twice as fast as its root, so "
            "2 f sigma^2",
        ),
        Mutant(
            "no factor two",
            _version(diffusion=lambda f, a, s, da, ds: s * ds - f * s**2),
            "g^2 is half of what it must be: the slope of sigma^2 is 2 sigma sigma'",
        ),
        Mutant(
            "sigma in the drift term",
            _version(diffusion=lambda f, a, s, da, ds: 2 * s * ds - 2 * f * s),
            "g^2 has 2 f sigma: it is 2 f sigma^2",
        ),
        Mutant(
            "slope of sigma",
            _version(diffusion=lambda f, a, s, da, ds: ds - f * s),
            "g^2 is made of sigma and its slope: it is variances that add up, so it "
            "takes sigma^2 and its slope 2 sigma sigma'",
        ),
        Mutant(
            "g squared",
            _version(diffusion=lambda f, *parts: _variance(f, *parts) ** 2),
            "g^2 is returned: take the root",
        ),
        Mutant(
            "only where the variance is kept",
            _version(diffusion=lambda f, a, s, da, ds: -2 * f),
            "g^2 = -2 f holds only where alpha^2 + sigma^2 = 1: use sigma and its "
            "slope",
        ),
        Mutant(
            "order",
            _version(swapped=True),
            "the order is (g, f): return f first",
        ),
    ),
    variants=(
        Variant("from log SNR", _by_log_snr),
        Variant("forward mode", _by_jvp),
        Variant(
            "in terms of alpha",
            _version(diffusion=lambda f, a, s, da, ds: 2 * s * (ds * a - da * s) / a),
        ),
    ),
)
