"""What the exercises of lecture 4 share: inputs, gradients, small networks."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.checks.spec import BadResult, Inputs
from coursekit.checks.tensors import (
    SHAPES,
    Array,
    array,
    generator,
    tensor,
)

CUT = "no gradient comes through: leave out detach, .data, no_grad and .sample()"


def draws(seed: int, *names: str) -> tuple[np.random.Generator, Inputs]:
    """Normal arrays of the given names: points and clips float64, images float32."""
    rng = generator(seed)
    shape = SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if len(shape) == 4 else np.float64
    return rng, {name: rng.standard_normal(shape).astype(dtype) for name in names}


def leaf(values: Array) -> Tensor:
    """A tensor whose gradient can be asked for."""
    return tensor(values).requires_grad_()


def slopes(value: Any, *leaves: Tensor) -> tuple[Array, ...]:
    """The gradients of a result's sum. Raises BadResult when it has none at all."""
    if not isinstance(value, Tensor):
        array(value)  # which says what is wrong with it
    if not value.requires_grad:
        raise BadResult(CUT)
    found = torch.autograd.grad(
        value.sum(), leaves, allow_unused=True, materialize_grads=True
    )
    return tuple(array(slope) for slope in found)


def weights(model: nn.Module, rng: np.random.Generator) -> Inputs:
    """Fresh weights for every parameter and buffer, as `weight NAME` arrays."""
    found: Inputs = {}
    for name, old in model.state_dict().items():
        fresh = rng.standard_normal(tuple(old.shape))
        if old.ndim > 1:  # so that the numbers neither grow nor vanish on the way
            fresh = fresh / np.sqrt(max(1, fresh[0].size))
        elif name.endswith("weight"):  # of a norm
            fresh = 1 + 0.3 * fresh
        found[f"weight {name}"] = fresh
    return found


def built(network: Any, config: Any, inputs: Inputs) -> nn.Module:
    """The learner's network in float64, with the `weight NAME` arrays of the inputs."""
    model = network(config)
    if not isinstance(model, nn.Module):
        raise BadResult("it is not a network: keep the class as it was handed out")
    model.double()
    state = model.state_dict()
    model.load_state_dict({name: tensor(inputs[f"weight {name}"]) for name in state})
    return model
