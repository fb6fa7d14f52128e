"""How close generated pictures come to real ones, in a stated feature space.

Few pictures are affordable, so the feature space is small: the first 16 principal
components (of real pictures) of a network's last hidden layer, each scaled to variance
1. The Fréchet distance there grows by a known kind of bias when pictures are few; the
energy distance does not. Both come with the floor, real against real.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets import fashion
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.distances import energy_distance
from coursekit.evaluation.features import NAMES
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.quality import vectors

Images = NDArray[np.uint8]
DIMS = 16


@dataclass(frozen=True)
class Ruler:
    """Scores of pictures against real ones. `valid` is None where nothing can tell."""

    features: Callable[[Images], Tensor]  # pictures -> (N, DIMS)
    reference: Tensor  # features of real training pictures
    real: Callable[[int, int], Images]  # (count, seed) -> held-out real pictures
    valid: Callable[[Images], float] | None
    description: str

    def scores(self, images: Images) -> dict[str, float]:
        """frechet, energy and, if a reader exists, valid."""
        found = self.features(images)
        scores = {
            "frechet": frechet(found, self.reference),
            "energy": energy_distance(found, self.reference),
        }
        if self.valid is not None:
            scores["valid"] = self.valid(images)
        return scores

    def floor(self, count: int, seed: int) -> dict[str, float]:
        """The scores of `count` real pictures: what perfection gets."""
        return self.scores(self.real(count, seed))


def reduced(
    raw: Callable[[Images], Tensor], real: Images
) -> Callable[[Images], Tensor]:
    """`raw` features on DIMS principal components of real pictures, scaled."""
    base = raw(real).double()
    mean = base.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(base.T))
    project = vectors[:, -DIMS:] / values[-DIMS:].clamp(min=1e-12).sqrt()

    def projected(images: Images) -> Tensor:
        found: Tensor = (raw(images).double() - mean) @ project
        return found

    return projected


def correlation(a: Images, b: Images) -> float:
    """Mean over pictures of the correlation between two pictures' pixels."""
    x = a.reshape(len(a), -1).astype(np.float64)
    y = b.reshape(len(b), -1).astype(np.float64)
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    scale = np.sqrt((x**2).sum(1) * (y**2).sum(1)).clip(1e-9)
    return float(((x * y).sum(1) / scale).mean())


def make_ruler(name: str, quick: bool = False) -> Ruler:
    """The ruler for "fashion" or "teddy"; ValueError for another name."""
    if name not in NAMES:
        raise ValueError(f"no ruler for {name!r}: use one of {', '.join(NAMES)}")
    sets = {"fashion": _clothes, "teddy": _bears}
    reference, real = sets[name](500 if quick else 3000)
    project = reduced(partial(vectors, name), reference)
    text = f"{DIMS} principal components, scaled to variance 1, of {NAMES[name]}"
    valid = valid_rate if name == "teddy" else None
    return Ruler(project, project(reference), real, valid, text)


Source = tuple[Images, Callable[[int, int], Images]]  # training pictures, Ruler.real


def _bears(count: int) -> Source:
    def real(n: int, seed: int) -> Images:
        return teddies(n, 32, seed=5000 + seed, split="test")[0]

    return teddies(count, 32, seed=3)[0], real


def _clothes(count: int) -> Source:
    train, test = fashion.load("train")[0], fashion.load("test")[0]

    def some(images: Images, n: int, seed: int) -> Images:
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(images))
        return images[order[:n]]

    return some(train, count, 0), lambda n, seed: some(test, n, seed)
