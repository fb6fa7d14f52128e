"""The recipe of seconds that most tests of training use: a chain of sixty steps."""

from dataclasses import replace

from coursekit.models.unet import UNetConfig
from coursekit.training import recipes, recipes_pixels
from coursekit.training.recipe import Profile

TINY = replace(
    recipes_pixels.FASHION,
    name="tiny",
    num_steps=50,
    quick=Profile(
        UNetConfig(channels=1, widths=(8, 8), groups=4, time_width=16, patch=2),
        steps=60,
        batch=8,
        lr=2e-3,
        warmup=5,
        ema=0.9,
        pictures=200,
        save_every=4,
        show_every=1000,
    ),
)
recipes.RECIPES["tiny"] = TINY
