"""Start a training from the weights of another one, as far as they fit."""

from typing import Any

import torch
from torch import Tensor, nn

from coursekit.training.pretrained import card, load_model


@torch.no_grad()
def warm_start(model: nn.Module, weights: dict[str, Tensor]) -> list[str]:
    """Copy what fits from `weights` (by name); returns the names that stay fresh.

    Tensors of equal shape are copied. A table with more rows than before, such as the
    places of longer prompts, gets the rows that were known. What has another width, the
    layers into and out of other latents, stays as the model made it.
    """
    fresh = []
    for name, own in model.state_dict().items():
        known = weights.get(name)
        if known is None or known.shape[1:] != own.shape[1:] or not own.ndim:
            fresh.append(name)
        elif len(known) <= len(own):
            own[: len(known)].copy_(known)
        else:
            fresh.append(name)
    return fresh


def start_from(model: nn.Module, name: str) -> list[str]:
    """`warm_start` from the checkpoint of recipe `name`; "" for none.

    Raises CheckpointError when it is not there.
    """
    return warm_start(model, load_model(name, clip=False).state_dict()) if name else []


def start_line(name: str) -> str:
    """What a line about the data says of the start: which weights; "" for none."""
    info: dict[str, Any] = card(name) if name else {}
    return f", from {name} {info['sha256'][:12]}" if name else ""
