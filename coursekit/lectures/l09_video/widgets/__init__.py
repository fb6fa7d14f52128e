"""The widgets of notebook 09."""

from coursekit.lectures.l09_video.widgets.scrubber import scrubber
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict", "scrubber"]
