"""Feature spaces for the Fréchet distance of clips, one for motion, one for content.

The Fréchet video distance (FVD, Unterthiner et al. 2018) is the FID with an encoder
that sees whole clips. What it can tell is what its encoder was taught: features that
know content hardly notice a broken motion (Ge et al. 2024). Two small networks with 3-D
convolutions are trained here to show both: "motion" tells how the bear moves, which way
and how fast somebody passes; "content" tells fur, hat and place. Distances in these
spaces compare models of this course, and need 512 clips or more.

`python -m coursekit.evaluation.train_clip_features` trains them.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor

from coursekit.course_folder import COURSE
from coursekit.evaluation.clip_encoder import TAUGHT, ClipEncoder, as_clips
from coursekit.evaluation.clip_measures import Clips
from coursekit.evaluation.frechet import frechet
from coursekit.weights import DamagedWeights, read_weights

FOLDER = COURSE / "data" / "readers"
RETRAIN = "python -m coursekit.evaluation.train_clip_features"
BATCH = 128


@lru_cache(maxsize=4)
def load_encoder(
    name: str, folder: Path | None = None
) -> tuple[ClipEncoder, dict[str, Any]]:
    """The trained encoder of TAUGHT in eval mode, and its card.

    Raises ValueError for an unknown name; FileNotFoundError or ValueError, in one line
    that says what to do, when its weights are not there or not its own.
    """
    if name not in TAUGHT:
        raise ValueError(f"no clip encoder {name!r}: use one of {', '.join(TAUGHT)}")
    folder = folder or FOLDER / f"clips-{name}"
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
        content = read_weights(folder, card)
    except FileNotFoundError:
        raise FileNotFoundError(f"no clip encoder in {folder}: {RETRAIN}") from None
    except DamagedWeights as error:
        text = f"{folder} is damaged: {error}: restore it from git, or {RETRAIN}"
        raise ValueError(text) from None
    net = ClipEncoder(TAUGHT[name]).float()  # whatever the default is
    net.load_state_dict({k: v.float() for k, v in load(content).items()})
    return net.eval(), card


@torch.inference_mode()
def clip_features(name: str, clips: Clips) -> Tensor:
    """Features (N, 64) of clips, uint8 (N, T, H, W, 3); name: "motion" or "content"."""
    net, _ = load_encoder(name)
    starts = range(0, len(clips), BATCH)
    return torch.cat([net.features(as_clips(clips[i : i + BATCH])) for i in starts])


def fvd(name: str, clips: Clips, real: Clips) -> float:
    """The Fréchet distance of clips from real ones, in the features of an encoder.

    Too large for few clips: say how many there are, and show real against real beside.
    name: "motion" or "content"; clips, real: uint8 (N, T, H, W, 3).
    """
    return frechet(clip_features(name, clips), clip_features(name, real))
