"""The widgets of notebook 06b."""

from coursekit.lectures.l06b_preferences_and_distillation.widgets.plane_ladder import (
    plane_ladder,
)
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "plane_ladder", "predict"]
