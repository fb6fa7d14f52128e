"""Read scenes of up to three bears at 64 pixels: the place, and each bear by itself.

One network glances at the whole picture, at 32 pixels: the place, how many bears, where
they stand. The other looks at each bear through a window that holds little else. So
what it says of one bear cannot depend on the others or on the place: it does not know
which of them the prompt gave the hat to. How far to trust both:
data/readers/scenes/card.json (accuracy, confusion, noise, blur), and docs/log.md.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit.datasets.teddy.captions import Words
from coursekit.datasets.teddy.reader import (
    Pictures,
    as_pixels,
    best_words,
    load_into,
)
from coursekit.datasets.teddy.reader_nets import (
    CHOICES,
    SIDE,
    Residual,
    conv,
    reader_folder,
)
from coursekit.datasets.teddy.scene import MAX_BEARS

LARGE = 64  # pixels it looks at
VIEW = (48, 32)  # a bear's window, in pixels
# How much of the picture a window holds from the lower edge, by number of bears.
HEIGHT = (1.0, 1.0, 0.82, 0.64)
GLANCE = {name: CHOICES[name] for name in ("place", "count", "valid")}
LOOK = {name: CHOICES[name] for name in Words._fields}
LOOK["whole"] = ("no", "yes")  # one whole bear sits in this window
RETRAIN = "python -m coursekit.datasets.teddy.train_scene_reader"
Logits = dict[str, Tensor]


@dataclass(frozen=True)
class SceneReading:
    """What is read of a picture: the place, and the bears from left to right.

    A word that is not sure enough is "unreadable". `x`: where the bears stand, as a
    fraction of the picture. `valid`: it looks like a scene with that many whole bears.
    """

    place: str
    bears: tuple[Words, ...]
    x: tuple[float, ...]
    valid: bool

    @property
    def count(self) -> int:
        """How many bears there are."""
        return len(self.bears)


def _split(outputs: Tensor, questions: dict[str, tuple[str, ...]]) -> Logits:
    widths = [len(words) for words in questions.values()]
    return dict(zip(questions, torch.split(outputs, widths, dim=1), strict=True))


class Glance(nn.Module):
    """A whole picture (B, 3, 32, 32): logits of GLANCE and places x (B, 3)."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        outputs = sum(map(len, GLANCE.values()))
        self.body = nn.Sequential(
            *(conv(3, 16, 5, 2), conv(16, 32, 3, 2), Residual(32), conv(32, 64, 3, 2)),
            *(nn.Flatten(), nn.Linear(64 * 16, 48), nn.ReLU(), nn.Dropout(0.1)),
            nn.Linear(48, outputs + MAX_BEARS),
        )

    def forward(self, x: Tensor) -> tuple[Logits, Tensor]:
        """Bears from left to right; places of absent ones mean nothing."""
        outputs = self.body(x).float()
        words, where = outputs[:, :-MAX_BEARS], outputs[:, -MAX_BEARS:]
        return _split(words, GLANCE), where / 4 + 0.5


class Look(nn.Module):
    """Windows (B, 3, 48, 32) to the logits of LOOK."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.body = nn.Sequential(
            *(nn.PixelUnshuffle(2), conv(12, 32, 3, 1), conv(32, 56, 3, 2)),
            *(Residual(56), conv(56, 72, 3, 2), Residual(72), nn.Flatten()),
            *(nn.Linear(72 * 24, 96), nn.ReLU(), nn.Dropout(0.1)),
            nn.Linear(96, sum(map(len, LOOK.values()))),
        )

    def forward(self, x: Tensor) -> Logits:
        """What the bear in the middle of each window looks like."""
        return _split(self.body(x).float(), LOOK)


class SceneReader(nn.Module):
    """Both networks."""

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.glance, self.look = Glance(), Look()


def small(x: Tensor) -> Tensor:
    """Pictures (B, 3, 64, 64) as `Glance` takes them."""
    return F.avg_pool2d(x, LARGE // SIDE)


def windows(x: Tensor, centre: Tensor, height: Tensor, low: Tensor) -> Tensor:
    """Cut a window of VIEW out of each picture x (B, 3, H, W), edges drawn outwards.

    centre, height, low: (B,) where its middle is from left to right, how tall it is,
    and where its lower edge is, in fractions of the picture.
    """
    width = height * VIEW[1] / VIEW[0]
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = width, 2 * centre - 1
    theta[:, 1, 1], theta[:, 1, 2] = height, 2 * low - height - 1
    grid = F.affine_grid(theta, [len(x), 3, *VIEW], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


@lru_cache(maxsize=2)
def load_scene_reader(
    folder: Path | None = None,
) -> tuple[SceneReader, dict[str, Any]]:
    """The trained networks in eval mode and their card; errors as `load_reader`."""
    net = SceneReader()
    return net, load_into(net, folder or reader_folder() / "scenes", RETRAIN)


@torch.inference_mode()
def glances(net: SceneReader, x: Tensor) -> tuple[Logits, Tensor]:
    """Logits of GLANCE for pictures (N, 3, 64, 64), and places (N, 3)."""
    parts = [net.glance(small(part)) for part in torch.split(x, 256)]
    logits = {name: torch.cat([p[0][name] for p in parts]) for name in GLANCE}
    return logits, torch.cat([p[1] for p in parts])


@torch.inference_mode()
def looks(net: SceneReader, x: Tensor, count: Tensor, where: Tensor) -> Logits:
    """Logits of LOOK for the first `count` (N,) bears of each picture, in order."""
    row, slot = (torch.arange(MAX_BEARS) < count[:, None]).nonzero().T
    if not len(row):
        return {name: torch.empty(0, len(words)) for name, words in LOOK.items()}
    height = torch.tensor(HEIGHT)[count[row]]
    cut = (torch.split(each, 256) for each in (row, slot, height))
    parts = [
        net.look(windows(x[r], where[r, s], h, torch.ones(len(r))))
        for r, s, h in zip(*cut, strict=True)
    ]
    return {name: torch.cat([p[name] for p in parts]) for name in LOOK}


def _named(
    logits: Logits, name: str, options: tuple[str, ...], card: dict[str, Any]
) -> list[str]:
    """The best word of each row, or "unreadable"."""
    chances = torch.softmax(logits[name] / card["temperature"][name], 1)
    return best_words(chances, options, card["threshold"][name])


def read_scenes(images: Pictures, folder: Path | None = None) -> list[SceneReading]:
    """Read each picture: uint8 (N, H, W, 3), or model space (N, 3, H, W) in [-1, 1]."""
    if len(images) == 0:
        return []
    net, card = load_scene_reader(folder)
    x = as_pixels(images, LARGE)
    logits, where = glances(net, x)
    count = logits["count"].argmax(1)
    seen = looks(net, x, count, where)
    table = zip(
        *(_named(seen, name, LOOK[name], card) for name in Words._fields), strict=True
    )
    words = iter([Words(*row) for row in table])
    least = card["threshold"]
    chance = {n: torch.softmax(v, 1)[:, 1] for n, v in (logits | seen).items()}
    whole = iter((chance["whole"] >= least["whole"]).tolist())
    good = (chance["valid"] >= least["valid"]).tolist()
    places = _named(logits, "place", GLANCE["place"], card)
    readings = []
    for i, n in enumerate(count.tolist()):
        bears = tuple(next(words) for _ in range(n))
        proper = all([next(whole) for _ in range(n)])
        x_of = tuple(where[i, :n].tolist())
        readings.append(
            SceneReading(places[i], bears, x_of, good[i] and proper and n > 0)
        )
    return readings
