"""The widgets of notebook 04."""

from coursekit.lectures.l04_latent_space.widgets.films import latent_beta, latent_losses
from coursekit.lectures.l04_latent_space.widgets.guides import (
    guidance_classes,
    guidance_prompts,
)
from coursekit.lectures.l04_latent_space.widgets.line import guidance_line
from coursekit.lectures.l04_latent_space.widgets.walk import latent_walker
from coursekit.lectures.l04_latent_space.widgets.words import clip_table
from coursekit.widgets import outcome, predict

__all__ = [
    "clip_table",
    "guidance_classes",
    "guidance_line",
    "guidance_prompts",
    "latent_beta",
    "latent_losses",
    "latent_walker",
    "outcome",
    "predict",
]
