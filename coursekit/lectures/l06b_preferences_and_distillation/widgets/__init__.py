"""The widgets of notebook 06b."""

from coursekit.lectures.l06b_preferences_and_distillation.widgets.dice import dice
from coursekit.widgets import outcome, predict

__all__ = ["dice", "outcome", "predict"]
