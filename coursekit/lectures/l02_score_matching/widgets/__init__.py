"""The widgets of notebook 02."""

from coursekit.lectures.l02_score_matching.widgets.field import compass
from coursekit.lectures.l02_score_matching.widgets.langevin import (
    langevin_player,
    walks,
)
from coursekit.lectures.l02_score_matching.widgets.paths import sde_paths
from coursekit.lectures.l02_score_matching.widgets.solvers import solver_table
from coursekit.widgets import outcome, predict

__all__ = [
    "compass",
    "langevin_player",
    "outcome",
    "predict",
    "sde_paths",
    "solver_table",
    "walks",
]
