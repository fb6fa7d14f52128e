"""The widgets of notebook 06b."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
