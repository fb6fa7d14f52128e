"""Start a training from the weights of another one, as far as they fit."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.models.clip import CLIP
from coursekit.models.text_encoder import TextEncoder
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Recipe


@torch.no_grad()
def warm_start(model: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Copy what fits from `weights` into a model; the names of what stays fresh.

    Parameters and buffers find each other by name. Where the shapes are equal, all is
    copied. Where there are only more rows than before (the places of longer prompts,
    or more outputs), the first rows are those that were known, the others stay fresh;
    such a name is not returned. Any other shape, and a name that is not in `weights`,
    stays as it is and is returned, in the order of `model.state_dict()`. Weights that
    the model has no place for are left out.
    """
    fresh = []
    for name, own in model.state_dict().items():
        known = weights.get(name)
        if known is None or known.ndim != own.ndim:
            fresh.append(name)
        elif known.shape == own.shape:
            own.copy_(known)
        elif known.shape[1:] == own.shape[1:] and len(known) < len(own):
            own[: len(known)].copy_(known)
        else:
            fresh.append(name)
    return fresh


def start_from(model: nn.Module, name: str) -> list[str]:
    """`warm_start` from the checkpoint of recipe `name`; "" for none.

    Raises CheckpointError when it is not there.
    """
    return warm_start(model, load_model(name, clip=False).state_dict()) if name else []


def borrow_encoder(model: nn.Module, name: str) -> None:
    """Put the text encoder of the CLIP `name` into a network, frozen; "" for none.

    What leads from its features to the network's own stays to be learnt. Raises
    CheckpointError when it is not there, ValueError where the shapes differ.
    """
    if not name:
        return
    lent = cast(CLIP, load_model(name)).text
    own = cast(TextEncoder, model.conditioner.text)  # type: ignore[union-attr]
    if own.config != lent.config:
        raise ValueError(f"{name} has the encoder {lent.config}, not {own.config}")
    own.load_state_dict(lent.state_dict())
    own.requires_grad_(False)


def taken_share(recipe: Recipe, config: Any) -> float:
    """The share of a fresh network's weights that `recipe.begin` puts others in for.

    0 where nothing of the start fits, as into a network of another width.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = recipe.build(config)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    after = dict(recipe.begin(model).named_parameters())
    moved = sum(int((after[name] != old).sum()) for name, old in before.items())
    return moved / sum(old.numel() for old in before.values())


def start_line(name: str) -> str:
    """What a line about the data says of the start: which weights; "" for none."""
    return f", from {name} {card(name)['sha256'][:12]}" if name else ""
