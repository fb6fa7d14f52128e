"""One recipe of seconds for each kind of training; python tiny_kinds.py KIND ARGS.

Run as a script it is `coursekit train KIND ARGS`, for tests with real processes.
"""

import os
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tiny_train import TINY

from coursekit import cli
from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.clip import CLIPConfig
from coursekit.models.dit import DiTConfig
from coursekit.models.local_convnet import LocalConfig
from coursekit.models.lora import LoRAConfig
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.noisy_classifier import ClassifierConfig
from coursekit.models.reference_tokens import ReferenceConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.token_transformer import TokenConfig
from coursekit.models.uit import UiTConfig
from coursekit.models.unet import UNetConfig
from coursekit.models.video_autoencoder import VideoAutoencoderConfig
from coursekit.models.vit import ViTConfig
from coursekit.models.watermark import WatermarkConfig
from coursekit.theory.clean_prediction import LEAST
from coursekit.training import (
    pretrained,
    recipe_edit_planner,
    recipe_watermark,
    recipes,
    recipes_edit,
    recipes_latent,
    recipes_mirror,
    recipes_pixels,
    recipes_text,
    recipes_video,
)
from coursekit.training.loop import Run, train
from coursekit.training.recipe import Recipe
from coursekit.training.recipe_dreambooth import DreamBoothRecipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.text_image_data import length_of, tokenizer_of

EFFORT = replace(TINY.quick, model=None, steps=16, lr=3e-3, warmup=2, pictures=64)


def words(data: str = "teddy") -> TextConfig:
    """The smallest text encoder."""
    return TextConfig(len(tokenizer_of(data)), length_of(data), 16, 1, 2)


LANGUAGE = TokenConfig(295, 76, width=16, depth=1, heads=2)
TURNING = replace(EFFORT, muon=0.02)  # Muon beside AdamW
UNET = UNetConfig(widths=(8, 8), groups=4, time_width=16, patch=2, heads=0)
SHRINK = AutoencoderConfig(widths=(8, 8), groups=4, latent=4)
TOWERS = CLIPConfig(ViTConfig(width=16, depth=2, heads=2, patch=8), words(), 16)
DRAWER = PromptRecipe(
    "tiny-prompts", "prompts, in pixels", "teddy", EFFORT, EFFORT, EFFORT
)
NARROW = MMDiTConfig(words(), width=32, heads=2, double=1, single=1)
TUNER = DreamBoothRecipe(
    "tiny-subject",
    "one bear",
    "teddy",
    EFFORT,
    EFFORT,
    EFFORT,
    latents="tiny-vae",
    start="tiny-latents",
)

