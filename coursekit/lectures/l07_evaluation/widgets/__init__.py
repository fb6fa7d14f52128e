"""The widgets of notebook 07."""

from coursekit.lectures.l07_evaluation.widgets.crowds import two_crowds
from coursekit.lectures.l07_evaluation.widgets.sitting import tired_people
from coursekit.lectures.l07_evaluation.widgets.spoilt import spoilt_crowd
from coursekit.lectures.l07_evaluation.widgets.tifa_tree import tifa_tree
from coursekit.lectures.l07_evaluation.widgets.votes import arena
from coursekit.widgets import outcome, predict

__all__ = [
    "arena",
    "outcome",
    "predict",
    "spoilt_crowd",
    "tifa_tree",
    "tired_people",
    "two_crowds",
]
