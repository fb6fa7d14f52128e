"""How good are a recipe's samples: Fréchet distance and, for teddies, valid scenes.

Every figure stands beside the same figure for real pictures at the same number: a
distance between two samples of one law is not 0, and a reader is not always right.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.evaluation.features import NAMES, features
from coursekit.evaluation.frechet import frechet
from coursekit.evaluation.sampling import Walk, sample_images

Images = NDArray[np.uint8]
Figures = dict[str, Any]


def held_out_images(data: str, count: int, seed: int) -> tuple[Images, Images]:
    """Two disjoint sets of `count` real pictures that no training has seen.

    "fashion": from the test part (the full one if installed, else the embedded 2,000),
    shuffled by the seed; "teddy": rendered scenes of the test split.
    Raises ValueError when there are not enough.
    """
    if data == "teddy":
        from coursekit.datasets.teddy.sample import teddies

        images, _ = teddies(2 * count, 32, seed=1_000_000 + seed, split="test")
        return images[:count], images[count:]
    from coursekit.datasets import fashion

    try:
        images, _ = fashion.load("test", full=True)
    except fashion.DataError:
        images, _ = fashion.load("test")
    if 2 * count > len(images):
        raise ValueError(f"{2 * count} held-out pictures wanted, {len(images)} here")
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order[:count]], images[order[count : 2 * count]]


def vectors(data: str, images: Images) -> Tensor:
    """The features (N, D) of pictures of a data set, as a tensor."""
    return torch.from_numpy(features(data, images))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean, standard deviation (0 for one value) and the values themselves."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {
        "mean": float(np.mean(values)),
        "std": deviation,
        "values": [round(float(value), 5) for value in values],
    }


def measure(
    model: nn.Module,
    walk: Walk,
    sampler: str,
    data: str,
    shape: tuple[int, int, int],
    count: int = 1000,
    num_evals: int = 50,
    seeds: Sequence[int] = (0, 1, 2),
) -> Figures:
    """Sample `count` pictures for each seed and compare them with held-out ones.

    model and walk: of `sample_images`; sampler: their name; data: "fashion" or "teddy";
    shape: (C, H, W). Returns plain values: the setting, "frechet" and "frechet_real",
    for teddies "valid" and "valid_real", each with mean, std and one value for each
    seed.
    """
    rows: dict[str, list[float]] = {"frechet": [], "frechet_real": []}
    for seed in seeds:
        real, other = held_out_images(data, count, seed)
        images = sample_images(model, walk, shape, count, num_evals, seed)
        reference = vectors(data, real)
        rows["frechet"].append(frechet(vectors(data, images), reference))
        rows["frechet_real"].append(frechet(vectors(data, other), reference))
        if data == "teddy":
            from coursekit.datasets.teddy.reader import valid_rate

            rows.setdefault("valid", []).append(valid_rate(images))
            rows.setdefault("valid_real", []).append(valid_rate(real))
    return {
        "samples": count,
        "sampler": sampler,
        "seeds": list(seeds),
        "feature_space": NAMES[data],
        "against": "held-out real pictures, as many as samples",
        **{name: spread(values) for name, values in rows.items()},
    }
