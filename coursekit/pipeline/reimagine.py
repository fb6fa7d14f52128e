"""Image to image: noise a picture a little, and let a model walk back to a picture."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.reconstruction import Images
from coursekit.evaluation.resizing import resize
from coursekit.evaluation.text_sampling import starts
from coursekit.pipeline.guides import belief
from coursekit.pipeline.pipeline import BATCH, from_checkpoint
from coursekit.theory.solvers import euler
from coursekit.training.recipe import Data
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES
from coursekit.trust.attacks import pixels_of, png_of

NAME = "teddy-64-prompts"
STEPS = 12


@torch.no_grad()
def reimagine(contents: Sequence[bytes], t: float = 0.3, seed: int = 0) -> list[bytes]:
    """Picture files as the model that ships draws them again: PNG, 64 x 64.

    SDEdit (Meng et al. 2022) adds noise to a picture and takes it away with a diffusion
    model. Here the picture's latents go to time t on the straight path and back to 0 in
    STEPS Euler steps, told the empty prompt. 0 < t <= 1; at t = 1 nothing is left of
    the picture. Raises PipelineError where the model is not trained yet.
    """
    pipe, recipe = from_checkpoint(NAME), cast(PromptRecipe, RECIPES[NAME])
    parts, boxes, size = pipe.parts, replace(pipe.boxes, scale=1.0), recipe.size
    assert parts.null is not None
    done: list[bytes] = []
    for i in range(0, len(contents), BATCH):
        seen = [_small(content, size) for content in contents[i : i + BATCH]]
        data = Data(torch.from_numpy(np.concatenate(seen)), "")
        z0 = recipe.space.encoded(data).x
        eps = starts(len(z0), parts.shape, seed + i)
        zt = parts.path.corrupt(z0, eps, torch.full((len(z0),), t))
        ts = torch.linspace(t, 0, STEPS + 1, dtype=torch.float64)
        null = parts.null.expand(len(z0), -1)
        *_, end = euler(belief(boxes, parts, null), zt, ts)
        done += [png_of(picture) for picture in to_uint8(parts.decode(end))]
    return done


def _small(content: bytes, size: int) -> Images:
    return to_uint8(resize(to_model(pixels_of(content)[None].copy()), size))
