"""Recipes of lecture 5's mirror: one network that sees far, and one that does not.

All networks of the comparison have about 185,000 numbers to learn.
"""

from dataclasses import replace
from typing import Any

from coursekit.models.dit import DiTConfig
from coursekit.models.local_convnet import LocalConfig
from coursekit.models.unet import UNetConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_mirror import MirrorRecipe

# Pictures have three channels, and the fourth says what is missing.
DIT = DiTConfig(channels=4, size=24, patch=3, width=48, depth=4, heads=4)
NEAR = LocalConfig(channels=4, width=91, blocks=1)  # sees 14 pixels
MIDDLE = LocalConfig(channels=4, width=64, blocks=2)  # sees 22 pixels
UNET = UNetConfig(
    channels=4, widths=(20, 28, 32), patch=2, groups=4, heads=0, time_width=64
)
NETWORKS: dict[str, Any] = {
    "near": NEAR,
    "middle": MIDDLE,
    "unet": UNET,
    "unet-attention": replace(UNET, heads=2),
    "dit": DIT,
}
EFFORT: dict[str, Any] = {
    "steps": 1200,
    "batch": 32,
    "lr": 3e-3,
    "warmup": 50,
    "ema": 0.98,
    "pictures": 8000,
}

MIRROR = MirrorRecipe(
    name="teddy-mirror",
    title="DiT that draws what a bear sees in the mirror, 24 x 24",
    data="halls",
    quick=Profile(
        replace(DIT, width=32, depth=2),
        steps=200,
        batch=16,
        lr=2e-3,
        ema=0.99,
        pictures=2000,
        save_every=100,
        show_every=100,
    ),
    cpu=Profile(DIT, **EFFORT),
    gpu=Profile(
        replace(DIT, width=192, depth=8, heads=6),
        steps=10_000,
        batch=512,
        lr=1e-3,
        warmup=500,
        ema=0.9995,
        pictures=100_000,
        bf16=True,
        compile=True,
        save_every=1000,
    ),
)

MIRROR_NEAR = replace(
    MIRROR,
    name="teddy-mirror-near",
    title="Convolutions that see 14 pixels draw what a bear sees in the mirror",
    quick=replace(MIRROR.quick, model=replace(NEAR, width=16)),
    cpu=replace(MIRROR.cpu, model=NEAR),
    gpu=replace(MIRROR.gpu, model=replace(NEAR, width=256)),
)

MIRRORS = (MIRROR, MIRROR_NEAR)
