"""The widgets of notebook 09."""

from coursekit.lectures.l09_video.widgets.balls import ball_roll_out
from coursekit.widgets import outcome, predict

__all__ = ["ball_roll_out", "outcome", "predict"]
