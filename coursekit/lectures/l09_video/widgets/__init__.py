"""The widgets of notebook 09."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
