"""The widgets of notebook 06b."""

from coursekit.lectures.l06b_preferences_and_distillation.widgets.jumps import one_jump
from coursekit.widgets import outcome, predict

__all__ = ["one_jump", "outcome", "predict"]
