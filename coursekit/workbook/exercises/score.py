"""Lecture 2: ids, symbols and titles. What computes is in score_*.py."""

from coursekit.checks.spec import Entry, Exercise
from coursekit.workbook.exercises.score_choices import CHOICES
from coursekit.workbook.exercises.score_formulas import FORMULAS

_HERE = "coursekit.workbook.exercises"
_THEORY = "coursekit.theory"

_CODE = (
    ("02.1", "score:mixture_score", "Everyone pulls", "mixture"),
    ("02.2", "score:divergence", "Out of a point, or into it?", "divergence"),
    ("02.3", "score:ism_loss", "Integrate by parts", "implicit"),
    ("02.4", "score:ssm_loss", "Along one random line", "sliced"),
    ("02.5", "score:dsm_loss", "Ask for the noise back", "denoising"),
    ("02.6", "score:ncsn_loss", "All noise levels at once", "levels"),
    ("02.7", "langevin:langevin", "Climb and shake", "langevin"),
    ("02.8", "langevin:annealed_langevin", "From much noise to little", "annealed"),
    ("02.9", "sde:drift_diffusion", "The equation of a path", "drift"),
    ("02.10", "sde:euler_maruyama_step", "A pull and a shake", "maruyama"),
    ("02.11", "sde:reverse_sde_step", "Backwards in time", "reverse"),
    ("02.12", "sde:probability_flow", "The same crowd without chance", "flow"),
    ("02.13", "dpm_solver:dpm1_step", "The linear half, exactly", "dpm1"),
    ("02.14", "dpm_solver:dpm2_step", "A look at the middle", "dpm2"),
)

ENTRIES: tuple[Entry, ...] = (
    *(
        Exercise(
            exercise_id,
            f"{_THEORY}.{symbol}",
            title,
            f"{_HERE}.score_{module}:{symbol.partition(':')[2].upper()}",
        )
        for exercise_id, symbol, title, module in _CODE
    ),
    *FORMULAS,
    *CHOICES,
)
