"""The widgets of notebook 07."""

from coursekit.lectures.l07_evaluation.widgets.votes import arena
from coursekit.widgets import outcome, predict

__all__ = ["arena", "outcome", "predict"]
