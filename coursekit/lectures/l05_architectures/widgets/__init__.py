"""The widgets of notebook 05."""

from coursekit.lectures.l05_architectures.widgets.board import block_knobs
from coursekit.lectures.l05_architectures.widgets.dial import rope_dial
from coursekit.lectures.l05_architectures.widgets.gaze import patch_gaze
from coursekit.lectures.l05_architectures.widgets.reach import reach_grower
from coursekit.lectures.l05_architectures.widgets.taps import skip_taps
from coursekit.lectures.l05_architectures.widgets.tiles import patch_sizes
from coursekit.widgets import outcome, predict

__all__ = [
    "block_knobs",
    "outcome",
    "patch_gaze",
    "patch_sizes",
    "predict",
    "reach_grower",
    "rope_dial",
    "skip_taps",
]
