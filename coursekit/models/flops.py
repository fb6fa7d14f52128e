"""Counting before building: receptive fields, tokens, parameters, FLOPs.

A multiply-add counts as two FLOPs. Counted are the matrix products, as torch's own
FlopCounterMode does; norms, activations, softmax and gates are left out: for each of
their numbers there are hundreds of multiply-adds.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from coursekit.models.token_transformer import TokenConfig
from coursekit.models.unet import UNetConfig


def receptive_field(layers: Sequence[tuple[int, float]]) -> int:
    """How many positions of the input, along one axis, an output can depend on.

    layers: (kernel, stride) of each convolution, from the input to the output. Walk
    back from one position of the output: n neighbours with this stride see
    (n - 1) stride + kernel positions of the layer before. A stride of 0.5 means that
    the layer doubles its input first (each position twice) and convolves with stride 1:
    its n + kernel - 1 doubled positions are copies of at most
    (n + kernel - 1) // 2 + 1 different ones.
    """
    n = 1
    for kernel, stride in reversed(layers):
        if stride < 1:
            n = (n + kernel - 1) // 2 + 1
        else:
            n = (n - 1) * int(stride) + kernel
    return n


def unet_layers(config: UNetConfig) -> list[tuple[int, float]]:
    """The longest way through a U-Net, down to its lowest level and up again.

    What looks at the whole picture is not counted: attention, and the means of the
    group normalisations.
    """
    blocks: list[tuple[int, float]] = [(3, 1)] * (2 * config.blocks)
    levels = len(config.widths)
    layers: list[tuple[int, float]] = [(config.patch, config.patch), (3, 1), *blocks]
    for _ in range(levels - 1):
        layers += [(3, 2), *blocks]
    layers += [(3, 1)] * 2  # the middle
    layers += blocks
    for _ in range(levels - 1):
        layers += [(3, 0.5), *blocks]
    layers.append((3, 1))
    return layers + [(1, 0.5)] * (config.patch.bit_length() - 1)


def felt(
    network: Callable[[Tensor], Tensor], x: Tensor, place: tuple[int, int]
) -> Tensor:
    """How strongly each pixel moves the output at one place: the gradient's size.

    network: (B, C, H, W) to (B, C', H', W'). Returns (H, W), 0 where the output at
    `place` (row, column) does not depend on the pixel.
    """
    x = x.detach().requires_grad_()
    row, column = place
    (slope,) = torch.autograd.grad(network(x)[..., row, column].sum(), x)
    return slope.abs().sum(dim=(0, 1))


class Cost(NamedTuple):
    """What a part of a network costs, for one sample."""

    parameters: int = 0
    flops: int = 0

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        """Two parts, one after the other."""
        return Cost(self.parameters + other.parameters, self.flops + other.flops)

    def times(self, count: int) -> "Cost":
        """The same part `count` times, each with weights of its own."""
        return Cost(count * self.parameters, count * self.flops)


def linear(tokens: int, inputs: int, outputs: int) -> Cost:
    """A linear map with bias, applied to each token."""
    return Cost(inputs * outputs + outputs, 2 * tokens * inputs * outputs)


def attention(tokens: int, width: int, others: int | None = None) -> Cost:
    """q k^T and the weighted sum of v, all heads together. others: keys, if not own."""
    return Cost(0, 2 * 2 * tokens * (tokens if others is None else others) * width)


def mlp(tokens: int, width: int, ratio: float = 4.0) -> Cost:
    """Widen and narrow again."""
    hidden = int(width * ratio)
    return linear(tokens, width, hidden) + linear(tokens, hidden, width)


def knobs(count: int, width: int) -> Cost:
    """The condition to `count` vectors: once for a sample, not for each token."""
    return linear(1, width, count * width)


def dit_block(tokens: int, width: int, ratio: float = 4.0) -> Cost:
    """`dit_blocks.DiTBlock` (the condition has `width` features too)."""
    own = linear(tokens, width, 3 * width) + linear(tokens, width, width)
    return own + attention(tokens, width) + mlp(tokens, width, ratio) + knobs(6, width)


def cross_block(tokens: int, words: int, width: int, ratio: float = 4.0) -> Cost:
    """`dit_blocks.CrossBlock`: a `DiTBlock` that looks at the prompt in between."""
    cross = linear(tokens, width, width) + linear(words, width, 2 * width)
    cross += attention(tokens, width, words) + linear(tokens, width, width)
    gains = Cost(2 * width)  # of its norm, and their shifts
    return dit_block(tokens, width, ratio) + gains + cross


def stream(
    tokens: int, width: int, heads: int, ratio: float = 4.0, last: bool = False
) -> Cost:
    """`mmdit_blocks.Stream` with normalised queries and keys, without the attention."""
    cost = linear(tokens, width, 3 * width) + Cost(2 * (width // heads))
    if last:
        return cost + knobs(2, width)
    return (
        cost
        + linear(tokens, width, width)
        + mlp(tokens, width, ratio)
        + knobs(6, width)
    )


def double_block(
    words: int,
    patches: int,
    width: int,
    heads: int,
    ratio: float = 4.0,
    last: bool = False,
) -> Cost:
    """`mmdit_blocks.DoubleBlock`: two streams, one attention over both."""
    text = stream(words, width, heads, ratio, last)
    image = stream(patches, width, heads, ratio)
    return text + image + attention(words + patches, width)


def single_block(tokens: int, width: int, heads: int, ratio: float = 4.0) -> Cost:
    """`mmdit_blocks.SingleBlock`: words and patches in one stream."""
    hidden = int(width * ratio)
    return (
        linear(tokens, width, 3 * width + hidden)
        + attention(tokens, width)
        + linear(tokens, width + hidden, width)
        + Cost(2 * (width // heads))
        + knobs(3, width)
    )


def token_pass(config: TokenConfig, new: int, held: int = 0) -> Cost:
    """`token_transformer.TokenTransformer`: one pass over `new` tokens.

    held: tokens in its cache. What a mask forbids is computed and thrown away, so a
    masked pass and a causal one cost the same; the doubled row of block diffusion has
    new = 2 length + prompt.
    """
    width = config.width
    block = Cost(4 * width)  # gains and shifts of two norms
    block += linear(new, width, 3 * width) + linear(new, width, width)
    block += attention(new, width, held + new) + mlp(new, width)
    tables = Cost((config.vocabulary + 1 + config.length + 2) * width)
    return (
        block.times(config.depth)
        + tables
        + Cost(0, 2 * new * width * config.vocabulary)
    )


def write_flops(config: TokenConfig, prompt: int, tokens: int) -> int:
    """`token_sampling.write_left_to_right`, one row: a pass for each token.

    The first reads the prompt, and each of the others the token before.
    """
    later = range(prompt, prompt + tokens - 1)
    first = token_pass(config, prompt).flops
    return first + sum(token_pass(config, 1, held).flops for held in later)


def block_flops(
    config: TokenConfig, prompt: int, length: int, size: int, by_block: Sequence[int]
) -> int:
    """`token_sampling.write_blocks`, one row. by_block: its passes for each block.

    The first pass for a block also reads the block before it, or the prompt.
    """
    flops, held, unread = 0, 0, prompt
    for i, passes in enumerate(by_block):
        new = min(size, length - i * size)
        flops += token_pass(config, unread + new, held).flops
        held, unread = held + unread, new
        flops += (passes - 1) * token_pass(config, new, held).flops
    return flops


def dit_flops(side: int, patch: int, width: int, depth: int) -> tuple[int, int]:
    """Tokens of a square picture, and the FLOPs that DiT blocks spend on one sample.

    side, patch: in pixels, patch divides side; depth: blocks; the MLP widens four-fold.
    Count 2 FLOPs for each multiply-add of the matrix products of a block: queries, keys
    and values (width to 3 width), the attention's two products (all heads together have
    `width` features), the map out (width to width), the MLP's two, all for every token;
    and once for a sample the knobs (width to 6 width). Nothing else is counted, neither
    the patch embedding nor the head.
    """
    tokens = (side // patch) ** 2
    maps = 3 * width**2 + width**2 + 2 * 4 * width**2  # for each token
    table = 2 * tokens * width  # for each token: its products with all tokens
    knobs = 6 * width**2  # for each sample
    return tokens, depth * 2 * (tokens * (maps + table) + knobs)
