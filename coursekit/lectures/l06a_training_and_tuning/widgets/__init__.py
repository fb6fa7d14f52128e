"""The widgets of notebook 06a."""

from coursekit.lectures.l06a_training_and_tuning.widgets.adapter import lora_strength
from coursekit.lectures.l06a_training_and_tuning.widgets.law import time_law
from coursekit.lectures.l06a_training_and_tuning.widgets.sizes import noisy_sizes
from coursekit.widgets import outcome, predict

__all__ = [
    "lora_strength",
    "noisy_sizes",
    "outcome",
    "predict",
    "time_law",
]
