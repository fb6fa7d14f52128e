"""Right versions of the start page's exercise in other styles: each must pass."""

import torch
from torch import Tensor


def unsqueeze(coef: Tensor, x: Tensor) -> Tensor:
    while coef.ndim < x.ndim:
        coef = coef.unsqueeze(-1)
    return coef.type_as(x)


def index(coef: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("b...->b...", coef[(...,) + (None,) * (x.ndim - 1)]).to(x)


RIGHT = {
    "00.1": (unsqueeze, index),
}
