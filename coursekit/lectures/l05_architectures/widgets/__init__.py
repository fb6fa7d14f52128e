"""The widgets of notebook 05.

Thin shells: what they compute is in architecture_gaze, _board, _taps, _dial, _reach and
_tiles, and is tested without a browser.
"""

from typing import Any

import ipywidgets as w

from coursekit.widgets import outcome as outcome
from coursekit.widgets import predict as predict
from coursekit.widgets.live import Live

_WIDE: dict[str, Any] = {
    "style": {"description_width": "110px"},
    "layout": {"width": "460px"},
}


def _time(value: float) -> w.FloatSlider:
    """A slider for t: noise on the right."""
    return w.FloatSlider(value, min=0.0, max=1.0, step=0.02, description="t", **_WIDE)


def _steps(name: str, options: tuple[int, ...], value: int) -> w.SelectionSlider:
    return w.SelectionSlider(options=options, value=value, description=name, **_WIDE)


def reach_grower() -> Live:
    """Grow a convolutional network, and see how far it sees."""
    from coursekit.lectures.l05_architectures.widgets.reach import draw

    controls = {
        "levels": _steps("levels", (1, 2, 3), 1),
        "blocks": _steps("blocks a level", (1, 2, 3), 1),
        "kernel": _steps("kernel", (3, 5, 7), 3),
        "attention": w.ToggleButtons(
            options=[("convolutions only", False), ("with attention", True)]
        ),
    }
    return Live(controls, lambda **state: draw(**state), "reach_grower")


def skip_taps(net: Any) -> Live:
    """Close the skips of a trained U-Net, one by one.

    net: a U-Net that predicts the velocity of 32-pixel teddies.
    """
    from coursekit.lectures.l05_architectures.widgets.taps import Taps, draw

    taps = Taps.of(net)
    controls = {
        "closed": w.ToggleButtons(options=list(taps.choices())),
        "t": w.FloatSlider(
            0.3, min=0.02, max=0.98, step=0.02, description="t", **_WIDE
        ),
    }
    return Live(controls, lambda **state: draw(taps, **state), "skip_taps")


def block_knobs(net: Any) -> Live:
    """Shift, scale and gate of every block of a trained DiT, over time."""
    from coursekit.lectures.l05_architectures.experiments.attention import KNOBS
    from coursekit.lectures.l05_architectures.widgets.board import Board, draw

    board = Board.of(net)
    controls = {
        "knob": w.ToggleButtons(options=KNOBS, value="gate"),
        "t": _time(0.5),
    }
    return Live(controls, lambda **state: draw(board, **state), "block_knobs")


def patch_gaze(model: Any, *, number: int = 0) -> Live:
    """Click a patch of a hall: whom does it look at?

    model: a `Inpainter` around a DiT.  number: which hall.
    """
    from coursekit.lectures.l05_architectures.widgets.gaze import Gaze, draw
    from coursekit.lectures.l05_architectures.widgets.patch_picker import PatchPicker

    gaze = Gaze.of(model, model.net.config.patch, number)
    side = gaze.columns
    begin = gaze.hat(reflected=True)
    picker = PatchPicker(gaze.seen(0.8), side, side, begin[len(begin) // 2])
    layers = [str(i + 1) for i in range(model.net.config.depth)]
    controls = {
        "value": picker,
        "t": _time(0.8),
        "heads": w.ToggleButtons(
            options=[("all layers", "mean")]
            + [(f"heads of layer {i}", i) for i in layers],
        ),
    }

    def drawn(value: int, t: float, heads: str) -> Any:
        picker.show(gaze.seen(t))
        return draw(gaze, value, t, heads)

    return Live(controls, drawn, "patch_gaze")


def rope_dial() -> Live:
    """Turn a query and a key by their places: only the difference counts."""
    from coursekit.lectures.l05_architectures.widgets.dial import DIM, draw

    place = {"min": 0.0, "max": 16.0, "step": 1.0, "readout_format": ".0f"}
    controls = {
        "query": w.FloatSlider(3.0, description="query at", **place, **_WIDE),
        "key": w.FloatSlider(7.0, description="key at", **place, **_WIDE),
        "pair": _steps("pair shown", tuple(range(1, DIM // 2 + 1)), 1),
        "base": w.ToggleButtons(options=["100", "10000"], description="base"),
    }
    return Live(controls, lambda **state: draw(**state), "rope_dial")


def patch_sizes() -> Live:
    """Cut a picture into larger or smaller patches: tokens, weights, FLOPs."""
    from coursekit.lectures.l05_architectures.widgets.tiles import PATCHES, WIDTHS, draw

    controls = {
        "patch": _steps("patch size", PATCHES, 4),
        "width": _steps("width", WIDTHS, 128),
        "depth": _steps("depth", (2, 4, 6, 8, 12, 24), 6),
    }
    return Live(controls, lambda **state: draw(**state), "patch_sizes")
