"""What the exercises on learning a score share: inputs, a network, mistakes."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Inputs
from coursekit.checks.tensors import Array, array, generator, tensor

# As in `tensors`, but small: a divergence asks for one backward pass per dimension.
SHAPES = ((7, 2), (7, 3, 2, 4), (7, 2, 3, 2, 4))

CUT = "no gradient reaches the network: leave out detach, .data and no_grad"
NUMBER = "the loss is a Python number: return the tensor, so that gradients can flow"
EACH = "there is one loss for each sample: average over the batch too"
BATCH_SUM = "the samples are added up: take the mean over the batch"


def score_batch(seed: int, *names: str) -> tuple[np.random.Generator, Inputs]:
    """Normal arrays of the given names, and the `matrix` and `weight` of a `Net`.

    Points and clips are float64, images float32, as in training.
    """
    rng = generator(seed)
    shape = SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if len(shape) == 4 else np.float64
    size = int(np.prod(shape[1:]))
    matrix = rng.standard_normal((size, size)) / np.sqrt(size) + 0.4 * np.eye(size)
    inputs: Inputs = {
        "matrix": matrix.astype(dtype),
        "weight": float(rng.uniform(0.4, 0.9)),
    }
    for name in names:
        inputs[name] = rng.standard_normal(shape).astype(dtype)
    return rng, inputs


class Net:
    """The network of the checks: weight * tanh(matrix x), and the weight is learnt."""

    def __init__(self, inputs: Inputs) -> None:
        """Take the `matrix` and the `weight` of the inputs."""
        self.matrix = tensor(inputs["matrix"])
        self.weight = torch.tensor(
            inputs["weight"], dtype=self.matrix.dtype, requires_grad=True
        )

    def __call__(self, x: Tensor) -> Tensor:
        """The network's answer, shaped like x."""
        bent = torch.tanh(x.flatten(1) @ self.matrix.T)
        return self.weight * bent.reshape(x.shape)

    def slope(self, loss: Tensor) -> Array:
        """The gradient of a loss with respect to the weight; a loss needs one."""
        if not loss.requires_grad:
            raise BadResult(CUT)
        (found,) = torch.autograd.grad(loss.sum(), self.weight, allow_unused=True)
        if found is None:
            raise BadResult(CUT)
        return array(found)


class Watched:
    """A score that remembers the points, and the noise levels, it was asked about."""

    def __init__(self, score: Callable[..., Tensor]) -> None:
        """Watch `score`."""
        self.score = score
        self.points: list[Tensor] = []
        self.levels: list[Tensor] = []

    def __call__(self, x: Tensor, *sigma: Tensor) -> Tensor:
        """The score's answer."""
        self.points.append(x.detach())
        self.levels += [torch.as_tensor(level).detach().double() for level in sigma]
        return self.score(x, *sigma)

    def seen(self, what: str = "points") -> Array:
        """The first batch of points, or of levels, also when they came one by one."""
        kept: list[Tensor] = getattr(self, what)
        if not self.points:
            raise BadResult("the score is never asked: call it with the noised data")
        if len(kept[0]) == 1 < len(kept):
            return array(torch.cat(kept))
        return array(kept[0])


def linear(matrix: Array) -> Callable[[Tensor], Tensor]:
    """The field x -> matrix x."""
    factor = tensor(matrix)
    return lambda x: (x.flatten(1) @ factor.T).reshape(x.shape)


def flat(values: Array) -> Array:
    """(B, ...) -> (B, N) in float64. For oracles."""
    found: Array = values.astype(float).reshape(len(values), -1)
    return found


def bent(inputs: Inputs, x: Array) -> Array:
    """What a `Net` of weight 1 says, (B, N), by hand."""
    found: Array = np.tanh(flat(x) @ inputs["matrix"].astype(float).T)
    return found


def bent_divergence(inputs: Inputs, x: Array) -> Array:
    """Its divergence, (B,), by hand: tanh has the slope 1 - tanh^2."""
    diagonal = np.diag(inputs["matrix"].astype(float))
    found: Array = (1 - bent(inputs, x) ** 2) @ diagonal
    return found


def turn(matrix: Array) -> Array:
    """The part of a matrix that only turns: its trace is 0, whatever x."""
    found: Array = (matrix - matrix.T) / 2
    return found
