"""What can be moved in notebook 8c."""

from coursekit.lectures.l08c_cost_collapse_trust.widgets.attack_bench import (
    attack_bench,
)
from coursekit.lectures.l08c_cost_collapse_trust.widgets.families import generations
from coursekit.widgets import outcome, predict

__all__ = ["attack_bench", "generations", "outcome", "predict"]
