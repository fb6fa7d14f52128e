"""Recipes of lecture 4: latent spaces, words and pictures in one space, guides."""

from dataclasses import replace
from typing import Any

from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.clip import CLIPConfig
from coursekit.models.dit import DiTConfig
from coursekit.models.noisy_classifier import ClassifierConfig
from coursekit.models.vit import ViTConfig
from coursekit.training.recipe import Profile, Recipe
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipe_classifier import ClassifierRecipe
from coursekit.training.recipe_clip import ClipRecipe
from coursekit.training.recipe_latent_pictures import LatentPictureRecipe
from coursekit.training.recipe_repa import RepaRecipe
from coursekit.training.recipes_pixels import FASHION_FLOW, TEDDY_FLOW
from coursekit.training.text_image_data import text_config

F4 = AutoencoderConfig(widths=(40, 80), latent=8)
QUICK: dict[str, Any] = {
    "steps": 200,
    "batch": 32,
    "ema": 0.99,
    "pictures": 2000,
    "save_every": 100,
}
GPU: dict[str, Any] = {
    "warmup": 500,
    "ema": 0.9995,
    "bf16": True,
    "compile": True,
    "save_every": 1000,
}

TEDDY_VAE = AutoencoderRecipe(
    name="teddy-vae",
    title="VAE of the teddy world, f = 4: 3 x 32 x 32 to 8 x 8 x 8",
    data="teddy",
    beta=0.05,
    perceptual=0.2,
    quick=Profile(replace(F4, widths=(16, 32)), lr=2e-3, show_every=100, **QUICK),
    cpu=Profile(F4, steps=8000, batch=32, lr=2e-3),
    gpu=Profile(
        replace(F4, widths=(96, 192), blocks=2),
        steps=20_000,
        batch=512,
        lr=1e-3,
        pictures=100_000,
        **GPU,
    ),
)

EMOJI_VAE = replace(
    TEDDY_VAE,
    name="emoji-vae",
    title="VAE of emoji, f = 4: 3 x 32 x 32 to 8 x 8 x 8",
    data="emoji",
    perceptual=0.0,
)

# Convolutions do not ask how large a picture is: it goes on from the small pictures.
TEDDY_64_VAE = replace(
    TEDDY_VAE,
    name="teddy-64-vae",
    title="VAE of the teddy world at 64 pixels, f = 4: 3 x 64 x 64 to 8 x 16 x 16",
    data="bears",
    size=64,
    start="teddy-vae",
    cpu=replace(TEDDY_VAE.cpu, steps=5000, batch=16, lr=1e-3),
)

TOWERS = CLIPConfig(
    image=ViTConfig(size=32, patch=4, width=96, depth=4, heads=4),
    text=text_config("teddy", 96, 3, 4),
    width=64,
)

TEDDY_CLIP = ClipRecipe(
    name="teddy-clip",
    title="CLIP of the teddy world: ViT and text encoder",
    data="teddy",
    quick=Profile(
        replace(TOWERS, image=replace(TOWERS.image, width=48, depth=2)),
        lr=1e-3,
        show_every=100,
        **QUICK,
    ),
    cpu=Profile(TOWERS, steps=4000, batch=64, lr=1e-3),
    gpu=Profile(
        replace(TOWERS, image=replace(TOWERS.image, width=192, depth=8)),
        steps=10_000,
        batch=1024,
        lr=1e-3,
        pictures=100_000,
        **GPU,
    ),
)

EMOJI_TOWERS = replace(TOWERS, text=text_config("emoji", 96, 2, 4))

EMOJI_JUDGE = ClipRecipe(
    name="emoji-judge",
    title="CLIP of all emoji, held-out ones too: a judge, never a guide",
    data="emoji-all",
    jitter=3,
    quick=replace(
        TEDDY_CLIP.quick,
        model=replace(EMOJI_TOWERS, image=replace(TOWERS.image, width=48, depth=2)),
    ),
    cpu=Profile(EMOJI_TOWERS, steps=4000, batch=64, lr=1e-3),
    gpu=replace(
        TEDDY_CLIP.gpu,
        model=replace(EMOJI_TOWERS, image=replace(TOWERS.image, width=192, depth=8)),
        pictures=0,
    ),
)