# kind -> the recipe, and the network of its profile
_MADE: dict[str, tuple[Recipe, object]] = {
    "chain": (replace(recipes_pixels.FASHION, num_steps=50), UNET),
    "flow": (recipes_pixels.FASHION_FLOW, UNET),
    "classes": (recipes_latent.FASHION_CLASSES, replace(UNET, num_classes=10)),
    "latent-flow": (
        replace(recipes_latent.TEDDY_LATENT_FLOW, latents="tiny-vae", shape=(4, 8, 8)),
        replace(UNET, channels=4, patch=1),
    ),
    "repa": (
        replace(
            recipes_latent.TEDDY_REPA,
            teacher="tiny-clip",
            latents="tiny-vae",
            shape=(4, 8, 8),
            after=1,
        ),
        DiTConfig(4, 8, patch=2, width=32, depth=2, heads=2),
    ),
    "plain": (recipes_latent.TEDDY_VAE, replace(SHRINK, variational=False)),
    "vae": (replace(recipes_latent.TEDDY_VAE, perceptual=0.1), SHRINK),
    "critic": (
        replace(recipes_latent.TEDDY_VAE, perceptual=0.0, critic=0.5, critic_from=4),
        SHRINK,
    ),
    "clip": (recipes_latent.TEDDY_CLIP, TOWERS),
    "sigmoid": (recipes_latent.TEDDY_CLIP, replace(TOWERS, sigmoid=True)),
    "judge": (recipes_latent.EMOJI_JUDGE, replace(TOWERS, text=words("emoji"))),
    "classifier": (
        recipes_latent.FASHION_CLASSIFIER,
        ClassifierConfig(widths=(8, 16), time_width=16),
    ),
    "mirror": (recipes_mirror.MIRROR, LocalConfig(4, width=8, blocks=1)),
    "pixels": (DRAWER, DiTConfig(patch=4, width=48, depth=1, heads=2, text=words())),
    "one-stream": (
        replace(DRAWER, shift=2.0, least=LEAST),
        UiTConfig(words().vocabulary, words().length, width=48, depth=1, heads=2),
    ),
    "latents": (
        replace(DRAWER, latents="tiny-vae"),
        NARROW,
    ),
    "edit": (
        replace(recipes_edit.TEDDY_EDIT, latents="tiny-vae", start="tiny-latents"),
        ReferenceConfig(
            replace(words(), vocabulary=80),
            width=32,
            heads=2,
            double=1,
            single=1,
            sines=True,
        ),
    ),
    "borrowed": (replace(DRAWER, latents="tiny-vae", encoder="tiny-clip"), NARROW),
    "subject": (TUNER, NARROW),
    "adapter": (TUNER, LoRAConfig(NARROW, 4, 64.0)),
    "emoji": (
        replace(DRAWER, data="emoji", latents="tiny-vae"),
        MMDiTConfig(words("emoji"), width=32, heads=2, double=1, single=0),
    ),
    "clips": (
        replace(recipes_video.VIDEO_VAE, start="", frames=5),
        VideoAutoencoderConfig(SHRINK, latent=4, width=8),
    ),
    "planner": (
        recipe_edit_planner.EDIT_PLANNER,
        replace(recipe_edit_planner.PLANNER, width=16, depth=1, heads=2),
    ),
    "watermark": (
        recipe_watermark.WATERMARK,
        WatermarkConfig(bits=2, width=16, quiet=0.3),
    ),
    "next-token": (recipes_text.LEFT_TO_RIGHT, LANGUAGE),
    "masked": (recipes_text.MASKED, LANGUAGE),
    "fixed-share": (replace(recipes_text.MASKED, rate=0.15, weighted=False), LANGUAGE),
    "blocks": (replace(recipes_text.BLOCKS, start=""), LANGUAGE),
    "few-passes": (replace(recipes_text.FEW_PASSES, start="", turns=(4,)), LANGUAGE),
    "infilling": (
        recipes_text.CODE_INFILLING,
        replace(LANGUAGE, vocabulary=1260, length=133, width=32),
    ),
}


def tiny(kind: str) -> Recipe:
    """The recipe of a kind; its three profiles are one."""
    recipe, network = _MADE[kind]
    usual = TURNING if isinstance(network, TokenConfig) else EFFORT
    effort = replace(usual, model=network)
    return replace(recipe, name=f"tiny-{kind}", quick=effort, cpu=effort, gpu=effort)


def go(run: Run, steps: int) -> Run:
    """The run, trained up to the end of this step."""
    for _ in islice(train(run), max(0, steps - run.step)):
        pass
    return run


KINDS = tuple(_MADE)
TINY_KINDS = {f"tiny-{kind}": tiny(kind) for kind in KINDS}
TINY_KINDS["tiny-long"] = replace(TINY, name="tiny-long")  # time to be interrupted


if __name__ == "__main__":
    if "TINY_CHECKPOINTS" in os.environ:
        pretrained.FOLDER = Path(os.environ["TINY_CHECKPOINTS"])
    recipes.RECIPES.update(TINY_KINDS)
    sys.exit(cli.run(["train", f"tiny-{sys.argv[1]}", *sys.argv[2:]]))
