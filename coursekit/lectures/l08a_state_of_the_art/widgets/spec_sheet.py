"""A data sheet to edit: what a picture costs, before anybody builds the model."""

from dataclasses import replace
from typing import Any

import numpy as np

from coursekit.evaluation.picture_prices import (
    H100_PEAK,
    PRICES,
    Machine,
    price_per_megapixel,
)
from coursekit.lectures.l08a_state_of_the_art.sheets import SHEETS, words
from coursekit.models.flops import attention
from coursekit.models.picture_cost import PictureCost
from coursekit.models.published_shapes import SHAPES, Shape, published_cost
from coursekit.plots.chart import Chart, Curve
from coursekit.widgets.controls import choice, level, number, sentence
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

FIRST = "HiDream-O1-Image"
PATCHES = (1, 2, 4, 8, 16, 32)
SIDES = (32, 64, 128, 256, 512, 1024, 2048, 4096)
GPU = Machine(H100_PEAK, 0.4)  # the share is assumed
HOUR = PRICES[0]
WRITTEN = ("width", "double", "single", "factor", "channels", "guided")


def written(shape: Shape) -> str:
    """What of a sheet is a line of text: `width=4096 double=0 ...`."""
    return " ".join(f"{name}={int(getattr(shape, name))}" for name in WRITTEN)


def edited(name: str, text: str = "", **values: int) -> Shape:
    """A sheet with other numbers; what belongs to the width goes with it.

    text: as `written`; what it leaves out stays. Raises ValueError for other words.
    """
    old, told = SHEETS[name], dict[str, Any](values)
    for part in text.replace(",", " ").split():
        key, _, value = part.partition("=")
        if key not in WRITTEN or not value.isdigit():
            raise ValueError(f"{part}: write {'=.. '.join(WRITTEN)}=..")
        told[key] = bool(int(value)) if key == "guided" else int(value)
    wide = told.get("width", old.width) / old.width
    for key in ("hidden", "keys", "bottleneck"):
        told[key] = int(getattr(old, key) * wide)
    return replace(old, **told)


def parts_of(shape: Shape, cost: PictureCost) -> dict[str, float]:
    """FLOPs of a picture: all, the products of attention, the text encoder."""
    both = attention(cost.words + cost.tokens, shape.width).flops
    blocks = shape.double + shape.single
    return {
        "all": float(cost.total),
        "attention": float(cost.passes * blocks * both),
        "text encoder": float(cost.encodings * cost.text),
    }


def draw(plan: str, sheet: str, patch: int, steps: int, side: int) -> Scene:
    """FLOPs over the side of the picture, and this picture in numbers."""
    shape = edited(plan, sheet, patch=patch, steps=steps)
    step = shape.factor * shape.patch
    side = max(side, step)  # one token at least
    sides = range(step, 2 * side + 1, max(side // 32 // step, 1) * step)
    costs = [published_cost(shape, each, words(plan)) for each in sides]
    found = [parts_of(shape, each) for each in costs]
    curves = [
        Curve(name, list(sides), [each[name] for each in found])
        for name in found[0]
        if found[0][name]
    ]
    top = int(np.ceil(np.log10(found[-1]["all"])))
    chart = Chart(
        curves,
        title="FLOPs of a picture",
        x_name="side of the picture, in pixels",
        x_limits=(0, 2 * side),
        y_limits=(top - 5, top),
        log_y=True,
        cursor=side,
        width=520,
        height=240,
    )
    cost = published_cost(shape, side, words(plan))
    share = parts_of(shape, cost)["attention"] / cost.total
    cents = 100 * price_per_megapixel(cost, GPU, HOUR.dollars)
    text = (
        f"{side} x {side} pixels: {cost.tokens:,} tokens of "
        f"{shape.channels * shape.patch**2:,} numbers. {cost.parameters:.3g} weights, "
        f"{shape.encoder:.2g} of them in the text encoder. {cost.passes} passes of "
        f"{cost.flops:.3g} FLOPs; a picture has {cost.total:.3g} FLOPs, {share:.0%} of "
        f"them in the products of attention. An H100 at {GPU.utilisation:.0%} of its "
        f"peak: {GPU.seconds(cost.total):.3g} s and {cents:.2g} cents a megapixel."
    )
    return Scene((chart,), text=text)


def spec_sheet() -> Live:
    """Buttons for the plan, which fill in a line to edit and set the sliders."""
    first = SHEETS[FIRST]
    controls = {
        "plan": choice(list(SHEETS), FIRST, "plan"),
        "sheet": sentence("sheet", written(first)),
        "patch": level("patch", PATCHES, first.patch),
        "steps": number("steps", first.steps, 1, 50, 1, "d"),
        "side": level("side", SIDES, 2048),
    }
    live = Live(controls, draw, "spec_sheet")

    def fill(_: object) -> None:
        name = controls["plan"].value
        controls["sheet"].value = written(SHEETS[name])
        controls["patch"].value = SHEETS[name].patch
        controls["steps"].value = SHEETS[name].steps
        controls["side"].value = 2048 if name in SHAPES else 32

    controls["plan"].observe(fill, "value")
    return live
