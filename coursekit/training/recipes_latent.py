"""Recipes of lecture 4: latent spaces, words and pictures in one space, guides."""

from dataclasses import replace

from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.clip import CLIPConfig
from coursekit.models.noisy_classifier import ClassifierConfig
from coursekit.models.unet import UNetConfig
from coursekit.models.vit import ViTConfig
from coursekit.training.captioned import text_config
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipe_classifier import ClassifierRecipe
from coursekit.training.recipe_clip import ClipRecipe
from coursekit.training.recipe_pictures import PictureRecipe
from coursekit.training.recipes_pixels import FASHION_FLOW

F4 = AutoencoderConfig(widths=(32, 64), latent=4)
QUICK = {"steps": 200, "batch": 32, "ema": 0.99, "pictures": 2000, "save_every": 100}
GPU = {"warmup": 500, "ema": 0.9995, "bf16": True, "compile": True, "save_every": 1000}

TEDDY_VAE = AutoencoderRecipe(
    name="teddy-vae",
    title="VAE of the teddy world, f = 4: 3 x 32 x 32 to 4 x 8 x 8",
    data="teddy",
    beta=0.05,
    perceptual=0.2,
    quick=Profile(replace(F4, widths=(16, 32)), lr=2e-3, show_every=100, **QUICK),
    cpu=Profile(F4, steps=6000, batch=32, lr=2e-3),
    gpu=Profile(
        replace(F4, widths=(96, 192), blocks=2),
        steps=20_000,
        batch=512,
        lr=1e-3,
        pictures=100_000,
        **GPU,
    ),
)
