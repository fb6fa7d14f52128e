"""Recipes of lecture 5: draw what a prompt says."""

from dataclasses import replace

from coursekit.models.mmdit import MMDiTConfig
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes_latent import GPU, QUICK
from coursekit.training.text_image_data import text_config

# `sines`: with RoPE alone, an hour of one core did not teach left from right.
SMALL = MMDiTConfig(
    text_config("teddy", 128, 2, 4),
    channels=8,
    width=128,
    double=4,
    single=0,
    sines=True,
)
LARGE = replace(
    SMALL, text=text_config("teddy", 192, 3, 6), width=192, heads=6, double=2, single=6
)

TEDDY_PROMPTS = PromptRecipe(
    name="teddy-prompts",
    title="Text to image in the teddy world: MM-DiT on latents, 32 x 32",
    data="teddy",
    latents="teddy-vae",
    quick=Profile(
        replace(SMALL, width=64, double=1, single=1), lr=2e-3, show_every=100, **QUICK
    ),
    cpu=Profile(SMALL, steps=11_000, batch=32, lr=1.5e-3, warmup=300, ema=0.999),
    gpu=Profile(LARGE, steps=30_000, batch=1024, lr=5e-4, pictures=200_000, **GPU),
)

# A stage after the first: few pictures, picked for their light, small steps, and an
# average short enough to follow so few of them.
TEDDY_GOLDEN = replace(
    TEDDY_PROMPTS,
    name="teddy-golden",
    title="Text to image in warm and bright light: teddy-prompts, tuned, 32 x 32",
    data="teddy-golden",
    start="teddy-prompts",
    quick=replace(TEDDY_PROMPTS.quick, model=SMALL, lr=2e-4, steps=80),
    cpu=replace(TEDDY_PROMPTS.cpu, steps=300, lr=2e-4, warmup=20, ema=0.98),
    gpu=replace(
        TEDDY_PROMPTS.gpu, steps=1_000, lr=1e-4, warmup=20, ema=0.99, pictures=20_000
    ),
)

# One to three bears want longer prompts. Patches of 2 x 2 latents: at 64 pixels it sees
# as many patches as `teddy-prompts`, from which it goes on, and a step costs no more.
SMALL_64 = replace(SMALL, text=text_config("bears", 128, 2, 4), size=16, patch=2)

TEDDY_64_PROMPTS = replace(
    TEDDY_PROMPTS,
    name="teddy-64-prompts",
    title="Text to image, one to three teddy bears: MM-DiT on latents, 64 x 64",
    data="bears",
    latents="teddy-64-vae",
    size=64,
    start="teddy-prompts",
    shift=2.0,  # four times as many places of latents
    quick=replace(
        TEDDY_PROMPTS.quick, model=replace(SMALL_64, width=64, double=1, single=1)
    ),
    cpu=replace(
        TEDDY_PROMPTS.cpu,
        model=SMALL_64,
        steps=28_000,
        restarts=(14_000,),
        lr=1e-3,
        warmup=500,
        pictures=30_000,
    ),
    gpu=replace(
        TEDDY_PROMPTS.gpu,
        model=replace(LARGE, text=text_config("bears", 192, 3, 6), size=16, patch=2),
    ),
)

EMOJI_PROMPTS = replace(
    TEDDY_PROMPTS,
    name="emoji-prompts",
    title="Text to image with emoji, name and style as the prompt, 32 x 32",
    data="emoji",
    latents="emoji-vae",
    quick=replace(
        TEDDY_PROMPTS.quick,
        model=replace(TEDDY_PROMPTS.quick.model, text=text_config("emoji", 64, 1, 4)),
    ),
    cpu=replace(
        TEDDY_PROMPTS.cpu,
        steps=24_000,
        model=replace(SMALL, text=text_config("emoji", 128, 2, 4)),
    ),
    gpu=replace(
        TEDDY_PROMPTS.gpu,
        model=replace(LARGE, text=text_config("emoji", 192, 3, 6)),
        pictures=0,
    ),
)

PROMPTS: tuple[Recipe, ...] = (
    TEDDY_PROMPTS,
    TEDDY_GOLDEN,
    TEDDY_64_PROMPTS,
    EMOJI_PROMPTS,
)
