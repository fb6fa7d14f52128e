"""Words of a UiT, worked out once for all steps of a sampler.

Words look back only, so what becomes of them depends neither on the time nor on the
picture. Their keys and values of every block can be kept, as a language model keeps
those of its prompt; a step then works on time and patches alone.
"""

from typing import cast

import torch
from torch import Tensor

from coursekit.models.attention import fast_attention, merge_heads
from coursekit.models.patches import unpatchify
from coursekit.models.rope import rotate
from coursekit.models.uit import StreamBlock, UiT
from coursekit.theory.clean_prediction import clamped_velocity

Kept = tuple[Tensor, Tensor]  # keys, rotated, and values, each (B, heads, L, d)


def behind_words(block: StreamBlock, x: Tensor, kept: Kept, angles: Tensor) -> Tensor:
    """What a block of the stream makes of the tokens that stand behind the words.

    The same as its `forward` on the whole stream, but the words are not there: of them
    only keys and values are, as `forward` uses them (the keys rotated). x: (B, S,
    width), time and patches, who look at all words and at all of x; kept: keys and
    values of this block's words, each (B, heads, L, d); angles: (S, d / 2), those of x.
    Returns (B, S, width).
    """
    q, k, v = block.project(block.norm1(x))
    q, k = rotate(q, angles), rotate(k, angles)
    k, v = torch.cat([kept[0], k], dim=2), torch.cat([kept[1], v], dim=2)
    heard: Tensor = block.out(merge_heads(fast_attention(q, k, v)))
    x = x + heard
    more: Tensor = block.mlp(block.norm2(x))
    return x + more


def remembered(network: UiT, cond: Tensor, xt: Tensor) -> list[Kept]:
    """Keys and values of a prompt's words in each block.

    cond: (B, L) token ids; xt: (B, C, H, W), of which only the size counts.
    """
    count, x, found = cond.shape[1], network.word(cond), list[Kept]()
    mask, angles = network.layout(count, xt)
    mask, angles = mask[:count, :count], angles[:count]
    for block in network.blocks:
        _, k, v = block.project(block.norm1(x))  # type: ignore[operator]
        found.append((rotate(k, angles), v))
        x = block(x, mask, angles)
    return found


def with_memory(network: UiT, xt: Tensor, t: Tensor, kept: list[Kept]) -> Tensor:
    """The network's velocity (B, C, H, W) at t (B,), its words being remembered."""
    words = kept[0][0].shape[2]
    _, angles = network.layout(words, xt)
    image = network.embed(xt)
    if network.config.sines:
        image = image + cast(Tensor, network.places(xt)[0])
    x = torch.cat([network.time(t.to(xt.dtype))[:, None], image], dim=1)
    for block, each in zip(network.blocks, kept, strict=True):
        x = behind_words(cast(StreamBlock, block), x, each, angles[words:])
    y = network.head(network.norm(x[:, 1:]))
    y = unpatchify(y, network.config.patch, *xt.shape[-2:])
    if network.config.predicts == "velocity":
        return y
    return clamped_velocity(xt, y, t, network.config.least)
