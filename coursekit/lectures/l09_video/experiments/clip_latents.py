"""Figures 09.D and 09.L: what comes back from latents of clips, and why.

First the autoencoder that ships, frame by frame, beside ways to save frames without any
network. Then the first steps of its recipe, with one thing changed at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import cast

import numpy as np
import torch

from coursekit.evaluation.rebuilt_clips import (
    Films,
    held_out_clips,
    rebuilt,
    rebuilt_pictures,
    shirts_read,
)
from coursekit.evaluation.reconstruction import psnr
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result, prefixed
from coursekit.models.unet import count_parameters
from coursekit.models.video_autoencoder import (
    STRIDE,
    VideoAutoencoder,
    VideoAutoencoderConfig,
)
from coursekit.training.loop import Run, train
from coursekit.training.precision import native_bf16
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_clip_autoencoder import ClipAutoencoderRecipe
from coursekit.training.recipes_video import VIDEO_VAE

STOPS = (80, 320, 1280)
CLIPS, JUDGED = 1000, 48  # to learn from; to judge with on the way
SHOWN, FRAMES, SIDE = 32, 17, 32  # clips that judge what ships
FEW = 4  # channels


@dataclass(frozen=True)
class GreyFirst(ClipAutoencoderRecipe):
    """Without a first frame of its own: a grey one stands there, always the same.

    Its latent says nothing, so the 4 k other frames have k latents to themselves.
    """

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """The same clips, the first frame grey."""
        x0, eps = super().batch(data, size, step)
        x0 = x0.clone()
        x0[:, :, 0] = 0
        return x0, eps


def recipes() -> dict[str, ClipAutoencoderRecipe]:
    """The recipe as it is, and with one thing changed."""
    shape = cast(VideoAutoencoderConfig, VIDEO_VAE.cpu.model)
    few = replace(VIDEO_VAE.cpu, model=replace(shape, latent=FEW))
    own = {each.name: getattr(VIDEO_VAE, each.name) for each in fields(VIDEO_VAE)}
    return {
        "grown": VIDEO_VAE,
        "scratch": replace(VIDEO_VAE, start=""),
        "few": replace(VIDEO_VAE, cpu=few),
        "plain": replace(VIDEO_VAE, moving=0.0),
        "grey": GreyFirst(**own | {"moving": 0.0}),
    }


def grey_first(films: Films) -> Films:
    """Clips (N, T, H, W, 3), their first frame grey."""
    changed = films.copy()
    changed[:, 0] = 128
    return changed


def by_frame(films: Films, back: Films) -> list[float]:
    """The PSNR of each frame, by its number, in dB."""
    return [psnr(films[:, k], back[:, k]) for k in range(films.shape[1])]


def learnt(way: str, stops: Sequence[int], clips: int, judged: int) -> Result:
    """PSNR of the frames after the first at each stop; at the last also shirts."""
    recipe = recipes()[way]
    profile = replace(recipe.cpu, steps=stops[-1], ema=0.98, pictures=clips)
    precision = "bf16" if native_bf16() else "float32"
    run = Run(recipe, profile, recipe.load(clips), precision=precision)
    films, scenes = held_out_clips(judged, FRAMES, SIDE)
    given = grey_first(films) if way == "grey" else films
    turns, others = train(run), []
    for stop in stops:
        for _ in islice(turns, stop - run.step):
            pass
        back = rebuilt(cast(VideoAutoencoder, run.averaged()), given)
        others.append(psnr(films[:, 1:], back[:, 1:]))
    right, of = shirts_read(back, scenes)
    return {
        "psnr": others,
        "frames": by_frame(given, back),
        "last": others[-1],
        "first": psnr(given[:, 0], back[:, 0]),
        "start": psnr(films[:, 1 : 1 + STRIDE], back[:, 1 : 1 + STRIDE]),
        "shirts": right / of,
        "weights": count_parameters(run.model),
        "seconds": run.seconds,
    }


def between(films: Films) -> Films:
    """Every fourth frame stays; the others are mixed of the two around them."""
    at = np.arange(films.shape[1])
    low, share = at // STRIDE * STRIDE, (at % STRIDE / STRIDE)[:, None, None, None]
    high = np.minimum(low + STRIDE, films.shape[1] - 1)
    mixed = films[:, low] * (1 - share) + films[:, high] * share
    return np.rint(mixed).astype(np.uint8)


def ships(count: int) -> Result:
    """The trained autoencoder, its pictures alone, and frames mixed of neighbours."""
    model = cast(VideoAutoencoder, load_model("video-vae"))
    films, clips = held_out_clips(count, FRAMES, SIDE)
    back, pictures = rebuilt(model, films), rebuilt_pictures(model, films)
    gaps = np.arange(FRAMES) % STRIDE > 0  # the frames that `between` mixes
    found: Result = {}
    for name, made in {
        "clip": back,
        "pictures": pictures,
        "mixed": between(pictures),
        "true": between(films),
    }.items():
        right, of = shirts_read(made, clips)
        found |= {
            f"{name}_psnr": psnr(films, made),
            f"{name}_first": psnr(films[:, 0], made[:, 0]),
            f"{name}_others": psnr(films[:, 1:], made[:, 1:]),
            f"{name}_gaps": psnr(films[:, gaps], made[:, gaps]),
            f"{name}_frames": by_frame(films, made),
            f"{name}_shirts": right / of,
        }
    found["lost"] = found["pictures_psnr"] - found["clip_psnr"]
    found |= {"shirt_frames": of, "parameters": count_parameters(model)}
    places = np.prod(model.latent_shape(FRAMES, SIDE, SIDE)[1:])
    return found | {"latents": int(places), "clips": count, "frames": FRAMES}


def measure(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 09.D, of what ships, on `clips` held-out clips.

    For "clip" (all of it), "pictures" (frame by frame, nothing lost in time), "mixed"
    (every fourth of these, mixed in between) and "true" (the same of true frames):
    `{name}_psnr`, `{name}_first` of frame 0, `{name}_others`, `{name}_gaps` of those
    between every fourth, `{name}_frames` by number, in dB, and `{name}_shirts`, the
    share of `shirt_frames` in which the shirt has its colour; `lost` in time, dB;
    `latents` of a clip (places, not channels), `frames` and `parameters`.
    """
    return ships(4 if quick else SHOWN)


def measure_lessons(seeds: Sequence[int] = (0,), quick: bool = False) -> Result:
    """Everything of 09.L: trainings of `steps`, one seed.

    Looked at after `stops`, judged on `judged` clips. For way in "grown" (the recipe),
    "scratch" (its pictures' part too is new), "few" (4 channels), "plain" (moving
    pixels count as all others), "grey" (plain, and no first frame of its own):
    `{way}_psnr` of all frames but the first at each stop, `{way}_last`, `{way}_first`,
    `{way}_frames` by number, `{way}_start` of frames 1 to 4, `{way}_shirts`,
    `{way}_weights`, `{way}_seconds`.
    """
    stops, clips, judged = (STOPS, CLIPS, JUDGED) if not quick else ((1, 2), 8, 4)
    result: Result = {"stops": list(stops), "steps": stops[-1], "judged": judged}
    for way, recipe in recipes().items():

        def compute(way: str = way) -> Result:
            torch.manual_seed(0)
            return learnt(way, stops, clips, judged)

        settings = (way, recipe, stops, clips, judged)
        result |= prefixed(way, kept(f"clip_latents/{way}", settings, compute))
    return result
