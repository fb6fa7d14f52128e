"""What the scene reader learns from: pictures of up to three bears, and their windows.

Half of the pictures are as drawn, half as a model might draw them: softer, with detail
that is not quite right, with noise. Others are no scenes, and other windows no bears.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.captions import words_of
from coursekit.datasets.teddy.reader_data import (
    IGNORE,
    SPOILERS,
    blur,
    empty_places,
    noisy,
)
from coursekit.datasets.teddy.reader_nets import SIDE
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import specialise
from coursekit.datasets.teddy.scene import MAX_BEARS, Bear, Scene, random_scene
from coursekit.datasets.teddy.scene_reader import (
    GLANCE,
    HEIGHT,
    LARGE,
    LOOK,
    small,
    windows,
)

POOL = 1024  # scenes drawn at a time
PATCHES = (32, 16, 8)  # sides of the noise that stands for wrong detail
VALID, WHOLE = list(GLANCE).index("valid"), list(LOOK).index("whole")


@dataclass
class Views:
    """Pictures x (B, 3, 32, 32), answers (B, 3) to GLANCE, places (B, 3), NaN if none;
    windows (M, 3, 48, 32) with answers (M, 6) to LOOK.
    """

    x: Tensor
    answers: Tensor
    places: Tensor
    windows: Tensor
    looks: Tensor


@dataclass
class Drawn:
    """Scenes, their pictures (N, 3, 64, 64), and their bears from left to right.

    rows (M,): whose bear it is; words (M, 6): the answers to LOOK; centre (M,).
    """

    scenes: list[Scene]
    x: Tensor
    rows: Tensor
    words: Tensor
    centre: Tensor

    def answers(self) -> Tensor:
        """The answers to GLANCE, (N, 3)."""
        places = GLANCE["place"]
        table = [[places.index(s.place), len(s.bears), 1] for s in self.scenes]
        return torch.tensor(table)

    def counts(self) -> Tensor:
        """How many bears, (N,)."""
        return torch.tensor([len(s.bears) for s in self.scenes])

    def part(self, start: int, stop: int) -> "Drawn":
        """Some of the scenes."""
        mine = (self.rows >= start) & (self.rows < stop)
        return Drawn(
            self.scenes[start:stop],
            self.x[start:stop],
            self.rows[mine] - start,
            self.words[mine],
            self.centre[mine],
        )

    def places(self) -> Tensor:
        """Where the bears stand, (N, 3), NaN where there is none."""
        table = torch.full((len(self.scenes), MAX_BEARS), torch.nan)
        for row, scene in enumerate(self.scenes):
            for slot, bear in enumerate(in_order(scene)):
                table[row, slot] = bear.x
        return table


def in_order(scene: Scene) -> list[Bear]:
    """Its bears from left to right."""
    return sorted(scene.bears, key=lambda bear: bear.x)


def labelled(scenes: list[Scene], side: int = LARGE) -> Drawn:
    """Draw scenes, and say what there is to read."""
    rows, words, centre = [], [], []
    for row, scene in enumerate(scenes):
        for bear in in_order(scene):
            said = words_of(bear)._asdict() | {"whole": "yes"}
            rows.append(row)
            words.append([LOOK[name].index(said[name]) for name in LOOK])
            centre.append(bear.x)
    x = to_model(render(scenes, side))
    table = torch.tensor(words).reshape(-1, len(LOOK))
    return Drawn(scenes, x, torch.tensor(rows), table, torch.tensor(centre))


def without_one(scene: Scene, luck: float) -> Scene:
    """The same scene, one of its bears missing; luck in [0, 1) says which."""
    gone = int(luck * len(scene.bears))
    return replace(scene, bears=scene.bears[:gone] + scene.bears[gone + 1 :])


def fresh(
    n: int,
    rng: np.random.Generator,
    special: float = 0.05,
    missing: float = 0.0,
    side: int = LARGE,
) -> Drawn:
    """n groups; a few of [V] bears. missing: how many of them have lost a bear."""
    scenes = [random_scene(rng, "group") for _ in range(n)]
    if missing:
        luck = rng.random((n, 2)).tolist()
        both = zip(scenes, luck, strict=True)
        scenes = [without_one(s, b) if a < missing else s for s, (a, b) in both]
    odd = (rng.random(n) < special).tolist()
    pairs = zip(scenes, odd, strict=True)
    return labelled([specialise(s) if o else s for s, o in pairs], side)


def soften(x: Tensor, sigma: float, detail: float, g: torch.Generator) -> Tensor:
    """Blur by `sigma` pixels and make patches off colour: as an autoencoder does."""
    side = PATCHES[int(torch.randint(len(PATCHES), (), generator=g))]
    off = torch.randn(len(x), 3, side, side, generator=g)
    off = F.interpolate(off, x.shape[-2:], mode="bilinear", align_corners=False)
    return blur(x, sigma) + detail * off


def corrupt(x: Tensor, share: float, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Softness and noise up to 0.5 on a share of pictures x.

    Returns them and which (N,) are too far gone to ask whether they are valid.
    """
    x = x.clone()
    hit = torch.rand(len(x), generator=g) < share
    gone = torch.zeros(len(x), dtype=torch.bool)
    for index in hit.nonzero()[:, 0].chunk(8):
        luck = torch.rand(2, generator=g).tolist()
        sigma, detail = 2.6 * luck[0] - 0.6, max(0.0, 0.3 * luck[1] - 0.1)
        x[index] = soften(x[index], sigma * x.shape[-1] / LARGE, detail, g)
        gone[index] = sigma > 1.5
    level = (torch.rand(len(x), generator=g) - 0.5).clamp(min=0) * hit
    return noisy(x, level[:, None, None, None], g), gone | (level > 0.25)


