"""Wrong and right versions of 03.5 euler_step and 03.6 heun_step."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.flow import Velocity, euler_step
from coursekit.theory.paths import expand_as
from coursekit.workbook.exercises.flow_batch import UNSHAPED

_SIGN = "the step is t - s: it is s - t, which is negative when time falls"
_SHARED = "all samples take the step of the first one: each has its own t and s"


def _euler(
    size: Function | None = None,
    time: Function | None = None,
    start: Function | None = None,
) -> Function:
    """A version of euler_step from its step size, its time and where it starts."""

    def step(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        h = s - t if size is None else size(t, s)
        asked = velocity(x, t if time is None else time(t, s))
        found: Tensor = (x if start is None else start(x)) + expand_as(h, x) * asked
        return found

    return step


def _euler_unshaped(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    return x + (s - t) * velocity(x, t)


def _euler_loop(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    slopes = velocity(x, t)
    return torch.stack(
        [
            row + (float(end) - float(begin)) * slope
            for row, slope, begin, end in zip(x, slopes, t, s, strict=True)
        ]
    )


def _euler_fused(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    h = torch.diff(torch.stack([t, s]), dim=0)[0]
    return torch.addcmul(x, h.view(-1, *[1] * (x.ndim - 1)), velocity(x, t))


def _heun(
    second: Function | None = None,
    combine: Function | None = None,
    size: Function | None = None,
    start: Function | None = None,
) -> Function:
    """A version of heun_step.

    second: (velocity, x, guess, t, s) -> the second slope; combine: two slopes -> one;
    start: (x, guess) -> where the step starts.
    """

    def step(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        h = expand_as(s - t if size is None else size(t, s), x)
        one = velocity(x, t)
        guess = x + h * one
        two = (second or _at_landing)(velocity, x, guess, t, s)
        slope = (one + two) / 2 if combine is None else combine(one, two)
        found: Tensor = (x if start is None else start(x, guess)) + h * slope
        return found

    return step


def _at_landing(
    velocity: Velocity, x: Tensor, guess: Tensor, t: Tensor, s: Tensor
) -> Tensor:
    return velocity(guess, s)


def _heun_wasteful(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    guess = x + expand_as(s - t, x) * velocity(x, t)
    return x + expand_as(s - t, x) * (velocity(x, t) + velocity(guess, s)) / 2


def _heun_unshaped(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    one = velocity(x, t)
    return x + (s - t) * (one + velocity(x + (s - t) * one, s)) / 2


def _midpoint(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    h = expand_as(s - t, x)
    return x + h * velocity(x + h / 2 * velocity(x, t), (t + s) / 2)


def _heun_two_steps(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """The mean of standing still for two Euler steps: x/2 + (Euler twice)/2."""
    landed = euler_step(velocity, x, t, s)
    onward = landed + expand_as(s - t, x) * velocity(landed, s)
    return (x + onward) / 2


def _heun_corrected(velocity: Velocity, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    h = (s - t)[(...,) + (None,) * (x.ndim - 1)]
    one = velocity(x, t)
    guess = torch.addcmul(x, h, one)
    return guess + 0.5 * h * (velocity(guess, s) - one)


EULER_MUTANTS = (
    Mutant("sign", _euler(size=lambda t, s: t - s), _SIGN),
    Mutant(
        "no step size",
        _euler(size=lambda t, s: torch.ones_like(t)),
        "the velocity is not multiplied by the step s - t: it is a distance per time",
    ),
    Mutant(
        "step of size s",
        _euler(size=lambda t, s: s),
        "the velocity is multiplied by s: the step is the difference s - t",
    ),
    Mutant(
        "all the way",
        _euler(size=lambda t, s: -t),
        "the step goes all the way to time 0: stop at s",
    ),
    Mutant(
        "velocity of s",
        _euler(time=lambda t, s: s),
        "the velocity is asked at time s: x is still at time t",
    ),
    Mutant(
        "velocity of the middle",
        _euler(time=lambda t, s: (t + s) / 2),
        "the velocity is asked half way: Euler's method looks at the start of the step",
    ),
    Mutant(
        "one step for all", _euler(size=lambda t, s: (s - t)[:1].expand_as(t)), _SHARED
    ),
    Mutant(
        "only the change",
        _euler(start=torch.zeros_like),
        "only the change is returned: add it to x",
    ),
    Mutant("not reshaped", _euler_unshaped, UNSHAPED),
)
EULER_VARIANTS = (
    Variant("a loop over samples", _euler_loop),
    Variant("addcmul", _euler_fused),
)

HEUN_MUTANTS = (
    Mutant(
        "Euler",
        euler_step,
        "this is an Euler step: look at the velocity where it lands, and average",
    ),
    Mutant(
        "midpoint",
        _midpoint,
        "this is the midpoint method: Heun's looks at both ends of the step",
    ),
    Mutant("sign", _heun(size=lambda t, s: t - s), _SIGN),
    Mutant(
        "sum",
        _heun(combine=lambda one, two: one + two),
        "the two velocities are added: take their mean",
    ),
    Mutant(
        "only the second",
        _heun(combine=lambda one, two: two),
        "only the velocity at the landing counts: take the mean of both",
    ),
    Mutant(
        "x did not move",
        _heun(second=lambda velocity, x, guess, t, s: velocity(x, s)),
        "the second velocity is taken at x: take it where the Euler step lands",
    ),
    Mutant(
        "time did not move",
        _heun(second=lambda velocity, x, guess, t, s: velocity(guess, t)),
        "the second velocity is taken at time t: the Euler step lands at time s",
    ),
    Mutant(
        "from the landing",
        _heun(start=lambda x, guess: guess),
        "the mean is added to the landing of the Euler step: start again from x",
    ),
    Mutant(
        "one step for all",
        _heun(size=lambda t, s: (s - t)[:1].expand_as(t)),
        _SHARED,
    ),
    Mutant(
        "three evaluations",
        _heun_wasteful,
        "the velocity is asked three times: keep the first answer, evaluations are "
        "what sampling costs",
    ),
    Mutant("not reshaped", _heun_unshaped, UNSHAPED),
)
HEUN_VARIANTS = (
    Variant("half of two Euler steps", _heun_two_steps),
    Variant("Euler, then a correction", _heun_corrected),
)
