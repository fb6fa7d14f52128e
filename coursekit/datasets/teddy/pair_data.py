"""What the pair reader learns from: halves with one bear, and halves without."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.pair_reader import HALF, QUESTIONS, halves
from coursekit.datasets.teddy.reader_data import (
    IGNORE,
    SPOILERS,
    blur,
    empty_places,
    noisy,
)
from coursekit.datasets.teddy.reader_nets import SIDE
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import FURS, HATS, Bear, Scene, random_scene

KINDS = ("pair", "group", "mirror", "hall")
SHARES = (0.25, 0.15, 0.25, 0.35)  # halls have the smallest bears
# Spoiled pictures whose halves show no proper bear either.
SPOILED = ("pure_noise", "blobs", "blend", "warp", "turned")
SEEN = list(QUESTIONS).index("seen")


@dataclass
class Halves:
    """Halves x (B, 3, 32, 16), answers (B, 3) to QUESTIONS, places (B,), NaN if none.

    A place is the distance of the bear's feet to the outer edge of the picture.
    """

    x: Tensor
    answers: Tensor
    place: Tensor


def two_bears(scene: Scene) -> tuple[Bear, Bear]:
    """The left and the right bear of a scene with two, or with one and a mirror.

    Raises ValueError for other scenes.
    """
    if scene.mirror:
        bear = scene.bears[0]
        side = 1 if bear.x < 0.5 else -1
        other = replace(bear, x=bear.x + side * scene.distance)
        return (bear, other) if side > 0 else (other, bear)
    if len(scene.bears) != 2:
        raise ValueError(
            f"{len(scene.bears)} bears and no mirror: give a pair, mirror or hall"
        )
    left, right = sorted(scene.bears, key=lambda b: b.x)
    return left, right


def scene_of(rng: np.random.Generator, kind: str) -> Scene:
    """A scene of two bears. Pairs wear any furs and hats, equal ones and none too."""
    scene = random_scene(rng, kind)
    while kind == "group" and len(scene.bears) != 2:
        scene = random_scene(rng, kind)
    if kind == "pair":
        picks = rng.random((2, 2)).tolist()
        bears = tuple(
            replace(bear, fur=FURS[int(8 * a)], hat=HATS[int(4 * b)])
            for bear, (a, b) in zip(scene.bears, picks, strict=True)
        )
        return replace(scene, bears=bears)
    return scene


def labelled(scenes: list[Scene], x: Tensor) -> Halves:
    """The halves of pictures x (N, 3, 32, 32) of scenes with two bears."""
    bears = [both[i] for i in (0, 1) for both in map(two_bears, scenes)]
    answers = [[FURS.index(b.fur), HATS.index(b.hat), 1] for b in bears]
    place = [min(b.x, 1 - b.x) for b in bears]
    return Halves(halves(x), torch.tensor(answers), torch.tensor(place))


def clean(n: int, rng: np.random.Generator) -> tuple[list[Scene], Tensor]:
    """n scenes of all kinds, mixed by SHARES, and their pictures (n, 3, 32, 32)."""
    kinds = rng.choice(KINDS, n, p=SHARES)
    scenes = [scene_of(rng, str(kind)) for kind in kinds]
    return scenes, to_model(render(scenes, SIDE))


def corrupt(x: Tensor, share: float, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Blur up to 1.5 pixels and noise up to 0.5 on a share of pictures x.

    Returns them and which (N,) are too far gone to ask whether a bear is seen.
    """
    x = x.clone()
    hit = torch.rand(len(x), generator=g) < share
    gone = torch.zeros(len(x), dtype=torch.bool)
    for index in hit.nonzero()[:, 0].chunk(8):
        sigma = 1.5 * float(torch.rand((), generator=g) * 2 - 1)
        x[index] = blur(x[index], sigma)
        gone[index] = sigma > 1
    level = (torch.rand(len(x), generator=g) * 0.8 - 0.3).clamp(min=0) * hit
    return noisy(x, level[:, None, None, None], g), gone | (level > 0.3)


def erase(pictures: Halves, scenes: list[Scene]) -> Tensor:
    """The halves with a reflection, without it: the glass above it drawn downwards."""
    kept = []
    for index, scene in enumerate(scenes):
        bear = scene.bears[0]
        row = index if bear.x > 0.5 else index + len(scenes)
        half = pictures.x[row].clone()
        top = max(0, round(SIDE * (bear.y - 0.03 - 1.25 * 0.9 * bear.scale)) - 1)
        foot = round(SIDE * (bear.y - 0.03)) + 1
        reach = 0.6 * bear.scale
        left = max(0, round(SIDE * (float(pictures.place[row]) - reach)))
        right = min(HALF, round(SIDE * (float(pictures.place[row]) + reach)))
        half[:, top:foot, left:right] = half[:, top : top + 1, left:right]
        kept.append(half)
    return torch.stack(kept)


def _some(n: int, kind: str, rng: np.random.Generator) -> list[Scene]:
    return [random_scene(rng, kind) for _ in range(n)]


def without_bear(n: int, rng: np.random.Generator) -> Halves:
    """About n halves that do not show one whole bear of this world."""
    g = torch.Generator().manual_seed(int(rng.integers(2**31)))
    part = max(2, n // 8)
    # Bears cut by the middle line. Solo bears far from it would look almost whole.
    solo = [s for s in _some(2 * part, "solo", rng) if abs(s.bears[0].x - 0.5) < 0.1]
    three = [s for s in _some(2 * part, "group", rng) if len(s.bears) == 3]
    hall = _some(part // 2, "hall", rng) + _some(part // 2, "mirror", rng)
    _, proper = clean(2 * part, rng)
    pieces = [halves(to_model(render(solo + three, SIDE)))]
    pieces.append(halves(empty_places(part, rng)))
    pieces.append(erase(labelled(hall, to_model(render(hall, SIDE))), hall))
    for name, chunk in zip(SPOILED, proper.chunk(len(SPOILED)), strict=False):
        pieces.append(halves(SPOILERS[name](chunk, g)))
    x = torch.cat(pieces)
    answers = torch.tensor([[IGNORE, IGNORE, 0]]).repeat(len(x), 1)
    return Halves(x, answers, torch.full((len(x),), torch.nan))


def batches(seed: int, batch: int, share: float = 0.5) -> Iterator[Halves]:
    """An endless stream of about `batch` halves: three quarters with a bear."""
    rng = np.random.Generator(np.random.PCG64(seed))
    g = torch.Generator().manual_seed(seed)
    good = 3 * batch // 8  # pictures: each gives two halves
    while True:
        scenes, x = clean(16 * good, rng)
        none = without_bear(16 * batch // 4, rng)
        order = torch.randperm(len(none.x), generator=g).chunk(16)
        for number, mine in enumerate(order):
            span = slice(number * good, (number + 1) * good)
            spoiled, gone = corrupt(x[span], share, g)
            seen = labelled(scenes[span], spoiled)
            seen.answers[gone.repeat(2), SEEN] = IGNORE
            yield Halves(
                torch.cat([seen.x, none.x[mine]]),
                torch.cat([seen.answers, none.answers[mine]]),
                torch.cat([seen.place, none.place[mine]]),
            )
