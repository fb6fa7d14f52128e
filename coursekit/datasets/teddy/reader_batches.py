"""The stream of batches a reader is trained on, and the recipe that mixes it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.reader_data import (
    IGNORE,
    SPOILERS,
    Batch,
    blur,
    empty_places,
    noisy,
    scene_batch,
)
from coursekit.datasets.teddy.reader_nets import CHOICES

VALID = list(CHOICES).index("valid")
COUNT = list(CHOICES).index("count")


@dataclass(frozen=True)
class ReaderRecipe:
    """How one reader is trained. Noise is in units of pixels that run from -1 to 1."""

    seed: int
    samples: tuple[int, ...] = (130_000, 120_000, 40_000)  # pictures, stage by stage
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    clean: float = 0.5  # part of the scenes that stay as drawn
    noise: float = 0.7  # the strongest noise a scene gets
    blur: float = 1.8
    spoiled: float = 0.25  # part of a batch that is not a scene
    kinds: tuple[float, float, float] = (0.80, 0.10, 0.10)
    left_out: tuple[str, ...] = ()  # non-scenes this reader never sees
    pace: tuple[float, ...] = (1, 1 / 2, 1 / 3)  # of the learning rate, by stage
    late: tuple[str, ...] = ("empty", "drowned", "smeared")  # non-scenes from stage 3

    def stage(self, number: int) -> "ReaderRecipe":
        """The recipe of one stage: later ones see cleaner pictures at lower rates."""
        return replace(
            self,
            seed=self.seed + number - 1,
            samples=(self.samples[number - 1],),
            learning_rate=self.learning_rate * self.pace[number - 1],
            clean=self.clean + 0.15 * (number - 1),
            left_out=self.left_out + (self.late if number < 3 else ()),
        )


def corrupt(batch: Batch, recipe: ReaderRecipe, g: torch.Generator) -> Batch:
    """Noise and blur on a part of the scenes.

    Mildly corrupted scenes stay valid; between mild and hopeless `valid` is not asked.
    """
    n = len(batch.x)
    x = batch.x.clone()
    answers = batch.answers.clone()
    luck = torch.rand(n, generator=g)
    hit = luck >= recipe.clean
    parts = hit.nonzero()[:, 0].chunk(4)
    for index in parts:
        # One blur for each quarter of the corrupted scenes, none for about half.
        sigma = recipe.blur * float(torch.rand((), generator=g) * 2 - 1)
        x[index] = blur(x[index], sigma)
        if sigma > 1.0:
            answers[index, VALID] = IGNORE
    level = torch.rand(n, 1, 1, 1, generator=g) * 1.3 - 0.3
    level = recipe.noise * level.clamp(min=0) * hit[:, None, None, None]
    answers[level[:, 0, 0, 0] > 0.30, VALID] = IGNORE
    return Batch(noisy(x, level, g), answers, batch.measures)


def spoil(x: Tensor, recipe: ReaderRecipe, rng: np.random.Generator) -> Batch:
    """Turn scenes x into non-scenes; only `valid` (and `count` for empty places)."""
    g = torch.Generator().manual_seed(int(rng.integers(2**31)))
    names = [n for n in ("empty", *SPOILERS) if n not in recipe.left_out]
    result = x.clone()
    answers = torch.full((len(x), len(CHOICES)), IGNORE)
    answers[:, VALID] = 0
    order = torch.randperm(len(x), generator=g).tensor_split(len(names))
    for name, index in zip(names, order, strict=True):
        if name == "empty":
            result[index] = empty_places(len(index), rng)
            answers[index, COUNT] = 0
        else:
            result[index] = SPOILERS[name](x[index], g)
    return Batch(result, answers, torch.full((len(x), 6), float("nan")))


def batches(recipe: ReaderRecipe) -> Iterator[Batch]:
    """An endless stream of training batches."""
    rng = np.random.Generator(np.random.PCG64(recipe.seed))
    g = torch.Generator().manual_seed(recipe.seed)
    size = min(2048, max(256, recipe.samples[0]))  # scenes drawn at a time
    while True:
        pool = scene_batch(size, rng, recipe.kinds)
        good = round(recipe.batch * (1 - recipe.spoiled))
        for part in torch.split(torch.randperm(size, generator=g), good)[
            : 2048 // good
        ]:
            scenes = Batch(pool.x[part], pool.answers[part], pool.measures[part])
            seen = corrupt(scenes, recipe, g)
            other = torch.randint(size, (recipe.batch - good,), generator=g)
            bad = spoil(pool.x[other], recipe, rng)
            yield Batch(
                torch.cat([seen.x, bad.x]),
                torch.cat([seen.answers, bad.answers]),
                torch.cat([seen.measures, bad.measures]),
            )
