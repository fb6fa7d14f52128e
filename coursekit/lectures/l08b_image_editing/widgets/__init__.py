"""The widgets of notebook 8b."""

from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict"]
# MARK widgets
