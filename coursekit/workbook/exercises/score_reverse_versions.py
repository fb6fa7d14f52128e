"""Wrong and right versions of 02.11 reverse_sde_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.paths import Path, expand_as
from coursekit.theory.sde import drift_diffusion, euler_maruyama_step, probability_flow
from coursekit.workbook.exercises.score_walks import IN_PLACE, UNSHAPED


def _step(
    drift: Function | None = None,
    shake: Function | None = None,
    dt: Function | None = None,
    when: Function | None = None,
) -> Function:
    """A version from its choices.

    drift: (f x, g^2, score, g) -> the bracket; shake: (g, t - s) -> the factor of the
    noise; dt: (t, s) -> what the bracket is multiplied with; when: (t, s) -> the time
    of f and g.
    """

    def step(
        x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
    ) -> Tensor:
        f, g = drift_diffusion(path, t if when is None else when(t, s))
        wide = expand_as(g, x)
        carried = expand_as(f, x) * x
        pull = (
            carried - wide**2 * score
            if drift is None
            else drift(carried, wide**2, score, wide)
        )
        h = expand_as(s - t if dt is None else dt(t, s), x)
        size = g * (t - s).sqrt() if shake is None else shake(g, t - s)
        found: Tensor = x + h * pull + expand_as(size, x) * noise
        return found

    return step


def _in_place(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    f, g = (expand_as(c, x) for c in drift_diffusion(path, t))
    h = expand_as(s - t, x)
    drift = f * x - g**2 * score
    x += h * drift
    x += g * (-h).sqrt() * noise
    return x


def _unshaped(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    f, g = drift_diffusion(path, t)
    return euler_maruyama_step(x, f * x - g**2 * score, g, s - t, noise)


def _change(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    moved: Tensor = _step()(x, score, t, s, noise, path)
    return moved - x


def _own_noise(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    moved: Tensor = _step()(x, score, t, s, torch.randn_like(noise), path)
    return moved


def _flow_and_langevin(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    """The probability flow, and a Langevin step of the size g^2 (t - s) on top."""
    _, g = drift_diffusion(path, t)
    size = expand_as(g**2 * (t - s), x)
    flowed = x - expand_as(t - s, x) * probability_flow(x, score, t, path)
    return flowed + size / 2 * score + size.sqrt() * noise


def _loop(
    x: Tensor, score: Tensor, t: Tensor, s: Tensor, noise: Tensor, path: Path
) -> Tensor:
    rows = []
    for i in range(len(x)):
        f, g = drift_diffusion(path, t[i])
        h = t[i] - s[i]
        rows.append(x[i] * (1 - f * h) + g**2 * h * score[i] + g * h**0.5 * noise[i])
    return torch.stack(rows)


MUTANTS = (
    Mutant(
        "no score",
        _step(drift=lambda fx, g2, score, g: fx),
        "the score is missing: this is the forward equation run backwards, and nothing "
        "leads to the data",
    ),
    Mutant(
        "sign of the score",
        _step(drift=lambda fx, g2, score, g: fx + g2 * score),
        "the score pushes away from the data: inside the bracket it is - g^2 score, "
        "and dt is negative",
    ),
    Mutant(
        "g not squared",
        _step(drift=lambda fx, g2, score, g: fx - g * score),
        "the score has g: it has g^2, and only the noise has g",
    ),
    Mutant(
        "g missing at the score",
        _step(drift=lambda fx, g2, score, g: fx - score),
        "the score is not multiplied by g^2",
    ),
    Mutant(
        "half of the score",
        _step(drift=lambda fx, g2, score, g: fx - g2 / 2 * score),
        "the score has g^2 / 2: that is for the flow without noise, here it has to "
        "make up for the shake and is g^2",
    ),
    Mutant(
        "no f x",
        _step(drift=lambda fx, g2, score, g: -g2 * score),
        "f x is missing: the bracket is f x - g^2 score",
    ),
    Mutant(
        "sign of f x",
        _step(drift=lambda fx, g2, score, g: -fx - g2 * score),
        "the sign of f x is flipped: dt is negative, and that turns f x round as it "
        "turns the score",
    ),
    Mutant(
        "time runs forwards",
        _step(dt=lambda t, s: t - s),
        "the bracket is multiplied by t - s: dt = s - t, which is negative",
    ),
    Mutant(
        "no dt",
        _step(dt=lambda t, s: -torch.ones_like(t)),
        "the bracket is not multiplied by dt = s - t: it is a change per time",
    ),
    Mutant(
        "coefficients at s",
        _step(when=lambda t, s: s),
        "f and g are those of s: x and its score are still at t, take them there",
    ),
    Mutant(
        "coefficients in the middle",
        _step(when=lambda t, s: (t + s) / 2),
        "f and g are those of the middle: take them at t, where x and its score are",
    ),
    Mutant(
        "no noise",
        _step(shake=lambda g, h: 0 * g),
        "the noise is missing: add g * sqrt(|dt|) * noise",
    ),
    Mutant(
        "noise without g",
        _step(shake=lambda g, h: h.sqrt()),
        "g is missing at the noise: it has g * sqrt(|dt|)",
    ),
    Mutant(
        "noise with g squared",
        _step(shake=lambda g, h: g**2 * h.sqrt()),
        "the noise has g^2: it has g, only the score has g^2",
    ),
    Mutant(
        "noise times dt",
        _step(shake=lambda g, h: g * h),
        "the noise is multiplied by |dt|: it has the root of it",
    ),
    Mutant(
        "root of a negative step",
        _step(shake=lambda g, h: g * (-h).sqrt()),
        "the root of s - t is taken, which is negative (nan): take sqrt(t - s)",
    ),
    Mutant(
        "noise subtracted",
        _step(shake=lambda g, h: -g * h.sqrt()),
        "the noise is subtracted: as chance goes that is as good, but the formula "
        "adds it",
    ),
    Mutant(
        "its own noise",
        _own_noise,
        "it draws its own noise: use `noise`, so that the caller decides",
    ),
    Mutant("only the change", _change, "only the change is returned: add it to x"),
    Mutant("in place", _in_place, IN_PLACE),
    Mutant("not reshaped", _unshaped, UNSHAPED),
)

VARIANTS = (
    Variant("a loop over samples", _loop),
    Variant("the flow and a Langevin step", _flow_and_langevin),
)
