"""The widgets of notebook 01."""

from coursekit.lectures.l01_diffusion.widgets.films import (
    ddim_steps,
    forward_2d,
    forward_process,
    reverse_2d,
)
from coursekit.lectures.l01_diffusion.widgets.schedule import schedule_editor
from coursekit.widgets import outcome, predict
from coursekit.widgets.reverse import sculptor

__all__ = [
    "ddim_steps",
    "forward_2d",
    "forward_process",
    "outcome",
    "predict",
    "reverse_2d",
    "schedule_editor",
    "sculptor",
]
