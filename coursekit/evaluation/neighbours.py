"""Two crowds by their neighbourhoods: precision and recall, density and coverage.

One distance cannot say whether pictures are bad or merely all alike. These look at one
question each. Where a crowd is, is said by balls: around each feature, as far as its
k-th neighbour in the crowd. The answers depend on N and k: compare them at the same.
"""

import torch
from torch import Tensor


def apart(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances of all pairs, float64: (N, D), (M, D) to (N, M).

    Of equal rows it is 0 exactly, which products of rows would not give.
    """
    exact = "donot_use_mm_for_euclid_dist"
    return torch.cdist(x.double(), y.double(), compute_mode=exact)


def precision_recall(real: Tensor, drawn: Tensor, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019).

    A crowd's region is the union of balls around its features; the radius of each ball
    is the distance to the k-th nearest of the *other* features of the same crowd.
    Precision: the share of the drawn features inside the region of the real ones.
    Recall: the share of the real features inside the region of the drawn ones. The edge
    of a ball belongs to it (as in the authors' precision_recall.py).

    real: (N, D), drawn: (M, D). Returns (precision, recall), two numbers. Raises
    ValueError unless k is below N and M.
    """
    if not 1 <= k < min(len(real), len(drawn)):
        raise ValueError(f"k={k} of {len(real)} and {len(drawn)}: use fewer neighbours")

    def share(points: Tensor, crowd: Tensor) -> float:
        radii = apart(crowd, crowd).kthvalue(k + 1, dim=1).values  # itself comes first
        return float((apart(points, crowd) <= radii).any(dim=1).double().mean())

    return share(drawn, real), share(real, drawn)


def density_coverage(real: Tensor, drawn: Tensor, k: int = 5) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020), from the balls of real features alone.

    Density: in how many real balls a drawn feature lies, on average, divided by k;
    about 1 for equal laws, and it may be larger. Coverage: the share of the real balls
    that hold a drawn feature at all.

    real: (N, D), drawn: (M, D), k below N. Returns (density, coverage).
    """
    radii = apart(real, real).kthvalue(k + 1, dim=1).values
    inside = apart(drawn, real) <= radii
    density = inside.double().sum(dim=1).mean() / k
    return float(density), float(inside.any(dim=0).double().mean())
