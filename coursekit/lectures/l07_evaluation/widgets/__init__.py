"""The widgets of notebook 07."""

from coursekit.lectures.l07_evaluation.widgets.tifa_tree import tifa_tree
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict", "tifa_tree"]
