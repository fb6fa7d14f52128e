"""Patch size, width and depth: how many tokens, weights and FLOPs?"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.sample import teddies
from coursekit.models.flops import Cost, attention, dit_block, dit_flops, linear
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.theme import rgb
from coursekit.widgets.controls import level
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SIDE = 32
PATCHES = (1, 2, 4, 8, 16)
WIDTHS = (32, 64, 128, 256, 512)


@cache
def _picture() -> NDArray[np.uint8]:
    return np.asarray(teddies(1, SIDE, seed=12)[0][0])


def tiled(patch: int) -> NDArray[np.uint8]:
    """A picture cut into patches, eight dots a pixel, with dark lines between."""
    big = np.kron(_picture(), np.ones((8, 8, 1), np.uint8))
    step = 8 * patch
    width = 2 if patch > 1 else 1
    for start in range(step, 8 * SIDE, step):
        big[start - width // 2 : start + (width + 1) // 2] = rgb("pink")
        big[:, start - width // 2 : start + (width + 1) // 2] = rgb("pink")
    return big


def cost(patch: int, width: int, depth: int) -> Cost:
    """A DiT's blocks, embedding and head, for one picture of 3 x 32 x 32."""
    tokens, flops = dit_flops(SIDE, patch, width, depth)
    blocks = Cost(depth * dit_block(tokens, width).parameters, flops)
    ends = linear(tokens, 3 * patch**2, width) + linear(tokens, width, 3 * patch**2)
    return blocks + ends


def draw(patch: int, width: int, depth: int) -> Scene:
    """The cut picture, and FLOPs and weights over the patch size."""
    costs = [cost(p, width, depth) for p in PATCHES]
    x = np.log2(PATCHES)
    shown = {
        "FLOPs": [c.flops for c in costs],
        "weights": [c.parameters for c in costs],
    }
    tokens, _ = dit_flops(SIDE, patch, width, depth)
    chart = Chart(
        [Curve(name, x, np.array(values)) for name, values in shown.items()],
        title="per picture",
        x_name="log₂ of the patch size",
        x_limits=(0.0, 4.0),
        y_limits=(4.0, 13.0),
        log_y=True,
        cursor=float(np.log2(patch)),
        width=380,
        height=240,
    )
    now = cost(patch, width, depth)
    share = depth * attention(tokens, width).flops / now.flops
    text = (
        f"{tokens:,} tokens of {3 * patch**2} numbers. {now.parameters:,} weights, "
        f"{now.flops / 1e6:,.0f} MFLOPs, of which {share:.0%} go to the tables of "
        "attention."
    )
    return Scene((chart,), tiled(patch)[None], (f"{patch} x {patch} pixels",), text)


def patch_sizes() -> Live:
    """Cut a picture into larger or smaller patches: tokens, weights, FLOPs."""
    controls = {
        "patch": level("patch size", PATCHES, 4),
        "width": level("width", WIDTHS, 128),
        "depth": level("depth", (2, 4, 6, 8, 12, 24), 6),
    }
    return Live(controls, draw, "patch_sizes")
