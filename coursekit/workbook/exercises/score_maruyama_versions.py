"""Wrong and right versions of 02.10 euler_maruyama_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.paths import expand_as
from coursekit.workbook.exercises.score_walks import IN_PLACE, UNSHAPED


def _step(pull: Function | None = None, shake: Function | None = None) -> Function:
    """A version from its two coefficients: pull(dt), shake(g, dt)."""

    def step(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
        one = dt if pull is None else pull(dt)
        two = g * dt.abs().sqrt() if shake is None else shake(g, dt)
        found: Tensor = x + expand_as(one, x) * drift + expand_as(two, x) * noise
        return found

    return step


_right = _step()


def _own_noise(
    x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor
) -> Tensor:
    drawn: Tensor = _right(x, drift, g, dt, torch.randn_like(noise))
    return drawn


def _change(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
    found: Tensor = _right(x, drift, g, dt, noise) - x
    return found


def _in_place(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
    x += expand_as(dt, x) * drift
    x += expand_as(g * dt.abs().sqrt(), x) * noise
    return x


def _unshaped(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
    return x + drift * dt + g * dt.abs().sqrt() * noise


def _loop(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
    rows = zip(x, drift, g.tolist(), dt.tolist(), noise, strict=True)
    return torch.stack(
        [a + h * b + (size**2 * abs(h)) ** 0.5 * z for a, b, size, h, z in rows]
    )


def _wiener(x: Tensor, drift: Tensor, g: Tensor, dt: Tensor, noise: Tensor) -> Tensor:
    """With the increment of the Wiener process by its own name."""
    h, size = (c.view(-1, *[1] * (x.ndim - 1)) for c in (dt, g))
    increment = noise * (h * h) ** 0.25
    return torch.addcmul(torch.addcmul(x, drift, h), size, increment)


MUTANTS = (
    Mutant(
        "root missing",
        _step(shake=lambda g, dt: g * dt.abs()),
        "the noise has |dt|: it has the root of it, for the variance of the shake "
        "is g^2 |dt|",
    ),
    Mutant(
        "dt in the shake",
        _step(shake=lambda g, dt: g * dt),
        "the noise has dt: it has sqrt(|dt|), the root of the size of the step",
    ),
    Mutant(
        "root of a negative step",
        _step(shake=lambda g, dt: g * dt.sqrt()),
        "the root of dt is taken, and dt is negative on the way back (nan): take "
        "sqrt(|dt|)",
    ),
    Mutant(
        "root of minus dt",
        _step(shake=lambda g, dt: g * (-dt).sqrt()),
        "the root of -dt is taken, and dt is positive on the way to the noise "
        "(nan): take sqrt(|dt|)",
    ),
    Mutant(
        "no shake where time falls",
        _step(shake=lambda g, dt: g * dt.clamp(min=0).sqrt()),
        "a negative dt is cut off at 0: on the way back there is a shake as well, "
        "with sqrt(|dt|)",
    ),
    Mutant(
        "shake with a sign",
        _step(shake=lambda g, dt: g * dt.sign() * dt.abs().sqrt()),
        "the noise is subtracted on the way back: as chance goes that is as good, "
        "but the formula adds it, whichever way time runs",
    ),
    Mutant(
        "noise subtracted",
        _step(shake=lambda g, dt: -g * dt.abs().sqrt()),
        "the noise is subtracted: as chance goes that is as good, but the formula "
        "adds it",
    ),
    Mutant(
        "root in the drift",
        _step(pull=lambda dt: dt.sign() * dt.abs().sqrt()),
        "the drift has the root of dt, too: it has dt itself",
    ),
    Mutant(
        "swapped",
        _step(
            pull=lambda dt: dt.abs().sqrt(),
            shake=lambda g, dt: g * dt,
        ),
        "dt and its root are swapped: the drift has dt, the noise the root",
    ),
    Mutant(
        "drift always forwards",
        _step(pull=lambda dt: dt.abs()),
        "the drift has |dt|: it has dt itself, which is negative on the way back",
    ),
    Mutant(
        "drift not scaled",
        _step(pull=torch.ones_like),
        "the drift is not multiplied by dt: it is a change per time",
    ),
    Mutant(
        "g missing",
        _step(shake=lambda g, dt: dt.abs().sqrt()),
        "g is missing: the noise has g * sqrt(|dt|)",
    ),
    Mutant(
        "g squared",
        _step(shake=lambda g, dt: g**2 * dt.abs().sqrt()),
        "the noise has g^2: it has g, only its variance has g^2",
    ),
    Mutant(
        "g under the root",
        _step(shake=lambda g, dt: (g * dt.abs()).sqrt()),
        "g is under the root, too: it is g * sqrt(|dt|)",
    ),
    Mutant(
        "no noise",
        _step(shake=lambda g, dt: 0 * g),
        "the noise is missing: this is an Euler step",
    ),
    Mutant(
        "its own noise",
        _own_noise,
        "it draws its own noise: use `noise`, so that the caller decides",
    ),
    Mutant("only the change", _change, "only the change is returned: add it to x"),
    Mutant(
        "one step for all",
        _step(
            pull=lambda dt: dt[:1].expand_as(dt),
            shake=lambda g, dt: g * dt[:1].abs().sqrt(),
        ),
        "all samples take the step of the first one: each has its own dt",
    ),
    Mutant("in place", _in_place, IN_PLACE),
    Mutant("not reshaped", _unshaped, UNSHAPED),
)

VARIANTS = (
    Variant("a loop over samples", _loop),
    Variant("increments of the Wiener process", _wiener),
)
