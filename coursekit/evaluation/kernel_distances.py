"""Distances of two crowds by a kernel: KID, and the MMD of CMMD's kind.

A kernel says how alike two features are. Crowds are far apart when pairs from one of
them are more alike than pairs across; what that means, the kernel decides.
"""

from torch import Tensor
from torch.nn.functional import normalize

from coursekit.evaluation.distances import mmd2


def kid(x: Tensor, y: Tensor) -> float:
    """Kernel Inception distance of two crowds of features (Bińkowski et al. 2018).

    The squared maximum mean discrepancy with the kernel k(a, b) = (a.b / D + 1)^3:

        mean k(x_i, x_j), i != j,  +  mean k(y_i, y_j), i != j,  -  2 mean k(x_i, y_j)

    It is unbiased (Gretton et al. 2012, Lemma 6): two crowds of one law scatter around
    0, and the value may be negative. Hence no term of a feature with itself, and no
    clipping.

    x: (N, D), y: (M, D). Compute in float64: the three terms nearly cancel. Returns a
    number. Raises ValueError where a crowd has fewer than 2 rows.
    """
    if x.shape[1:] != y.shape[1:] or x.ndim != 2 or min(len(x), len(y)) < 2:
        shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
        raise ValueError(f"need two rows or more of as many features, got {shapes}")
    x, y = x.double(), y.double()

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def inside(a: Tensor) -> Tensor:
        pairs = kernel(a, a).fill_diagonal_(0)
        return pairs.sum() / (len(a) * (len(a) - 1))

    return float(inside(x) + inside(y) - 2 * kernel(x, y).mean())


def cmmd(x: Tensor, y: Tensor, sigma: float = 10.0) -> float:
    """1000 times the squared MMD of unit vectors under one Gaussian kernel.

    The distance of CMMD (Jayasumana et al. 2024), on features of the caller's choice:
    every row is scaled to length 1, the kernel is exp(-|a - b|^2 / (2 sigma^2)), and
    the factor 1000 makes the numbers readable. Theirs keeps the pairs of a row with
    itself, which adds a little that depends on N; this one leaves them out.

    Unit vectors lie 2 apart at most, so for sigma = 10 the kernel is nearly a straight
    line, and the value nearly 1000 / sigma^2 times the squared distance of the means.

    x: (N, D), y: (M, D). Returns a number, perhaps slightly negative.
    """
    a, b = normalize(x.double(), dim=1), normalize(y.double(), dim=1)
    return 1000 * mmd2(a, b, [sigma])
