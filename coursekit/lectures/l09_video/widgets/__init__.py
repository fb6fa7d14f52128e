"""The widgets of notebook 09."""

from coursekit.lectures.l09_video.widgets.balls import ball_roll_out
from coursekit.lectures.l09_video.widgets.captions import captions
from coursekit.lectures.l09_video.widgets.cost import clip_cost
from coursekit.lectures.l09_video.widgets.memory import memory
from coursekit.lectures.l09_video.widgets.scrubber import scrubber
from coursekit.widgets import outcome, predict

__all__ = [
    "ball_roll_out",
    "captions",
    "clip_cost",
    "memory",
    "outcome",
    "predict",
    "scrubber",
]
