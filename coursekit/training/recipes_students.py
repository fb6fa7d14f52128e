"""Recipes of lecture 6, second half: the last two stages of the bear model."""

from dataclasses import replace
from typing import Any

from coursekit.models.lora import LoRAConfig
from coursekit.models.strided import TIMELESS, StudentConfig
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_liked import LikedRecipe
from coursekit.training.recipe_students import (
    ConsistencyRecipe,
    MatchingRecipe,
    MeanFlowRecipe,
    ProgressiveRecipe,
)
from coursekit.training.recipes_prompts import SMALL_64, TEDDY_64_PROMPTS

EFFORT = Profile(
    StudentConfig(SMALL_64),
    steps=1000,
    batch=32,
    lr=1e-3,
    warmup=50,
    ema=0.99,
    pictures=4000,
    save_every=100,
    show_every=200,
)
SHARED: dict[str, Any] = {
    "data": "bears",
    "latents": TEDDY_64_PROMPTS.latents,
    "size": TEDDY_64_PROMPTS.size,
    "start": TEDDY_64_PROMPTS.name,
    "shift": TEDDY_64_PROMPTS.shift,
    "quick": replace(EFFORT, steps=20, batch=8, pictures=64, warmup=5),
    "gpu": replace(EFFORT, steps=6000, batch=256, pictures=20_000),
}


def turns(steps: int, rounds: int) -> tuple[int, ...]:
    """Where the rounds after the first begin: all are of one length."""
    return tuple(steps * i // rounds for i in range(1, rounds))


LIKED = Profile(
    LoRAConfig(SMALL_64, rank=8, alpha=16.0),
    steps=250,
    batch=16,
    lr=1e-3,
    warmup=20,
    ema=0.98,
    pictures=500,
)
TEDDY_64_LIKED = LikedRecipe(
    name="teddy-64-liked",
    title="Warm light, by preference: an adapter of teddy-64-prompts, 64 x 64",
    cpu=LIKED,
    **SHARED | {"quick": replace(LIKED, steps=20, pictures=12), "gpu": LIKED},
)

PROGRESS = turns(1000, 5)
TEDDY_64_PROGRESSIVE = ProgressiveRecipe(
    name="teddy-64-progressive",
    title="A student by progressive distillation, 1 to 8 steps, 64 x 64",
    turns=PROGRESS,
    cpu=replace(EFFORT, restarts=PROGRESS),
    # On a GPU the rounds are as long, and see more pictures.
    **SHARED | {"gpu": replace(SHARED["gpu"], steps=1000, restarts=PROGRESS)},
)
TEDDY_64_CONSISTENCY = ConsistencyRecipe(
    name="teddy-64-consistency",
    title="A student by consistency distillation, 1 to 8 steps, 64 x 64",
    cpu=EFFORT,
    **SHARED,
)
TEDDY_64_DMD = MatchingRecipe(
    name="teddy-64-dmd",
    title="A student by distribution matching, 1 to 4 steps, 64 x 64",
    cpu=replace(EFFORT, lr=5e-4),
    **SHARED,
)
# Its target holds the slope of the network in time: sinusoids of 1,000 t would make it
# explode (after 250 steps the loss was 40 times that of the start).
SLOW = StudentConfig(SMALL_64, pattern=TIMELESS, pace=0.02)
TEDDY_64_MEANFLOW = MeanFlowRecipe(
    name="teddy-64-meanflow",
    title="A student by MeanFlow, 1 to 8 steps, 64 x 64",
    cpu=replace(EFFORT, model=SLOW, lr=5e-4),
    **SHARED
    | {
        "quick": replace(SHARED["quick"], model=SLOW),
        "gpu": replace(SHARED["gpu"], model=SLOW),
    },
)

STUDENTS: tuple[Recipe, ...] = (
    TEDDY_64_LIKED,
    TEDDY_64_PROGRESSIVE,
    TEDDY_64_CONSISTENCY,
    TEDDY_64_DMD,
    TEDDY_64_MEANFLOW,
)
