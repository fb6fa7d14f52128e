"""The widgets of notebook 09."""

from coursekit.lectures.l09_video.widgets.captions import captions
from coursekit.lectures.l09_video.widgets.cost import clip_cost
from coursekit.widgets import outcome, predict

__all__ = ["captions", "clip_cost", "outcome", "predict"]