def _apart(low: float, high: float, n: int, g: torch.Generator) -> Tensor:
    """Numbers of size low to high, half of them negative."""
    luck = torch.rand(2, n, generator=g)
    return (low + (high - low) * luck[0]) * (2 * (luck[1] < 0.5) - 1)


def bear_windows(drawn: Drawn, x: Tensor, g: torch.Generator) -> Tensor:
    """The window of each bear in pictures x, never quite where it should be."""
    height = torch.tensor(HEIGHT)[drawn.counts()[drawn.rows]]
    n = len(height)
    centre = drawn.centre + _apart(0, 0.06, n, g) * height
    low = 1 + _apart(0, 0.02, n, g)
    return windows(x[drawn.rows], centre, height * (1 + _apart(0, 0.06, n, g)), low)


def no_bears(drawn: Drawn, n: int, g: torch.Generator) -> Tensor:
    """n windows without one whole bear: beside one, or spoiled."""
    pick = torch.randint(len(drawn.rows), (n,), generator=g)
    rows, counts = drawn.rows[pick], drawn.counts()[drawn.rows[pick]]
    height, centre = torch.tensor(HEIGHT)[counts], drawn.centre[pick]
    third = n // 3
    beside = centre + _apart(0.25, 0.42, n, g) * height
    off = windows(drawn.x[rows], beside, height, torch.ones(n))[:third]
    good = windows(drawn.x[rows], centre, height, torch.ones(n))[third:]
    return torch.cat([off, spoil(good, g)])


def spoil(x: Tensor, g: torch.Generator) -> Tensor:
    """Pictures, spoiled in all ways."""
    pieces = x.tensor_split(len(SPOILERS))
    return torch.cat(
        [way(part, g) for way, part in zip(SPOILERS.values(), pieces, strict=True)]
    )


def spoiled(
    x: Tensor, n: int, rng: np.random.Generator, g: torch.Generator
) -> tuple[Tensor, Tensor]:
    """n pictures (n, 3, 64, 64) that are no scenes, and the answers to GLANCE."""
    bare = empty_places(max(1, n // 4), rng, x.shape[-1])
    pick = torch.randint(len(x), (n - len(bare),), generator=g)
    answers = torch.full((n, len(GLANCE)), IGNORE)
    answers[:, VALID] = 0
    answers[: len(bare), list(GLANCE).index("count")] = 0
    return torch.cat([bare, spoil(x[pick], g)]), answers


def batches(seed: int, batch: int, share: float = 0.5) -> Iterator[Views]:
    """An endless stream: three of four pictures scenes, four of five windows bears."""
    g = torch.Generator().manual_seed(seed)
    for part, bad, unasked, none in _pools(seed, batch, g):
        x, gone = corrupt(part.x, share, g)
        seen = _seen(small(torch.cat([x, bad])), part, gone, unasked)
        looked = part.words.clone()
        looked[gone[part.rows], WHOLE] = IGNORE
        nothing = torch.full((len(none), len(LOOK)), IGNORE)
        nothing[:, WHOLE] = 0
        seen.windows = torch.cat([bear_windows(part, x, g), none])
        seen.looks = torch.cat([looked, nothing])
        yield seen


def glimpses(
    seed: int, batch: int, missing: float, share: float = 0.5
) -> Iterator[Views]:
    """The same for `Glance` alone, at its own size, with bears missing in some rows."""
    g = torch.Generator().manual_seed(seed)
    for part, bad, unasked, _ in _pools(seed, batch, g, missing, SIDE):
        x, gone = corrupt(part.x, share, g)
        yield _seen(torch.cat([x, bad]), part, gone, unasked)


def _pools(
    seed: int,
    batch: int,
    g: torch.Generator,
    missing: float = 0.0,
    side: int = LARGE,
) -> Iterator[tuple[Drawn, Tensor, Tensor, Tensor]]:
    """Scenes, no scenes with their answers, and windows without a bear."""
    rng = np.random.Generator(np.random.PCG64(seed))
    good = 3 * batch // 4
    steps = max(2, POOL // good)  # from one pool
    while True:
        pool = fresh(steps * good, rng, missing=missing, side=side)
        bad, unasked = spoiled(pool.x, steps * (batch - good), rng, g)
        none = no_bears(pool, len(pool.rows) // 4, g) if side == LARGE else pool.x[:0]
        mixed = torch.randperm(len(bad), generator=g).tensor_split(steps)
        aside = torch.randperm(len(none), generator=g).tensor_split(steps)
        for number, (mine, beside) in enumerate(zip(mixed, aside, strict=True)):
            part = pool.part(number * good, (number + 1) * good)
            yield part, bad[mine], unasked[mine], none[beside]


def _seen(x: Tensor, part: Drawn, gone: Tensor, unasked: Tensor) -> Views:
    told = part.answers()
    told[gone, VALID] = IGNORE
    nowhere = torch.full((len(unasked), MAX_BEARS), torch.nan)
    answers = torch.cat([told, unasked])
    return Views(x, answers, torch.cat([part.places(), nowhere]), x[:0], answers[:0])
