"""What the exercises of lecture 3 share: inputs, fields, and mistakes in words."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Inputs
from coursekit.checks.tensors import SHAPES, Array, array, generator

UNSHAPED = (
    "t has shape (B,) and does not line up with x: `expand_as(t, x)` gives it the "
    "shape (B, 1, ..., 1)"
)
BACKWARDS = "the clock runs backwards: here t = 0 is data and t = 1 is noise"
PAPER_SIGN = (
    "the sign is that of the papers, whose clock runs from noise to data: here time "
    "and the velocity point from data to noise"
)
PLANES = ("points (B, 2)", "points (B, 3)")


def flow_batch(
    seed: int, *names: str, earliest: float = 0.0
) -> tuple[np.random.Generator, Inputs]:
    """Times `t` (1 and `earliest` among them) and normal arrays of the given names.

    Points and clips are float64, images float32, as in training.
    """
    rng = generator(seed)
    shape = SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if len(shape) == 4 else np.float64
    middle = rng.uniform(max(earliest, 0.05), 0.95, shape[0] - 2)
    t = rng.permutation(np.concatenate([[earliest, 1.0], middle]))
    inputs: Inputs = {"t": t.astype(dtype)}
    for name in names:
        inputs[name] = rng.standard_normal(shape).astype(dtype)
    return rng, inputs


def grid(
    rng: np.random.Generator, steps: int, begin: float = 1.0, end: float = 0.0
) -> Array:
    """N + 1 decreasing times, unevenly spaced, no two closer than a tenth of even."""
    weights = rng.uniform(0.4, 2.0, steps)
    passed = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    found: Array = begin + (end - begin) * passed
    return found


def bend(x: Tensor, t: Tensor) -> Tensor:
    """A velocity field that no formula of the course gives: it looks at x and t."""
    column = t.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    return torch.tanh(x) * (0.3 + column) - 0.4 * column**2


class Watched:
    """A field that remembers the times it was asked about."""

    def __init__(self, field: Callable[[Tensor, Tensor], Tensor] = bend) -> None:
        """Watch `field`."""
        self.field = field
        self.times: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """The field's answer."""
        self.times.append(torch.as_tensor(t).detach().double())
        return self.field(x, t)

    def seen(self) -> Array:
        """The times, (calls, B); empty when they do not have one shape."""
        shapes = {t.shape for t in self.times}
        return array(torch.stack(self.times)) if len(shapes) == 1 else np.zeros(0)


def to_point(x0: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """The field that leads everything to one data point each: (x - x0) / t."""

    def field(x: Tensor, t: Tensor) -> Tensor:
        return (x - x0) / t.to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))

    return field
