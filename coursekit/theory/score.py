"""Scores: the gradient of a log density, and the losses that learn it."""

from collections.abc import Callable

import torch
from torch import Tensor

Field = Callable[[Tensor], Tensor]  # field(x) -> like x


def divergence(field: Field, x: Tensor) -> Tensor:
    """The divergence of a field, exact: the trace of its Jacobian at each sample.

    field(x) -> like `x`, each sample on its own; x: (B, ...). Returns (B,), with a
    gradient, so that it may stand in a loss. One backward pass per dimension.
    """
    with torch.enable_grad():
        y = x if x.requires_grad else x.detach().requires_grad_()
        value = field(y).flatten(1)
        total = value.new_zeros(len(x))
        for i in range(value.shape[1]):
            (row,) = torch.autograd.grad(value[:, i].sum(), y, create_graph=True)
            total = total + row.flatten(1)[:, i]
    return total
