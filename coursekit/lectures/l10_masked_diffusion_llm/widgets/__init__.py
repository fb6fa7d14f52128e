"""The widgets of notebook 10."""

from coursekit.lectures.l10_masked_diffusion_llm.widgets.blocks import blocks
from coursekit.lectures.l10_masked_diffusion_llm.widgets.hidden import hide_and_guess
from coursekit.lectures.l10_masked_diffusion_llm.widgets.player import step_player
from coursekit.widgets import outcome, predict

__all__ = ["blocks", "hide_and_guess", "outcome", "predict", "step_player"]
