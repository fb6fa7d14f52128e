"""Pictures that move: the widgets of the notebooks.

    from coursekit.workbook import widgets
    widgets.forward_process(teddies, schedule, read)

Every widget is a thin shell around a plain function that is tested without a browser,
carries a still picture of itself, and never raises from a callback. Nothing heavy is
imported before a widget is made.

To add one: write a function that returns a `Reel` (all frames at once, scrubbed in the
browser) or a `Scene` (one state, drawn in a few milliseconds), test it, and hand it to
`FilmPlayer` or to `Live`. tests/browser then moves its sliders in a real JupyterLab.
"""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit.workbook.widgets.prediction import Prediction
    from coursekit.workbook.widgets.progress_bars import ProgressView

# Widget -> the module below this package that makes it.
_MODULES = {
    "block_knobs": "architecture",
    "clip_table": "latent",
    "compass": "score",
    "ddim_steps": "diffusion",
    "flow_bears": "flow",
    "flow_couplings": "flow",
    "flow_field": "flow",
    "flow_steps": "flow",
    "flow_votes": "flow",
    "forward_2d": "diffusion",
    "forward_process": "diffusion",
    "guidance_classes": "latent",
    "guidance_line": "latent",
    "guidance_prompts": "latent",
    "langevin_player": "score",
    "latent_beta": "latent",
    "latent_losses": "latent",
    "latent_walker": "latent",
    "one_belief": "flow",
    "patch_gaze": "architecture",
    "patch_sizes": "architecture",
    "reach_grower": "architecture",
    "reverse_2d": "diffusion",
    "rope_dial": "architecture",
    "schedule_editor": "diffusion",
    "sculptor": "diffusion",
    "sde_paths": "score",
    "skip_taps": "architecture",
    "solver_table": "score",
    "tour": "diffusion",
    "walks": "score",
}


def __getattr__(name: str) -> Any:
    """Import a widget when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"there is no widget {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Everything there is, for completion in the notebook."""
    return sorted([*globals(), *_MODULES])


def predict(prediction_id: str, question: str, options: Sequence[str]) -> "Prediction":
    """Write a prediction down before an experiment; `outcome` compares it later."""
    from coursekit.workbook.widgets.prediction import Prediction

    return Prediction(prediction_id, question, options)


def outcome(prediction_id: str, right: str, because: str = "") -> Any:
    """One line after the experiment: what was predicted, what was measured."""
    from html import escape

    from IPython.display import HTML

    from coursekit.workbook.plot_theme import colour
    from coursekit.workbook.widgets.prediction import outcome_line

    text, tone = outcome_line(prediction_id, right, because)
    edge = colour({"good": "green", "bad": "orange"}.get(tone, "ink"))
    style = f"border-left:4px solid {edge};padding:4px 12px"
    return HTML(f'<div style="{style}">{escape(text)}</div>')  # type: ignore[no-untyped-call]


def progress_view() -> "ProgressView":
    """What is solved, notebook by notebook, with a button that looks again."""
    from coursekit.workbook.widgets.progress_bars import ProgressView

    return ProgressView()
