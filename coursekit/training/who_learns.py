"""Which parts of a network learn: borrowed ones are read, and stay as they are."""

import torch
from torch import Tensor, nn


def who_learns(model: nn.Module, loss: Tensor) -> dict[str, int]:
    """How many numbers of each part of a model would move to make a loss smaller.

    A part is the first word of its parameters' names, up to the first dot. All parts
    are there, in the order of `model.named_parameters()`, those that do not learn with
    0. A parameter counts with all its numbers if the loss depends on it and nothing
    froze it (requires_grad), even where its gradient happens to be 0. loss: a scalar,
    whose graph can still be used afterwards. No parameter's `grad` is touched.
    """
    found = {name.partition(".")[0]: 0 for name, _ in model.named_parameters()}
    free = {n: p for n, p in model.named_parameters() if p.requires_grad}
    slopes = torch.autograd.grad(
        loss, list(free.values()), retain_graph=True, allow_unused=True
    )
    for (name, parameter), slope in zip(free.items(), slopes, strict=True):
        if slope is not None:
            found[name.partition(".")[0]] += parameter.numel()
    return found
