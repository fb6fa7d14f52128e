"""How large published models that draw are, and what a picture costs them.

Read in their code and configurations:
FLUX.2 [dev]: black-forest-labs/flux2 at ab7cca6, `model.py` (Flux2Params),
`autoencoder.py` (f = 8, 32 channels folded by 2 x 2), `text_encoder.py` (512 tokens,
padded), `cli.py` (50 steps, guidance as an input: one pass a step).
Qwen-Image: diffusers, `transformer_qwenimage.py`, whose defaults are its configuration;
`vae/config.json` (four levels, 16 channels); its README (50 steps, true_cfg_scale 4).
HiDream-O1-Image: HiDream-ai/HiDream-O1-Image at 210c9bf, `qwen3_vl_transformers.py`
(patches, bottleneck, time as a token) and `pipeline.py` (50 steps, two passes each);
width, depth and keys of the language model from the model card of its port
huggingface.co/sunandbean/hidream-o1-p100a.
Weights of the text encoders: the "#Params" of the README of HiDream-O1-Image.
"""

from dataclasses import dataclass

from coursekit.models.flops import Cost, attention, knobs, linear
from coursekit.models.picture_cost import PictureCost, passes, tokens_of


@dataclass(frozen=True)
class Shape:
    """What the cost of a transformer over words and patches depends on."""

    width: int
    double: int  # blocks with two streams
    single: int  # blocks with one
    hidden: int  # of the MLP
    channels: int  # of the latents, or 3
    patch: int
    factor: int  # f of the autoencoder, 1 without
    text: int = 0  # features of a word as it comes; 0: it is a token already
    gated: bool = False  # an MLP with three matrices instead of two (SwiGLU)
    keys: int = 0  # features of all keys together; 0: as many as `width`
    knobs: str = "own"  # each block its own, "shared" by all of a kind, or "none"
    bottleneck: int = 0  # features of a patch on its way in
    encoder: float = 0  # weights of the text encoder
    steps: int = 50
    guided: bool = True  # two passes a step


SHAPES = {
    "FLUX.2 [dev]": Shape(
        6144, 8, 48, 3 * 6144, 32, 2, 8, 15360, gated=True, knobs="shared",
        encoder=24e9, guided=False,
    ),
    "Qwen-Image": Shape(3072, 60, 0, 4 * 3072, 16, 2, 8, 3584, encoder=7e9),
    "HiDream-O1-Image": Shape(
        4096, 0, 36, 12288, 3, 32, 1, gated=True, keys=1024, knobs="none",
        bottleneck=1024,
    ),
}  # fmt: skip


def maps(shape: Shape, tokens: int) -> Cost:
    """The matrices of one stream of a block, without attention and knobs.

    Four linear maps, each applied to all `tokens`: W to W + 2 K (queries, keys and
    values), W to W (out of the attention), W to H, H to W (the MLP). W is `width`, H is
    `hidden`, K is `keys` or, where that is 0, W. A gated MLP widens twice: its first
    map is W to 2 H. In parallel or one after the other, they are the same matrices.
    Biases count (`flops.linear`); few of these models have any.
    """
    wide, keys = shape.width, shape.keys or shape.width
    cost = linear(tokens, wide, wide + 2 * keys) + linear(tokens, wide, wide)
    cost += linear(tokens, wide, (1 + shape.gated) * shape.hidden)
    return cost + linear(tokens, shape.hidden, wide)


def shape_pass(shape: Shape, words: int, tokens: int) -> Cost:
    """One pass over the words and the tokens of a picture: ends, blocks, knobs.

    Ends: a patch has channels x patch^2 numbers. Linear maps take it to `width`, by way
    of `bottleneck` where there is one, and from `width` back; another takes each word
    from `text` to `width`, unless that is 0.
    Blocks: one with two streams has `maps` for the words and `maps` of their own for
    the tokens; one with a single stream has `maps` for all of them. Either has one
    `flops.attention` over all of them, whatever `keys` is.
    Knobs (`flops.knobs`): 2 for the head, 12 for each double and 3 for each single
    block. Where they are "shared" all blocks of a kind have the same, counted once;
    "none": not even the head has any. The time's embedding is left out.
    """
    wide, pixels = shape.width, shape.channels * shape.patch**2
    cost = linear(tokens, wide, pixels)
    if shape.bottleneck:
        cost += linear(tokens, pixels, shape.bottleneck)
    cost += linear(tokens, shape.bottleneck or pixels, wide)
    if shape.text:
        cost += linear(words, shape.text, wide)
    both = attention(words + tokens, wide)
    double = maps(shape, words) + maps(shape, tokens) + both
    single = maps(shape, words + tokens) + both
    cost += double.times(shape.double) + single.times(shape.single)
    if shape.knobs == "none":
        return cost
    shared = shape.knobs == "shared"
    two = min(shape.double, 1) if shared else shape.double
    one = min(shape.single, 1) if shared else shape.single
    return cost + knobs(2 + 12 * two + 3 * one, wide)


def decoder_cost(size: int, channels: int = 32, width: int = 128) -> Cost:
    """The decoder of FLUX.2's autoencoder (`autoencoder.py`): latents to a picture.

    Two residual blocks around an attention, then four levels of 4, 4, 2 and 1 times
    `width` channels with three residual blocks each. size: a multiple of 8.
    """
    side, before = size // 8, 4 * width

    def conv(inputs: int, outputs: int, kernel: int = 3) -> Cost:
        return linear(side**2, kernel**2 * inputs, outputs)

    def block(inputs: int, outputs: int) -> Cost:
        norms = Cost(2 * inputs + 2 * outputs)
        two = conv(inputs, outputs) + conv(outputs, outputs) + norms
        return two if inputs == outputs else two + conv(inputs, outputs, 1)

    cost = conv(channels, channels, 1) + conv(channels, before)
    cost += block(before, before).times(2) + Cost(2 * before)
    cost += conv(before, before, 1).times(4) + attention(side**2, before)
    for level, after in enumerate((4 * width, 4 * width, 2 * width, width)):
        if level:
            side *= 2
            cost += conv(before, before)
        cost += block(before, after) + block(after, after).times(2)
        before = after
    return cost + Cost(2 * before) + conv(before, 3)


def published_cost(shape: Shape, size: int, words: int) -> PictureCost:
    """A picture of size x size. words: tokens of the prompt, padding included.

    The text encoder is taken at two FLOPs a weight and word, once for each prompt; the
    decoder of the autoencoder is left out (`decoder_cost`).
    """
    tokens = tokens_of(size, shape.factor, shape.patch)
    one = shape_pass(shape, words, tokens)
    return PictureCost(
        pixels=size**2,
        tokens=tokens,
        words=words,
        parameters=one.parameters + int(shape.encoder),
        flops=one.flops,
        passes=passes(shape.steps, shape.guided),
        text=int(2 * shape.encoder * words),
        encodings=2 if shape.guided else 1,
    )
