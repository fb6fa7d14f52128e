"""The widgets of notebook 07."""

from coursekit.lectures.l07_evaluation.widgets.crowds import two_crowds
from coursekit.lectures.l07_evaluation.widgets.spoilt import spoilt_crowd
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict", "spoilt_crowd", "two_crowds"]
