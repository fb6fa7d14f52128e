"""Figure 07.C: what the number of pictures does to a Fréchet distance, and what a
Fréchet distance does not see however many there are."""

import torch
from torch import Tensor

from coursekit.datasets.teddy.reader_data import blur
from coursekit.evaluation.distances import energy_distance
from coursekit.evaluation.frechet_samples import (
    frechet_at,
    frechet_at_infinity,
    sample_frechet,
)
from coursekit.evaluation.kernel_distances import kid
from coursekit.evaluation.neighbours import precision_recall
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l07_evaluation.experiments.crowds import bears, reader_eye

SIZES = (125, 250, 500, 1250, 2500)  # features of each crowd
FITTED = SIZES[1:]  # those well above the 96 dimensions
DIMS, NORMAL_SIZES = 64, (100, 200, 500, 1000, 2000, 5000)
PARTED = 0.95  # of the four-modal law
PLANE = 2000  # points of each law in the plane


def four_clouds(count: int, parted: float, stir: torch.Generator) -> Tensor:
    """Points (count, 2) with mean 0 and covariance I, around the corners of a square.

    parted: 0 is the normal law, and at 1 only the corners (+-1, +-1) are left.
    """
    corner = torch.randint(0, 2, (count, 2), generator=stir) * 2.0 - 1
    noise = torch.randn(count, 2, generator=stir, dtype=torch.float64)
    points: Tensor = parted * corner + (1 - parted**2) ** 0.5 * noise
    return points


def _bears(sizes: tuple[int, ...], seed: int) -> Result:
    """Real bears and blurred ones beside other real ones."""
    most = max(sizes)
    real = reader_eye(bears(most, 9000 + seed))
    fresh = bears(most, 9500 + seed)
    row: Result = {}
    for name, pictures in (("real", fresh), ("blurred", blur(fresh, 1.0))):
        seen = reader_eye(pictures)
        limit, slope = frechet_at_infinity(real, seen, sizes[1:])
        values = [frechet_at(real, seen, size) for size in sizes]
        row |= prefixed(name, {"frechet": values, "limit": limit, "slope": slope})
    return row


def _normal(sizes: tuple[int, ...], seed: int) -> Result:
    """Two crowds of N(0, I) in 64 dimensions."""
    stir = torch.Generator().manual_seed(seed)
    shape = (max(sizes), DIMS)
    x, y = (torch.randn(shape, generator=stir, dtype=torch.float64) for _ in "xy")
    return {"frechet": [sample_frechet(x[:n], y[:n]) for n in sizes]}


def _plane(count: int, seed: int) -> Result:
    """A normal law in the plane beside itself, and beside four clouds."""
    stir = torch.Generator().manual_seed(seed)
    normal = four_clouds(count, 0.0, stir)
    row: Result = {}
    for name, parted in (("same", 0.0), ("clouds", PARTED)):
        other = four_clouds(count, parted, stir)
        precision, recall = precision_recall(normal, other)
        found = {
            "frechet": sample_frechet(normal, other),
            "kid": kid(normal, other),
            "energy": energy_distance(normal, other),
            "precision": precision,
            "recall": recall,
        }
        row |= prefixed(name, found)
    return row


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.C.

    Keys: `sizes`; `real_frechet` and `blurred_frechet`, lists over sizes, and `_limit`
    and `_slope` of the line through all but the first; `dims`, `normal_sizes`,
    `normal_frechet`, and `normal_theory`, (D^2 + 5 D) / (2 N); `parted`, `plane` (its
    points), and of the plane, as in `clouds_kid`, two laws and five measures. All with
    their spread over seeds.
    """
    sizes = (20, 40, 80) if quick else SIZES
    normal = (100, 200) if quick else NORMAL_SIZES
    plane = 200 if quick else PLANE
    bias = (DIMS**2 + 5 * DIMS) / 2
    return {
        "sizes": list(sizes),
        **for_seeds(_bears, seeds, sizes),
        "dims": DIMS,
        "normal_sizes": list(normal),
        "normal_theory": [bias / n for n in normal],
        **prefixed("normal", for_seeds(_normal, seeds, normal)),
        "parted": PARTED,
        "plane": plane,
        **for_seeds(_plane, seeds, plane),
    }
