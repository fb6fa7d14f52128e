"""Recipes of lecture 9 that make clips: frames first, then time, then memory."""

from dataclasses import replace
from typing import Any

from coursekit.datasets.teddy.clip_words import CLIP_WORDS
from coursekit.models.video_transformer import VideoDiTConfig
from coursekit.training.recipe import Profile
from coursekit.training.recipe_clips import ClipRecipe
from coursekit.training.recipe_recall import RecallRecipe
from coursekit.training.recipes_latent import GPU, QUICK

FRAMES = VideoDiTConfig(attention="frames", words=CLIP_WORDS)
LARGE = replace(FRAMES, width=192, depth=8, heads=6)
SHORT: dict[str, Any] = {
    **QUICK, "steps": 120, "batch": 8, "pictures": 200, "lr": 1e-3, "show_every": 100,
}  # fmt: skip

VIDEO_FRAMES = ClipRecipe(
    name="video-frames",
    title="Frames of clips one by one: a DiT on latents of video-vae, 17 x 32 x 32",
    data="clips",
    given=0.0,  # a frame that hears no other learns nothing from one
    quick=Profile(replace(FRAMES, width=64, depth=2), **SHORT),
    cpu=Profile(
        FRAMES, steps=3500, batch=16, lr=1e-3, warmup=200, ema=0.999, pictures=8000
    ),
    gpu=Profile(LARGE, steps=8000, batch=256, lr=1e-3, **(GPU | {"pictures": 40_000})),
)

# From frames that are right alone to clips that agree: only the blocks along time are
# new, and they begin as nothing. The small network learns the rest with them.
VIDEO = replace(
    VIDEO_FRAMES,
    name="video",
    title="Clips as words say: video-frames and blocks along time, 17 x 32 x 32",
    given=0.5,
    start="video-frames",
    quick=Profile(replace(FRAMES, times=3), **SHORT),
    cpu=replace(VIDEO_FRAMES.cpu, model=replace(FRAMES, times=3), steps=5000),
    gpu=replace(VIDEO_FRAMES.gpu, model=replace(LARGE, times=4)),
)

# From clips that agree to longer ones. A fresh network with full attention was right in
# 39 % of 27 % who returned after three times as many steps.
VIDEO_RECALL = RecallRecipe(
    name="video-recall",
    title="Who went behind the bear? Going on with clips of 33 frames, 32 x 32",
    data="clips",
    start="video",
    quick=replace(VIDEO.quick, batch=4),
    cpu=replace(VIDEO.cpu, steps=1500, batch=24, warmup=50, ema=0.995, pictures=1500),
    gpu=replace(VIDEO.gpu, steps=6000, pictures=8000),
)

CLIPS = (VIDEO_FRAMES, VIDEO, VIDEO_RECALL)
