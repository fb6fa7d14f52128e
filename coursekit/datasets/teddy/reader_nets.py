"""The two networks that read teddy pictures, and what they are asked.

They share the questions and nothing else: the first is a small residual network (He et
al. 2016) with batch norm that keeps positions to the end; the second a plain network
with max pooling, group norm and global pooling on folded pixels. Where both agree, the
answer does not hang on one network's habits.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from coursekit.course_folder import COURSE
from coursekit.datasets.teddy.captions import SUBJECT
from coursekit.datasets.teddy.scene import (
    ACTIONS,
    FURS,
    GLASSES,
    HATS,
    MAX_BEARS,
    PLACES,
    POSES,
)

SIDE = 32  # readers look at 32 x 32 pixels
CHOICES: dict[str, tuple[str, ...]] = {
    "place": PLACES,
    "fur": (*FURS, SUBJECT),
    "hat": HATS,
    "glasses": GLASSES,
    "pose": POSES,
    "action": ACTIONS,
    "count": tuple(str(n) for n in range(MAX_BEARS + 1)),
    "mirror": ("no", "yes"),
    "valid": ("no", "yes"),
}
MEASURES = ("x", "y", "scale", "brightness", "warmth", "drift")
WIDTHS = {name: len(words) for name, words in CHOICES.items()}
OUTPUTS = sum(WIDTHS.values()) + len(MEASURES)
READERS = ("first", "second")


def conv(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU; the side shrinks by `stride`."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Residual(nn.Module):
    """x + two 3 x 3 convolutions."""

    def __init__(self, width: int) -> None:
        """A block on `width` channels."""
        super().__init__()
        self.first = conv(width, width, 3, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) to the same shape."""
        return torch.relu(x + self.norm(self.second(self.first(x))))


class FirstReader(nn.Module):
    """Residual network, strided, positions kept: (B, 3, 32, 32) to (B, OUTPUTS)."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.body = nn.Sequential(
            *(conv(3, 24, 5, 2), Residual(24), conv(24, 48, 3, 2), Residual(48)),
            *(conv(48, 96, 3, 2), Residual(96), nn.Flatten()),
            *(nn.Linear(96 * 16, 128), nn.ReLU(), nn.Dropout(0.1)),
        )
        self.head = nn.Linear(128, OUTPUTS)

    def features(self, x: Tensor) -> Tensor:
        """(B, 128) activations before the last layer."""
        result: Tensor = self.body(x)
        return result

    def forward(self, x: Tensor) -> Tensor:
        """All answers side by side; `split_outputs` takes them apart."""
        result: Tensor = self.head(self.features(x))
        return result


class SecondReader(nn.Module):
    """Plain network with pooling, GELU and group norm; same shapes as FirstReader."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()

        def layer(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
            return [
                nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2),
                nn.GroupNorm(4, outputs),
                nn.GELU(),
            ]

        self.body = nn.Sequential(
            *(nn.PixelUnshuffle(2), *layer(12, 32, 5), nn.MaxPool2d(2)),
            *(*layer(32, 64, 3), *layer(64, 64, 3), nn.MaxPool2d(2)),
            *layer(64, 128, 3),
        )
        # Two coarse views of where things are: left to right and top to bottom.
        self.mix = nn.Sequential(nn.Linear(128 * 9, 96), nn.GELU())
        self.head = nn.Linear(96, OUTPUTS)

    def features(self, x: Tensor) -> Tensor:
        """(B, 96) activations before the last layer."""
        y = self.body(x)
        pooled = (y.mean(2), y.amax(3), y.mean((2, 3))[..., None])
        result: Tensor = self.mix(torch.cat(pooled, 2).flatten(1))
        return result

    def forward(self, x: Tensor) -> Tensor:
        """All answers side by side; `split_outputs` takes them apart."""
        result: Tensor = self.head(self.features(x))
        return result


def make_reader(which: str) -> FirstReader | SecondReader:
    """A fresh network: which is "first" or "second"."""
    if which not in READERS:
        raise ValueError(f"which={which!r}: use one of {READERS}")
    return FirstReader() if which == "first" else SecondReader()


def split_outputs(outputs: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """Logits (B, choices) by question, and the measures (B, len(MEASURES))."""
    parts = torch.split(outputs, [*WIDTHS.values(), len(MEASURES)], dim=1)
    return dict(zip(WIDTHS, parts, strict=False)), parts[-1]


def reader_folder() -> Path:
    """Where the trained readers lie: data/readers beside the package."""
    return COURSE / "data" / "readers"
