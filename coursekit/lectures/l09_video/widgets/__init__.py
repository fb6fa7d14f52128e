"""The widgets of notebook 09."""

from coursekit.lectures.l09_video.widgets.memory import memory
from coursekit.widgets import outcome, predict

__all__ = ["memory", "outcome", "predict"]
