"""Recipes of lecture 6 that tune a model: to one new bear, or to chosen pictures."""

from dataclasses import replace

from coursekit.models.lora import LoRAConfig
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.recipe_dreambooth import DreamBoothRecipe
from coursekit.training.recipes_prompts import SMALL, SMALL_64, TEDDY_64_PROMPTS

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

RANK_16 = LoRAConfig(SMALL, rank=16, alpha=32.0)
WORN = replace(TUNED, model=RANK_16, steps=1000, lr=3e-3)

TEDDY_V_LORA = replace(
    TEDDY_V,
    name="teddy-v-lora",
    title="DreamBooth with LoRA: the [V] bear as an adapter of teddy-prompts, 32 x 32",
    shots=10,
    quick=replace(TEDDY_V.quick, model=RANK_16, lr=3e-3),
    cpu=WORN,
    gpu=WORN,
)

RANK_8 = replace(
    TUNED, model=LoRAConfig(SMALL_64, rank=8, alpha=16.0), lr=2e-3, pictures=2000
)

TEDDY_64_GOLDEN = AdapterRecipe(
    name="teddy-64-golden",
    title="Warm and bright light: an adapter of teddy-64-prompts, 64 x 64",
    data="bears-golden",
    latents=TEDDY_64_PROMPTS.latents,
    size=TEDDY_64_PROMPTS.size,
    start=TEDDY_64_PROMPTS.name,
    shift=TEDDY_64_PROMPTS.shift,
    quick=replace(RANK_8, steps=40, pictures=64),
    cpu=RANK_8,
    gpu=RANK_8,
)

TUNING: tuple[Recipe, ...] = (TEDDY_V, TEDDY_V_LORA, TEDDY_64_GOLDEN)
