"""Who looks at whom in a DiT, and how its knobs turn with the time."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from coursekit.models.attention import SelfAttention
from coursekit.models.dit import DiT
from coursekit.models.dit_blocks import DiTBlock

KNOBS = ("shift", "scale", "gate")
PARTS = ("attention", "mlp")


@torch.no_grad()
def attention_maps(model: nn.Module, *inputs: Tensor) -> Tensor:
    """The attention weights of every `SelfAttention` during model(*inputs).

    Returns (layers, B, heads, T, T): the last axis sums to 1. `model` may hold the
    transformer inside (a `Inpainter` does).
    """
    found: list[Tensor] = []

    def look(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        found.append(cast(SelfAttention, layer).weights(*args[:2]))

    layers = [m for m in model.modules() if isinstance(m, SelfAttention)]
    handles = [layer.register_forward_pre_hook(look) for layer in layers]
    try:
        model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(found)


class Knobs(NamedTuple):
    """Mean absolute value of each knob: (times, layers, parts, kinds)."""

    ts: Tensor
    size: Tensor  # parts as in PARTS, kinds as in KNOBS


@torch.no_grad()
def knob_sizes(model: DiT, count: int = 51) -> Knobs:
    """How far the knobs of each block are turned, at `count` times from 0 to 1.

    The model is told nothing but the time.
    """
    like = next(model.parameters()).new_empty(count, 1)
    ts = torch.linspace(0, 1, count, dtype=like.dtype)
    c = model.conditioner(ts, None, like).vector
    rows = []
    for block in model.blocks:
        vectors = torch.stack(cast(DiTBlock, block).knobs(c), dim=1)  # (count, 6, D)
        size = vectors.abs().mean(dim=2)
        rows.append(size.reshape(count, len(PARTS), len(KNOBS)))
    return Knobs(ts, torch.stack(rows, dim=1))
