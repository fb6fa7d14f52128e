"""The widgets of notebook 10."""

from coursekit.lectures.l10_masked_diffusion_llm.widgets.blocks import blocks
from coursekit.widgets import outcome, predict

__all__ = ["blocks", "outcome", "predict"]
