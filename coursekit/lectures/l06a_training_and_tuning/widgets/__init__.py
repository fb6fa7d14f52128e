"""The widgets of notebook 06a."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
