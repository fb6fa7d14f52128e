"""The widgets of notebook 10."""

from coursekit.lectures.l10_masked_diffusion_llm.widgets.hidden import hide_and_guess
from coursekit.widgets import outcome, predict

__all__ = ["hide_and_guess", "outcome", "predict"]
from coursekit.lectures.l10_masked_diffusion_llm.widgets.player import step_player
from coursekit.widgets import outcome, predict

__all__ = ["outcome", "predict", "step_player"]
from coursekit.lectures.l10_masked_diffusion_llm.widgets.blocks import blocks
from coursekit.widgets import outcome, predict

__all__ = ["blocks", "outcome", "predict"]
