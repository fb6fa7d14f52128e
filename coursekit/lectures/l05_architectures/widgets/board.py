"""The knobs of a DiT's blocks over time, as curves and at one moment.

adaLN reads shift, scale and gate of every block off the time alone: what has training
made of them?
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coursekit.lectures.l05_architectures.experiments.attention import (
    KNOBS,
    PARTS,
    knob_sizes,
)
from coursekit.models.dit import DiT
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.theme import SERIES
from coursekit.widgets.controls import choice, time
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene, nearest

Floats = NDArray[np.float64]
NAMES = {"attention": "attention", "mlp": "MLP"}


@dataclass(frozen=True)
class Board:
    """Times (F,) and mean sizes (F, layers, parts, kinds) of all knobs."""

    ts: Floats
    size: Floats

    @classmethod
    def of(cls, model: DiT, count: int = 51) -> "Board":
        """Turn the time, and read off every knob."""
        ts, size = knob_sizes(model, count)
        return cls(ts.double().numpy(), size.double().numpy())


def draw(board: Board, knob: str, t: float) -> Scene:
    """One chart for the attention and one for the MLP, a curve for each block."""
    kind = KNOBS.index(knob)
    top = max(float(board.size[..., kind].max()), 1e-3) * 1.08
    layers = board.size.shape[1]
    charts = [
        Chart(
            [
                Curve(
                    f"{layer + 1}",
                    board.ts,
                    board.size[:, layer, part, kind],
                    SERIES[layer % len(SERIES)],
                )
                for layer in range(layers)
            ],
            title=f"|{knob}| of the {NAMES[PARTS[part]]}",
            x_name="t  (1 is noise)",
            y_limits=(0.0, top),
            cursor=t,
            width=380,
            height=220,
        )
        for part in range(len(PARTS))
    ]
    now = nearest(board.ts, t)
    values = board.size[now, :, :, kind]
    layer, part = np.unravel_index(int(values.argmax()), values.shape)
    what = {
        "gate": "adds most to its tokens",
        "scale": "is amplified most",
        "shift": "is shifted most",
    }[knob]
    text = (
        f"At t = {board.ts[now]:.2f} the {NAMES[PARTS[part]]} of block {layer + 1} "
        f"{what}: {values.max():.2f} on average. A new block has 0 everywhere."
    )
    return Scene(tuple(charts), text=text)


def block_knobs(net: DiT) -> Live:
    """Shift, scale and gate of every block of a trained DiT, over time."""
    controls = {"knob": choice(KNOBS, "gate"), "t": time(0.5)}
    return Live(controls, partial(draw, Board.of(net)), "block_knobs")
