"""The widgets of notebook 8a."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
