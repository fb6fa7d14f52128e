"""Recipes of lecture 6 that teach `teddy-prompts` one bear that nobody has seen."""

from dataclasses import replace

from coursekit.models.lora import LoRAConfig
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_dreambooth import DreamBoothRecipe
from coursekit.training.recipes_prompts import SMALL

TUNED = Profile(SMALL, steps=300, batch=16, lr=3e-4, warmup=20, ema=0.98)

TEDDY_V = DreamBoothRecipe(
    name="teddy-v",
    title="DreamBooth: the [V] bear learnt by all weights of teddy-prompts, 32 x 32",
    data="teddy",
    latents="teddy-vae",
    start="teddy-prompts",
    forget=0.0,
    quick=replace(TUNED, steps=40, pictures=32),
    cpu=TUNED,
    gpu=TUNED,
)

RANK_4 = LoRAConfig(SMALL, rank=4, alpha=8.0)

TEDDY_V_LORA = replace(
    TEDDY_V,
    name="teddy-v-lora",
    title="DreamBooth with LoRA: the [V] bear as an adapter of teddy-prompts, 32 x 32",
    quick=replace(TEDDY_V.quick, model=RANK_4, lr=3e-3),
    cpu=replace(TUNED, model=RANK_4, lr=3e-3),
    gpu=replace(TUNED, model=RANK_4, lr=3e-3),
)

TUNING: tuple[Recipe, ...] = (TEDDY_V, TEDDY_V_LORA)
