"""Figures 09.I and 09.M: what distances and counts notice in clips.

First in real clips that were changed, by those of `CHANGES` and by a way through the
autoencoder of clips; then in those that `video` makes of captions. Beside every
distance stands its floor: real clips against other real ones.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy import reader
from coursekit.datasets.teddy.clip_words import clip_caption
from coursekit.datasets.teddy.clips import draw_clips, sample_clips
from coursekit.evaluation.clip_changes import (
    CHANGES,
    Features,
    floors,
    frame_wise,
    sensitivity,
)
from coursekit.evaluation.clip_encoder import TAUGHT
from coursekit.evaluation.clip_features import clip_features, load_encoder
from coursekit.evaluation.clip_measures import Clips, flicker_rate, motion
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.rebuilt_clips import rebuilt
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_clips import VIDEO

CLIPS = 1024
SIZES = (128, 256, 512, 1024)  # of the floors
MADE = 512  # clips of the model's own: a second each
WAYS = {change.__name__: name for name, change in CHANGES.items()}


def real_clips(count: int, seed: int) -> Clips:
    """Clips of the test split, 17 frames of 32 pixels."""
    return draw_clips(sample_clips(count, seed, split="test"))


def frame_features(pictures: Clips) -> Tensor:
    """What the second reader of bears makes of single pictures: (N, 96)."""
    return torch.as_tensor(reader.features(pictures))


def encoder_features(name: str) -> Features:
    """The features of a whole clip by an encoder of TAUGHT."""
    return lambda clips: clip_features(name, clips)


def hat_flicker(clips: Clips) -> float:
    """How often the hat that the reader sees changes between neighbouring frames."""
    words = reader.attributes(clips.reshape(-1, *clips.shape[2:]))["hat"]
    return flicker_rate(words.reshape(clips.shape[:2]))


def made_clips(count: int, seed: int) -> Clips:
    """What `video` makes of the captions of `real_clips(count, seed)`, all told."""
    scenes = sample_clips(count, seed, split="test")
    return VIDEO.make(load_model("video"), [clip_caption(each) for each in scenes])


def eyes() -> dict[str, Features]:
    """The two encoders of clips, and the one of pictures on every frame."""
    clips = {name: encoder_features(name) for name in TAUGHT}
    return clips | {"frames": frame_wise(frame_features)}


def measure_own(quick: bool = False) -> Result:
    """Everything of 09.M: `clips` by `video`, one draw, beside as many real ones.

    For eye "motion", "content" (encoders of clips) and "frames": `{eye}`, the distance
    in floors, and `{eye}_floor`; `hats` and `moves`, as in 09.I, `hats_real` and
    `moves_real`.
    """
    count = 8 if quick else MADE
    clips, real = (real_clips(count, 1000 * k) for k in (1, 2))
    made = made_clips(count, 1000)
    found: Result = {"clips": count}
    for tail, each in (("", made), ("_real", clips)):
        found |= {f"hats{tail}": hat_flicker(each), f"moves{tail}": motion(each)}
    for name, eye in eyes().items():
        known = eye(real)
        floor = frechet(eye(clips), known)
        found |= {name: frechet(eye(made), known) / floor, f"{name}_floor": floor}
    return found


def judged(count: int, seed: int) -> Result:
    """Every change seen by three distances and two counts; and the floors."""
    clips, real = (real_clips(count, 1000 * k + seed) for k in (1, 2))
    model = load_model("video-vae")
    assert isinstance(model, VideoAutoencoder)
    back = rebuilt(model, clips)
    found: Result = {}
    for name, eye in eyes().items():
        seen = sensitivity(eye, clips, real, seed)
        floor = seen.pop("floor")
        rows = {change: seen[title] for change, title in WAYS.items()}
        rows["rebuilt"] = frechet(eye(back), eye(real)) / floor
        found |= prefixed(name, {"floor": floor, **rows})
    for name in TAUGHT:
        x, y = (clip_features(name, c) for c in (clips, real))
        found[f"{name}_floors"] = floors(x, y, [n for n in SIZES if n <= count])
    shown = {"real": clips, "rebuilt": back}
    for way, title in WAYS.items():
        shown[way] = CHANGES[title](clips, np.random.default_rng(seed))
    for way, each in shown.items():
        found |= {f"hats_{way}": hat_flicker(each), f"moves_{way}": motion(each)}
    return found


def measure(seeds: Sequence[int] = (0, 1), quick: bool = False) -> Result:
    """Everything of 09.I.

    Keys: `clips` of each; `sizes`; `taught_{word}`, how often an encoder is right about
    it in test clips (for a number the root mean squared error); for way in WAYS and
    "rebuilt", with _std and _all: `motion_{way}`, `content_{way}` and `frames_{way}`,
    the distance in floors, and the floors themselves, `motion_floor`, ...;
    `hats_{way}` and `moves_{way}`, also for "real"; lists `motion_floors` and
    `content_floors` over `sizes`.
    """
    count = 160 if quick else CLIPS
    result: Result = {"clips": count, "sizes": [n for n in SIZES if n <= count]}
    for name in TAUGHT:
        result |= prefixed("taught", load_encoder(name)[1]["test"])
    return result | for_seeds(judged, seeds[:1] if quick else seeds, count)
