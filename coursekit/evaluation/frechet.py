"""The Fréchet distance between Gaussians, and between samples summed up as Gaussians.

With the features of an Inception network this is the FID (Heusel et al. 2017). The
features are the caller's choice here, and every figure must say which. The value from
N samples is too large by roughly a constant / N: compare equal N, beside the floor of
real against real.
"""

import torch
from torch import Tensor


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def frechet_distance(mean1: Tensor, cov1: Tensor, mean2: Tensor, cov2: Tensor) -> float:
    """Squared Fréchet distance of two Gaussians (Dowson & Landau 1982).

        |mean1 - mean2|^2 + Tr( cov1 + cov2 - 2 (cov1 cov2)^(1/2) )

    means: (D,); covariances: (D, D), symmetric, perhaps singular. The trace of the root
    is that of (R cov2 R)^(1/2) with R = cov1^(1/2), which stays symmetric and real.
    Never negative: where rounding makes it so, it is 0.
    """
    mean1, cov1, mean2, cov2 = (v.double() for v in (mean1, cov1, mean2, cov2))
    root = _root(cov1)
    cross = torch.linalg.eigvalsh(root @ cov2 @ root).clamp(min=0).sqrt().sum()
    shift = (mean1 - mean2).square().sum()
    return max(0.0, float(shift + cov1.trace() + cov2.trace() - 2 * cross))


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (D,) and covariance (D, D, divided by N - 1) of features (N, D), float64."""
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"need (N >= 2, D) features, got {tuple(features.shape)}")
    features = features.double()
    dims = features.shape[1]
    return features.mean(0), torch.cov(features.T).reshape(dims, dims)


def frechet(x: Tensor, y: Tensor) -> float:
    """Fréchet distance between two sets of features, (N, D) and (M, D)."""
    return frechet_distance(*moments(x), *moments(y))
