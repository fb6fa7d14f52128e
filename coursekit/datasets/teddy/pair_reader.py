"""Read fur and hat of two bears side by side: pairs, and bears before a mirror.

One small network looks at the left half of the picture and, separately, at the mirror
image of the right half. So what it says of one bear cannot depend on the other one: it
does not know that reflections should agree or which bear the prompt gave the hat to.
How far to trust it: data/readers/pairs/card.json (accuracy, confusion, noise, blur).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.reader import (
    UNREADABLE,
    Pictures,
    as_pixels,
    best_words,
    load_into,
)
from coursekit.datasets.teddy.reader_nets import SIDE, Residual, conv, reader_folder
from coursekit.datasets.teddy.scene import FURS, HATS

HALF = SIDE // 2
QUESTIONS: dict[str, tuple[str, ...]] = {
    "fur": FURS,
    "hat": HATS,
    "seen": ("no", "yes"),  # one whole bear stands in this half
}
WIDTHS = [len(words) for words in QUESTIONS.values()]
RETRAIN = "python -m coursekit.datasets.teddy.train_pair_reader"


@dataclass(frozen=True)
class BearSeen:
    """What is read of one bear: words or "unreadable", and x, its place from the left.

    `seen` says whether a whole bear stands there at all; if not, both are unreadable.
    """

    fur: str
    hat: str
    seen: bool
    x: float


@dataclass(frozen=True)
class PairReading:
    """The bear of the left half and the bear of the right half of a picture."""

    left: BearSeen
    right: BearSeen

    @property
    def valid(self) -> bool:
        """Both halves show a bear."""
        return self.left.seen and self.right.seen

    @property
    def distance(self) -> float:
        """How far apart the bears stand, as a fraction of the picture."""
        return self.right.x - self.left.x

    def agree(self, name: str) -> bool | None:
        """Whether both have the same "fur" or "hat"; None where one is unreadable."""
        left, right = getattr(self.left, name), getattr(self.right, name)
        return None if UNREADABLE in (left, right) else left == right


class HalfReader(nn.Module):
    """Half a picture (B, 3, 32, 16) to the logits of all questions and a place."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.body = nn.Sequential(
            *(conv(3, 24, 3, 1), conv(24, 48, 3, 2), Residual(48)),
            *(conv(48, 64, 3, 2), Residual(64), nn.Flatten()),
            *(nn.Linear(64 * 32, 96), nn.ReLU(), nn.Dropout(0.1)),
        )
        self.head = nn.Linear(96, sum(WIDTHS) + 1)

    def forward(self, x: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Logits (B, choices) by question, and the distance (B,) to the outer edge."""
        *logits, place = torch.split(self.head(self.body(x)), [*WIDTHS, 1], dim=1)
        return dict(zip(QUESTIONS, logits, strict=True)), place[:, 0] / 4 + 0.25


def halves(x: Tensor) -> Tensor:
    """Pictures (N, 3, 32, 32) as 2 N halves (2 N, 3, 32, 16), the outer edge first.

    The N left halves come before the N right ones, and those are mirrored.
    """
    return torch.cat([x[..., :HALF], x[..., HALF:].flip(-1)])


@lru_cache(maxsize=2)
def load_pair_reader(folder: Path | None = None) -> tuple[HalfReader, dict[str, Any]]:
    """The trained network in eval mode and its card; errors as `load_reader`."""
    net = HalfReader()
    return net, load_into(net, folder or reader_folder() / "pairs", RETRAIN)


@torch.inference_mode()
def half_outputs(net: HalfReader, images: Pictures) -> tuple[dict[str, Tensor], Tensor]:
    """Logits (2 N, choices) by question and places (2 N,), left halves first."""
    parts = [
        net(halves(as_pixels(images[i : i + 256]))) for i in range(0, len(images), 256)
    ]
    # Each piece holds its left halves, then its right ones: (2, n) side by side.
    logits = {
        name: torch.cat([p[0][name].unflatten(0, (2, -1)) for p in parts], 1).flatten(
            0, 1
        )
        for name in QUESTIONS
    }
    place = torch.cat([p[1].unflatten(0, (2, -1)) for p in parts], 1).flatten()
    return logits, place


def read_pairs(images: Pictures, folder: Path | None = None) -> list[PairReading]:
    """Read each picture: uint8 (N, H, W, 3), or model space (N, 3, H, W) in [-1, 1].

    A word whose calibrated confidence is below the card's threshold is "unreadable".
    """
    if len(images) == 0:
        return []
    net, card = load_pair_reader(folder)
    logits, place = half_outputs(net, images)
    chances = {
        name: torch.softmax(values / card["temperature"][name], 1)
        for name, values in logits.items()
    }
    seen = chances["seen"][:, 1] >= card["threshold"]["seen"]
    words: dict[str, list[str]] = {}
    for name in ("fur", "hat"):
        named = best_words(chances[name], QUESTIONS[name], card["threshold"][name])
        both = zip(named, seen.tolist(), strict=True)
        words[name] = [word if there else UNREADABLE for word, there in both]
    n = len(images)
    x = torch.cat([place[:n], 1 - place[n:]]).tolist()
    bears = [
        BearSeen(*row)
        for row in zip(words["fur"], words["hat"], seen.tolist(), x, strict=True)
    ]
    return [PairReading(*both) for both in zip(bears[:n], bears[n:], strict=True)]
