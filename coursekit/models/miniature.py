"""A published plan at the size of a laptop: ratios stay, numbers shrink."""

from dataclasses import replace
from math import gcd

from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.picture_cost import text_cost
from coursekit.models.published_shapes import Shape
from coursekit.models.uit import UiTConfig


def miniature(shape: Shape, width: int, blocks: int, shrink: int = 4) -> Shape:
    """The same plan with `width` features and `blocks` blocks, for small pictures.

    - Blocks: the share with two streams stays, rounded down, but a kind that the plan
      has is never lost: at least one `double`. The others are `single`.
    - `hidden`, `keys`, `text`, `bottleneck`: their ratio to `width` stays, rounded down
      to a multiple of 8, and at least 8. What is 0 stays 0.
    - A side of a token is `shrink` times fewer pixels. The patch is divided by the
      largest number that divides both it and `shrink`, the factor by what is left.
    - `channels`: as many numbers for each pixel as before, rounded down, at least one:
      a smaller factor needs fewer. Without an autoencoder they stay as they are.
    - `encoder` is 0, for no language model is so small. All else is copied.

    Returns a new Shape. Raises ValueError for fewer blocks than kinds of blocks, and
    for a `shrink` that does not divide the pixels of a token's side so.
    """
    kinds = (shape.double > 0) + (shape.single > 0)
    if blocks < kinds:
        raise ValueError(f"{blocks} blocks: use {kinds} or more, one of each kind")
    given = gcd(shape.patch, shrink)
    factor, odd = divmod(shape.factor, shrink // given)
    if odd or not factor:
        raise ValueError(f"shrink={shrink}: no pixel can be cut in two")
    double = blocks * shape.double // (shape.double + shape.single)
    double = max(double, min(shape.double, 1))

    def scaled(part: int) -> int:
        return max(part * width // shape.width // 8 * 8, 8) if part else 0

    return replace(
        shape,
        width=width,
        double=double,
        single=blocks - double,
        hidden=scaled(shape.hidden),
        keys=scaled(shape.keys),
        text=scaled(shape.text),
        bottleneck=scaled(shape.bottleneck),
        patch=shape.patch // given,
        factor=factor,
        channels=max(shape.channels * factor**2 // shape.factor**2, 1),
        encoder=0,
    )


def shape_of(
    config: MMDiTConfig | UiTConfig, factor: int = 1, steps: int = 24
) -> Shape:
    """One of our own networks as a sheet, guided. factor: f of its autoencoder.

    In a UiT the time is a token, too: count one more word.
    """
    hidden = int(config.width * config.ratio)
    if isinstance(config, UiTConfig):
        return Shape(
            *(config.width, 0, config.depth, hidden),
            *(config.channels, config.patch, factor),
            knobs="none",
            bottleneck=config.bottleneck,
            steps=steps,
        )
    return Shape(
        *(config.width, config.double, config.single, hidden),
        *(config.channels, config.patch, factor, config.text.width),
        encoder=text_cost(config.text).parameters,
        steps=steps,
    )
