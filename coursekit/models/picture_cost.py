"""What a picture costs to draw: tokens, FLOPs and weights, before anything is built.

total = passes x one pass + encodings x the prompt + decoding. A picture of side s has
(s / (f p))^2 tokens, with f of the autoencoder (1: pixels) and patches of p x p.
Counted as in `flops`: the matrix products and convolutions, two FLOPs for each
multiply-add.
"""

from typing import NamedTuple

from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.flops import (
    Cost,
    attention,
    double_block,
    knobs,
    linear,
    mlp,
    single_block,
)
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.strided import STRIDES
from coursekit.models.text_encoder import TextConfig

SINUSOIDS = 128  # of the time (`conditioning.Conditioner`)


class PictureCost(NamedTuple):
    """One picture, from words to pixels."""

    pixels: int
    tokens: int  # patches that the transformer sees
    words: int  # tokens of the prompt beside them
    parameters: int  # of all networks that take part
    flops: int  # one pass of the transformer, without the text encoder
    passes: int
    text: int  # FLOPs to encode one prompt
    encodings: int  # how often that is done
    decoding: int = 0  # FLOPs from latents to pixels

    @property
    def total(self) -> int:
        """FLOPs of the whole picture."""
        drawn = self.passes * self.flops + self.encodings * self.text
        return drawn + self.decoding

    def per_megapixel(self, amount: float) -> float:
        """For a million pixels: FLOPs, seconds or money of this one picture."""
        return amount / self.pixels * 1e6


def passes(steps: int, guided: bool) -> int:
    """Euler asks once a step; classifier-free guidance asks two questions each time."""
    return steps * (2 if guided else 1)


def tokens_of(size: int, factor: int, patch: int) -> int:
    """Tokens of a square picture of size x size pixels.

    factor: f of the autoencoder, 1 for pixels; a token is patch x patch latents (or
    pixels). Raises ValueError where whole patches do not fill the picture.
    """
    if size % (factor * patch):
        raise ValueError(f"{size} pixels: use a multiple of {factor} x {patch}")
    return (size // (factor * patch)) ** 2


def text_cost(config: TextConfig) -> Cost:
    """`text_encoder.TextEncoder`, one prompt, padding included."""
    words, width = config.length, config.width
    block = linear(words, width, 3 * width) + linear(words, width, width)
    block += attention(words, width) + mlp(words, width)
    block += Cost(4 * width)  # gains and shifts of two norms
    tables = Cost((config.vocabulary + words + 2) * width)
    return block.times(config.depth) + tables


def pass_cost(config: MMDiTConfig, tokens: int, strided: bool = False) -> Cost:
    """`mmdit.MMDiT`, one pass over one picture, without the text encoder.

    strided: a student that is told how far a step goes (`strided.StridedMMDiT`).
    Raises ValueError without normalised queries and keys: their weights are counted.
    """
    c, words, wide = config, config.text.length, config.width
    if not c.qk_norm:
        raise ValueError("counted with qk_norm only")
    pixels = c.channels * c.patch**2
    cost = linear(tokens, pixels, wide) + linear(tokens, wide, pixels) + knobs(2, wide)
    cost += linear(1, SINUSOIDS, wide) + linear(1, wide, wide)  # the time
    cost += linear(1, c.text.width, wide) + linear(1, wide, wide)  # the pooled prompt
    cost += linear(words, c.text.width, wide)
    for i in range(c.double):
        last = not c.single and i == c.double - 1
        cost += double_block(words, tokens, wide, c.heads, c.ratio, last)
    cost += single_block(words + tokens, wide, c.heads, c.ratio).times(c.single)
    return cost + Cost(STRIDES * wide, 2 * STRIDES * wide) if strided else cost


def decoding_cost(config: AutoencoderConfig, size: int) -> Cost:
    """The decoder of `autoencoder.Autoencoder`, for a square picture.

    A 3 x 3 convolution of a inputs to b outputs takes 9 a multiply-adds for each output
    and place. Raises ValueError for a size that is no multiple of f.
    """
    side, widths = size // config.factor, config.widths[::-1]
    tokens_of(size, config.factor, 1)

    def conv(inputs: int, outputs: int) -> Cost:
        return linear(side**2, 9 * inputs, outputs)

    cost, before = conv(config.latent, widths[0]), widths[0]
    for level, width in enumerate(widths):
        if level:
            side *= 2
            cost += conv(before, width)
        block = conv(width, width) + conv(width, width) + Cost(4 * width)
        cost, before = cost + block.times(config.blocks), width
    return cost + Cost(2 * before) + conv(before, config.folded)


def picture_cost(
    config: MMDiTConfig,
    size: int,
    autoencoder: AutoencoderConfig | None,
    steps: int,
    guided: bool,
    strided: bool = False,
) -> PictureCost:
    """A picture of size x size by one of our own models, with Euler's steps.

    autoencoder: of its latents, None for pixels; strided: see `pass_cost`. Our networks
    read the prompt again in every pass, as if it were new. An adapter is worked into
    the weights and costs nothing.
    """
    factor = autoencoder.factor if autoencoder else 1
    tokens, count = tokens_of(size, factor, config.patch), passes(steps, guided)
    one, text = pass_cost(config, tokens, strided), text_cost(config.text)
    end = decoding_cost(autoencoder, size) if autoencoder else Cost()
    weights = one.parameters + text.parameters + end.parameters
    return PictureCost(
        pixels=size**2,
        tokens=tokens,
        words=config.text.length,
        parameters=weights,
        flops=one.flops,
        passes=count,
        text=text.flops,
        encodings=count,
        decoding=end.flops,
    )
