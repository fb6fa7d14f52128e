"""Two small networks that see clips, and what each was taught: motion, or content."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_scene import MOTIONS, Clip
from coursekit.datasets.teddy.scene import FURS, HATS, PLACES

WIDTHS, FEATURES = (16, 32, 48), 64
PASSERS = ("none", "from the left", "from the right")

# What each encoder is taught: words with their choices, and numbers (no choices).
TAUGHT: dict[str, dict[str, Sequence[str]]] = {
    "motion": {
        "motion": MOTIONS,
        "passer": PASSERS,
        "heading": ("1", "-1"),
        "speed": (),
    },
    "content": {"fur": FURS, "hat": HATS, "place": PLACES},
}


def clip_targets(clip: Clip) -> dict[str, float]:
    """What the encoders are taught of a clip: indices of choices, or numbers.

    A heading says something of a bear that walks or dances, a speed of somebody who
    passes: else they are nan. Speeds are in 1/100 of the picture's width a frame,
    5.25 taken off.
    """
    bear, passes = clip.scene.bears[0], clip.shirt != "none"
    moves = clip.motion in ("walk", "dance")
    return {
        "motion": MOTIONS.index(clip.motion),
        "passer": 0 if not passes else 1 if clip.direction == 1 else 2,
        "heading": (clip.heading < 0) if moves else float("nan"),
        "speed": 100 * clip.speed - 5.25 if passes else float("nan"),
        "fur": FURS.index(bear.fur),
        "hat": HATS.index(bear.hat),
        "place": PLACES.index(clip.scene.place),
    }


def as_clips(clips: NDArray[np.uint8] | Tensor) -> Tensor:
    """uint8 (B, T, H, W, 3) as float32 (B, 3, T, H, W) in [-1, 1]."""
    x = torch.as_tensor(clips)
    if x.dtype != torch.uint8 or x.ndim != 5 or x.shape[-1] != 3:
        raise ValueError(f"clips are uint8 (B, T, H, W, 3), got {tuple(x.shape)}")
    return x.permute(0, 4, 1, 2, 3).float() / 127.5 - 1


class ClipEncoder(nn.Module):
    """Clips (B, 3, T, H, W) in [-1, 1] to 64 features, and from those to answers."""

    def __init__(self, taught: Mapping[str, Sequence[str]]) -> None:
        """taught: an entry of TAUGHT. Fresh weights from torch's global generator."""
        super().__init__()
        first, second, third = WIDTHS
        self.body = nn.Sequential(
            *(nn.Conv3d(3, first, 3, (1, 2, 2), 1), nn.ReLU()),
            *(nn.Conv3d(first, second, 3, 2, 1), nn.ReLU()),
            *(nn.Conv3d(second, third, 3, 2, 1), nn.ReLU()),
            *(nn.Conv3d(third, FEATURES, 3, (1, 2, 2), 1), nn.ReLU()),
            nn.AdaptiveAvgPool3d(1),
            nn.Flatten(),
        )
        self.heads = nn.ModuleDict(
            {k: nn.Linear(FEATURES, len(v) or 1) for k, v in taught.items()}
        )

    def features(self, x: Tensor) -> Tensor:
        """(B, 64)."""
        result: Tensor = self.body(x)
        return result

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Logits (B, choices) of every word, and (B, 1) of every number."""
        features = self.features(x)
        return {name: head(features) for name, head in self.heads.items()}
