"""The widgets of notebook 06a."""

from coursekit.lectures.l06a_training_and_tuning.widgets.adapter import lora_strength
from coursekit.widgets import outcome, predict

__all__ = ["lora_strength", "outcome", "predict"]