FASHION_CLASSES = replace(
    FASHION_FLOW,
    name="fashion-classes",
    title="Flow matching on Fashion-MNIST, told the class, 28 x 28 grey",
    forget=0.1,
    quick=replace(
        FASHION_FLOW.quick, model=replace(FASHION_FLOW.quick.model, num_classes=10)
    ),
    cpu=replace(
        FASHION_FLOW.cpu, model=replace(FASHION_FLOW.cpu.model, num_classes=10)
    ),
    gpu=replace(
        FASHION_FLOW.gpu, model=replace(FASHION_FLOW.gpu.model, num_classes=10)
    ),
)

FASHION_CLASSIFIER = ClassifierRecipe(
    name="fashion-classifier",
    title="Classifier of noisy Fashion-MNIST pictures",
    data="fashion",
    quick=Profile(ClassifierConfig(), lr=2e-3, show_every=100, **QUICK),
    cpu=Profile(ClassifierConfig(), steps=3000, batch=64, lr=1e-3),
    gpu=Profile(
        ClassifierConfig(widths=(64, 128, 256)), steps=5000, batch=512, lr=1e-3, **GPU
    ),
)

FASHION_CLEAN_CLASSIFIER = replace(
    FASHION_CLASSIFIER,
    name="fashion-clean-classifier",
    title="Classifier that has seen clean Fashion-MNIST pictures only",
    noisy=False,
)


def _unfolded(profile: Profile) -> Profile:
    return replace(profile, model=replace(profile.model, channels=8, patch=1))


TEDDY_LATENT_FLOW = LatentPictureRecipe(
    name="teddy-latent-flow",
    title="Flow matching on the latents of teddy-vae, 8 x 8 x 8 for 3 x 32 x 32",
    data="teddy",
    shape=(8, 8, 8),
    path="linear",
    predicts="velocity",
    latents="teddy-vae",
    # The network of teddy-flow without its folding: a quarter of the work.
    quick=_unfolded(TEDDY_FLOW.quick),
    cpu=_unfolded(TEDDY_FLOW.cpu),
    gpu=_unfolded(TEDDY_FLOW.gpu),
)

TEDDY_DIT = replace(
    TEDDY_FLOW,
    name="teddy-dit",
    title="Flow matching on the teddy world by a DiT, 32 x 32 colour",
    quick=replace(TEDDY_FLOW.quick, model=DiTConfig(width=64, depth=2)),
    cpu=replace(TEDDY_FLOW.cpu, model=DiTConfig(width=96, depth=5)),
    gpu=replace(TEDDY_FLOW.gpu, model=DiTConfig(width=256, depth=6, heads=8)),
)

# Sixty-four places of the latent, sixty-four patches of the CLIP that looks on.
TEDDY_REPA = RepaRecipe(
    name="teddy-repa",
    title="Flow matching on latents of the teddy world by a DiT with borrowed eyes",
    data="teddy",
    shape=(8, 8, 8),
    path="linear",
    predicts="velocity",
    latents="teddy-vae",
    quick=replace(TEDDY_DIT.quick, model=DiTConfig(8, 8, 1, width=64, depth=4)),
    cpu=replace(TEDDY_DIT.cpu, model=DiTConfig(8, 8, 1, width=96, depth=6)),
    gpu=replace(TEDDY_DIT.gpu, model=DiTConfig(8, 8, 1, width=256, depth=6, heads=8)),
)

LATENT: tuple[Recipe, ...] = (
    TEDDY_VAE,
    EMOJI_VAE,
    TEDDY_64_VAE,
    TEDDY_CLIP,
    EMOJI_JUDGE,
    FASHION_CLASSES,
    FASHION_CLASSIFIER,
    FASHION_CLEAN_CLASSIFIER,
    TEDDY_LATENT_FLOW,
    TEDDY_DIT,
    TEDDY_REPA,
)
