"""Lecture 3: ids, symbols and titles. What computes is in flow_*.py."""

from coursekit.checks.spec import Entry, Exercise
from coursekit.workbook.exercises.flow_choices import CHOICES
from coursekit.workbook.exercises.flow_formulas import FORMULAS

_HERE = "coursekit.workbook.exercises"
_FLOW = "coursekit.theory.flow"
_REFLOW = "coursekit.theory.reflow"

_CODE = (
    ("03.1", f"{_FLOW}:conditional_path", "A line from data to noise", "line"),
    ("03.2", f"{_FLOW}:conditional_velocity", "The velocity of one line", "slope"),
    ("03.3", f"{_FLOW}:marginal_velocity", "The velocity of them all", "marginal"),
    ("03.4", f"{_FLOW}:cfm_loss", "Learning the velocity", "loss"),
    ("03.5", f"{_FLOW}:euler_step", "One step along the flow", "steps"),
    ("03.6", f"{_FLOW}:heun_step", "A better step", "steps"),
    ("03.7", f"{_FLOW}:continuity_residual", "Nothing gets lost", "continuity"),
    ("03.8", f"{_FLOW}:from_velocity", "One field, five names", "translate"),
    ("03.9", f"{_REFLOW}:make_pairs", "Pairs that the flow makes", "pairs"),
    ("03.10", f"{_REFLOW}:straightness", "How straight is a flow?", "straight"),
    (
        "03.11",
        "coursekit.theory.couplings:ot_coupling",
        "Which noise for which data?",
        "coupling",
    ),
    (
        "03.12",
        "coursekit.theory.likelihood:log_likelihood",
        "Stretch: the exact likelihood",
        "likelihood",
    ),
)

ENTRIES: tuple[Entry, ...] = (
    *(
        Exercise(
            exercise_id,
            symbol,
            title,
            f"{_HERE}.flow_{module}:{symbol.partition(':')[2].upper()}",
        )
        for exercise_id, symbol, title, module in _CODE
    ),
    *FORMULAS,
    *CHOICES,
)
