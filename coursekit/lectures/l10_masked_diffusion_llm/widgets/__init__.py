"""The widgets of notebook 10."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
