"""Pictures that move: what the widgets of all lectures are made of.

The widgets themselves are in each lecture's folder, `lectures/lNAME/widgets`.

Every widget is a thin shell around a plain function that is tested without a browser,
carries a still picture of itself, and never raises from a callback. Nothing heavy is
imported before a widget is made.

To add one: write a module with a function that returns a `Reel` (all frames at once,
scrubbed in the browser) or a `Scene` (one state, drawn in a few milliseconds), test it,
and end with the widget, which hands it to `FilmPlayer`, or to `Live` with `controls`.
A cell in tests/widget_cells.py then has its sliders moved in a real JupyterLab.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.widgets.predict_box import PredictBox
    from coursekit.widgets.progress_bars import ProgressView


def predict(prediction_id: str, question: str, options: Sequence[str]) -> "PredictBox":
    """Write a prediction down before an experiment; `outcome` compares it later."""
    from coursekit.widgets.predict_box import PredictBox

    return PredictBox(prediction_id, question, options)


def outcome(
    prediction_id: str, right: str, because: str = "", found: str = "Measured"
) -> Any:
    """One line after the experiment: what was predicted, what was found, and how."""
    from html import escape

    from IPython.display import HTML

    from coursekit.plots.theme import colour
    from coursekit.widgets.predict_box import outcome_line

    text, tone = outcome_line(prediction_id, right, because, found)
    edge = colour({"good": "green", "bad": "orange"}.get(tone, "ink"))
    style = f"border-left:4px solid {edge};padding:4px 12px"
    return HTML(f'<div style="{style}">{escape(text)}</div>')  # type: ignore[no-untyped-call]


def progress_view() -> "ProgressView":
    """What is solved, notebook by notebook, with a button that looks again."""
    from coursekit.widgets.progress_bars import ProgressView

    return ProgressView()
