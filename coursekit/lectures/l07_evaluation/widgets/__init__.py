"""The widgets of notebook 07."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
