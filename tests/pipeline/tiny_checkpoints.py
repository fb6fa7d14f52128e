"""Checkpoints of seconds: networks with random weights, cards as `publish` writes them.

What they draw is noise; that it is the right noise, the same for the same words, is
what the tests ask.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.dit import DiTConfig
from coursekit.models.lora import LoRAConfig
from coursekit.models.mmdit import MMDiTConfig
from coursekit.models.noisy_classifier import ClassifierConfig
from coursekit.models.strided import StudentConfig
from coursekit.models.token_transformer import TokenConfig
from coursekit.models.uit import UiTConfig
from coursekit.models.unet import UNetConfig
from coursekit.models.video_autoencoder import VideoAutoencoderConfig
from coursekit.training import pretrained
from coursekit.training.networks import build, to_plain
from coursekit.training.recipes import RECIPES
from coursekit.training.recipes_clips import FRAMES
from coursekit.training.text_image_data import text_config
from coursekit.weights import write_weights

UNET = UNetConfig(widths=(8, 8), groups=4, time_width=16, patch=2, heads=0)
TEXT = text_config("teddy", 16, 1, 2)
BEARS = MMDiTConfig(
    text_config("bears", 16, 1, 2),
    size=16,
    patch=2,
    width=16,
    heads=2,
    double=1,
    single=1,
)
PROGRAMS = TokenConfig(295, 76, width=16, depth=1, heads=2)
CODE = replace(PROGRAMS, vocabulary=1260, length=133)
NETWORKS: dict[str, Any] = {
    "fashion-ddpm": UNET,
    "fashion-flow": UNET,
    "fashion-classes": replace(UNET, num_classes=10),
    "fashion-classifier": ClassifierConfig(widths=(8, 16), time_width=16),
    "teddy-vae": AutoencoderConfig(widths=(8, 8), groups=4, latent=4),
    "teddy-flow": replace(UNET, channels=3),
    "teddy-latent-flow": replace(UNET, channels=4, patch=1),
    "teddy-dit": DiTConfig(patch=8, width=16, depth=1, heads=2),
    "teddy-prompts": MMDiTConfig(TEXT, width=16, heads=2, double=1, single=1),
    "mini-hidream": UiTConfig(
        TEXT.vocabulary, TEXT.length, width=16, depth=1, heads=2, bottleneck=8
    ),
    "teddy-64-vae": AutoencoderConfig(widths=(8, 8), groups=4, latent=4),
    "teddy-64-prompts": BEARS,
    "teddy-64-dmd": StudentConfig(BEARS, rank=2, alpha=6.0),
    "teddy-64-progressive": StudentConfig(BEARS, rank=2, alpha=6.0),
    "teddy-v-lora": LoRAConfig(
        MMDiTConfig(TEXT, width=16, heads=2, double=1, single=1), rank=2, alpha=6.0
    ),
    "emoji-vae": AutoencoderConfig(widths=(8, 8), groups=4, latent=4),
    "emoji-prompts": MMDiTConfig(
        text_config("emoji", 16, 1, 2), width=16, heads=2, double=1, single=0
    ),
    "video-vae": VideoAutoencoderConfig(
        AutoencoderConfig(widths=(8, 8), groups=4, latent=4), width=8
    ),
    "video-frames": replace(FRAMES, width=16, depth=2, narrow=4),
    "video": replace(FRAMES, width=16, depth=2, narrow=4, times=1),
    "programs-left-to-right": PROGRAMS,
    "programs-masked": PROGRAMS,
    "programs-blocks": PROGRAMS,
    "code-left-to-right": CODE,
    "code-infilling": CODE,
    "code-masked": CODE,
}


def put(folder: Path, name: str, config: Any, seed: int = 0) -> None:
    """A checkpoint with random weights, none of them zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(config)
        for value in model.parameters():
            torch.nn.init.normal_(value, std=0.2)
    prefix = "model." if name == "fashion-ddpm" else ""  # Preconditioned
    state = {f"{prefix}{k}": v.bfloat16() for k, v in model.state_dict().items()}
    content = save(state)
    recipe, data = RECIPES[name], "pictures"
    if latents := getattr(recipe, "latents", ""):
        kept = json.loads((folder / latents / pretrained.CARD).read_text())["sha256"]
        data = f"latents of {latents} {kept[:12]}"
    if start := getattr(recipe, "start", ""):
        kept = json.loads((folder / start / pretrained.CARD).read_text())["sha256"]
        data += f", from {start} {kept[:12]}"
    card = {
        "recipe": name,
        "profile": "quick",
        "data": data,
        **recipe.facts(),
        "model": to_plain(config),
        **write_weights(folder / name, content),
    }
    (folder / name / pretrained.CARD).write_text(json.dumps(card))
