"""The widgets of notebook 06b."""

from coursekit.lectures.l06b_preferences_and_distillation.widgets.bears import (
    bear_students,
)
from coursekit.lectures.l06b_preferences_and_distillation.widgets.beta import dpo_beta
from coursekit.lectures.l06b_preferences_and_distillation.widgets.dice import dice
from coursekit.lectures.l06b_preferences_and_distillation.widgets.jumps import one_jump
from coursekit.lectures.l06b_preferences_and_distillation.widgets.live_bears import (
    live_bears,
)
from coursekit.lectures.l06b_preferences_and_distillation.widgets.plane_ladder import (
    plane_ladder,
)
from coursekit.widgets import outcome, predict

__all__ = [
    "bear_students",
    "dice",
    "dpo_beta",
    "live_bears",
    "one_jump",
    "outcome",
    "plane_ladder",
    "predict",
]
