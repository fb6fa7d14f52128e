"""Figure 06a.H: what the first stage is worth to the second.

The network for 64 pixels learns for a few hundred steps, once from the weights that
`teddy-prompts` ended with, as far as they fit, and once from fresh ones. Batches, times
and noise are the same; the ruler is the velocity error on held-out scenes.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.experiments.summary import Result, for_seeds, mean, prefixed
from coursekit.models.unet import count_parameters
from coursekit.training.forgetting import velocity_error
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Data
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes_prompts import TEDDY_64_PROMPTS
from coursekit.training.text_image_data import length_of, tokenizer_of
from coursekit.training.warm_start import taken_share, warm_start

STARTS = {"inherited": TEDDY_64_PROMPTS.start, "fresh": ""}
WINDOW = 20  # steps that a point of a curve is the mean of


def held_out(recipe: PromptRecipe, count: int) -> tuple[Tensor, ...]:
    """Latents, noise, times and ids of scenes that no training saw, always the same."""
    asked, scenes = prompts(count, "test", 77, "group")
    pictures = Data(torch.from_numpy(render(scenes, recipe.size)), "")
    x0 = recipe.space.encoded(pictures).x
    ids = tokenizer_of(recipe.data).encode(asked, length_of(recipe.data))
    generator = torch.Generator().manual_seed(78)
    eps = torch.randn(x0.shape, generator=generator)
    return x0, eps, (torch.arange(count) + 0.5) / count, ids


def inherited() -> Result:
    """How much of the network for 64 pixels the first stage fills."""
    recipe, config = TEDDY_64_PROMPTS, TEDDY_64_PROMPTS.cpu.model
    model = recipe.build(config)
    known = load_model(recipe.start, clip=False).state_dict()
    return {
        "weights": count_parameters(model),
        "inherited": taken_share(recipe, config),
        "fresh_names": warm_start(model, known),
    }


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
    """Everything of 06a.H.

    Keys: `steps`, `batch`, `weights`, `inherited` (the share of the weights that the
    first stage gave), `fresh_names`; `seen`, the steps at the points of the curves; for
    start in STARTS `{start}_loss` with _std, lists over `seen`, and `{start}_error`
    with _std and _all.
    """
    steps, batch, pictures, count = (40, 2, 40, 4) if quick else (300, 16, 4000, 96)
    base = TEDDY_64_PROMPTS
    profile = replace(base.cpu, steps=steps, batch=batch, warmup=30, ema=0.98)
    data, test = base.load(pictures), held_out(base, count)

    def one(start: str, seed: int) -> Result:
        recipe = replace(base, start=start, seed=seed)
        run = Run(recipe, profile, data, precision="bf16")
        losses = [step.loss for step in train(run)]
        windows = [losses[i : i + WINDOW] for i in range(0, steps, WINDOW)]
        return {
            "loss": [mean(w) for w in windows],
            "error": float(velocity_error(run.averaged(), *test)),
        }

    result: Result = {"steps": steps, "batch": batch, **inherited()}
    result["seen"] = [i + WINDOW / 2 for i in range(0, steps, WINDOW)]
    for name, start in STARTS.items():
        result |= prefixed(name, for_seeds(one, seeds[:1] if quick else seeds, start))
    return result
