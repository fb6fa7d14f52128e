"""Recipes of lecture 9: latents of clips."""

from dataclasses import replace

from coursekit.models.video_autoencoder import VideoAutoencoderConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_clip_autoencoder import ClipAutoencoderRecipe
from coursekit.training.recipes_latent import F4, GPU

CLIPS = VideoAutoencoderConfig(picture=F4)

VIDEO_VAE = ClipAutoencoderRecipe(
    name="video-vae",
    title="VAE of clips, f = 4 and four frames a latent: 16 x 5 x 8 x 8",
    data="clips",
    start="teddy-vae",
    quick=Profile(
        replace(CLIPS, width=16),
        steps=60,
        batch=2,
        lr=2e-3,
        warmup=10,
        ema=0.98,
        pictures=64,
        show_every=60,
    ),
    cpu=Profile(
        CLIPS,
        steps=3000,
        batch=4,
        lr=2e-3,
        ema=0.995,
        pictures=2000,
        save_every=500,
        show_every=100_000,
    ),
    gpu=Profile(
        replace(CLIPS, width=128),
        steps=12_000,
        batch=64,
        lr=1e-3,
        **(GPU | {"pictures": 20_000}),
    ),
)

VIDEO = (VIDEO_VAE,)
