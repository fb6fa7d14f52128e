"""Guidance as films: the same noise at one scale after another.

Each frame is a whole sampling run, so films are computed once and scrubbed.
"""

from collections.abc import Sequence

import ipywidgets as w
import numpy as np
import torch
from torch import nn

from coursekit.datasets import fashion
from coursekit.evaluation.features import fashion_classes
from coursekit.lectures.l04_latent_space.experiments.guidance_scale import (
    CLASSES,
    drawn,
    free,
)
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.pipeline import Pipeline
from coursekit.plots.images import Picture
from coursekit.plots.table import Table, missing
from coursekit.theory.noise import pixel_noise
from coursekit.training.pretrained import load_model
from coursekit.widgets.controls import sentence
from coursekit.widgets.film_player import FilmPlayer, noise_player
from coursekit.widgets.reel import Axis, Meter, Reel
from coursekit.widgets.samples import to_pixels
from coursekit.widgets.still import WithStill, one_line

CLASS_SCALES = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
PROMPT_SCALES = (1.0, 2.0, 3.0, 5.0, 8.0)


def what_it_means(scale: float) -> str:
    """The scale in words."""
    if scale == 0:
        return "scale 0: the condition is ignored"
    if scale == 1:
        return "scale 1: the condition as it was learnt, no guidance"
    return f"scale {scale:g}: {scale:g} times as far as the condition leads"


def class_reel(
    model: nn.Module,
    scales: Sequence[float] = CLASS_SCALES,
    seed: int = 0,
    steps: int = 16,
) -> Reel:
    """One picture of each of the ten classes, from the same ten noises at each scale.

    The bar is the share in which a classifier, which guided nothing, sees the class.
    """
    labels = torch.arange(CLASSES)
    generator = torch.Generator().manual_seed(seed)
    start = pixel_noise((CLASSES, 1, 28, 28), generator)
    film = torch.stack([drawn(free(model, labels, s), start, steps) for s in scales])
    pixels = to_pixels(film)
    right = [float((fashion_classes(p) == labels.numpy()).mean()) for p in pixels]
    return Reel(
        pixels,
        (Axis("guidance scale", tuple(f"{s:g}" for s in scales)),),
        columns=5,
        captions=tuple(what_it_means(s) for s in scales),
        notes=tuple(tuple(fashion.CLASSES) for _ in scales),
        meters=(Meter("class seen", tuple(right), tuple(f"{r:.0%}" for r in right)),),
        start=min(1, len(scales) - 1),
        tile=112,
    )


def prompt_reel(
    pipe: Pipeline,
    prompt: str,
    negative: str = "",
    scales: Sequence[float] = PROMPT_SCALES,
    count: int = 4,
    seed: int = 0,
) -> Reel:
    """Pictures of one prompt from the same noises at each scale.

    negative: a prompt to stay away from; at scale 1 nobody is pushed anywhere.
    """
    frames = []
    for scale in scales:
        at = pipe.swap(guidance="classifier-free", scale=scale)
        at = at.avoiding(negative) if negative and scale != 1 else at
        frames.append(at.draw([prompt] * count, seed))
    away = f", away from: {negative}" if negative else ""
    return Reel(
        np.stack(frames),
        (Axis("guidance scale", tuple(f"{s:g}" for s in scales)),),
        columns=count,
        captions=tuple(f"{what_it_means(s)}{away if s != 1 else ''}" for s in scales),
        start=min(2, len(scales) - 1),
        tile=128,
    )


def guidance_classes(
    name: str = "fashion-classes", *, seed: int = 0
) -> FilmPlayer | Table:
    """Ten classes of clothes from the same noise, at one guidance scale after another.

    The button draws other noise. Where the network is not trained yet: the line that
    trains it.
    """
    if not is_there(name):
        command = f"coursekit train {name} --profile cpu --publish"
        return missing("ten classes of clothes", command)
    model = load_model(name, clip=False)
    return noise_player(
        lambda player: class_reel(model, seed=seed + player.presses),
        "guidance_classes",
    )


class PromptFilm(WithStill, w.VBox):  # type: ignore[misc]
    """A prompt, a negative prompt, a button, and the film that they make."""

    def __init__(
        self, pipe: Pipeline, prompt: str, negative: str = "", *, seed: int = 0
    ) -> None:
        """Draw the first film at once."""
        self.pipe, self.seed = pipe, seed
        self.prompt = sentence("prompt", prompt)
        self.negative = sentence("away from", negative)
        self.player = FilmPlayer(
            None, action="draw", on_action=self._draw, name="guidance_prompts"
        )
        try:
            self.player.load(self._draw(self.player))
        except Exception as error:  # a learner's own pipeline may fail
            self.player.note = f"That did not work: {one_line(error)}"
        super().__init__([self.prompt, self.negative, self.player])

    def _draw(self, player: FilmPlayer) -> Reel:
        prompt, negative = self.prompt.value.strip(), self.negative.value.strip()
        return prompt_reel(self.pipe, prompt, negative, seed=self.seed + player.presses)

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return repr(self.player)

    def picture(self) -> Picture | None:
        """The film as a still picture."""
        return self.player.picture()


def guidance_prompts(
    pipe: Pipeline,
    prompt: str = "a brown bear with a red hat is reading in the park",
    negative: str = "",
    *,
    seed: int = 0,
) -> PromptFilm:
    """Pictures of your prompt from the same noise at one guidance scale after another.

    pipe: a `coursekit.pipeline.pipeline.Pipeline` that is told prompts. The button
    draws the prompt that stands there now, from other noise.
    """
    return PromptFilm(pipe, prompt, negative, seed=seed)
