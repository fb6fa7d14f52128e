"""Why not simply count? Histograms of images, from two dimensions to sixteen.

Figure 01.N. An image is one point in a space with as many dimensions as it has pixels.
Cut the first d principal components into cells, count training images, and ask of
images that were held out: did any training image fall into the same cell, and how
likely does the histogram say they are?
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from coursekit.datasets import fashion
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.summary import Result, for_seeds, prefixed

Array = NDArray[np.float64]
Images = NDArray[np.uint8]
Split = Callable[[int], tuple[Array, Array]]  # seed -> training rows, held-out rows
DIMS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
LAGS = (1, 2, 4, 8, 12)
BINS = 10
REACH = 4.0  # the grid covers -4..4 standard deviations; what lies outside is clamped


def whitened_components(train: Array, held_out: Array, d: int) -> tuple[Array, Array]:
    """The first d principal components, in units of their training std.

    train (N, P), held_out (M, P) -> (N, d), (M, d). Mean, directions and scales come
    from `train` alone.
    """
    mean = train.mean(0)
    size = train.shape[1]
    variance, directions = scipy.linalg.eigh(
        np.cov(train - mean, rowvar=False), subset_by_index=[size - d, size - 1]
    )
    directions = directions[:, ::-1] / np.sqrt(variance[::-1])
    return (train - mean) @ directions, (held_out - mean) @ directions


def cells(points: Array) -> NDArray[np.int64]:
    """The grid cell of each point, as integers per dimension. (N, d) -> (N, d)."""
    index = np.floor((points + REACH) * BINS / (2 * REACH)).astype(np.int64)
    return np.clip(index, 0, BINS - 1)


def histogram_scores(train: Array, held_out: Array) -> Result:
    """Judge a d-dimensional histogram by points it has not seen.

    train (N, d), held_out (M, d), whitened. Keys: hit, the fraction of held-out points
    in a cell that some training point occupies; log_likelihood, nats per held-out
    point. Unseen cells share the mass that Good & Turing estimate for them (Good 1953):
    the number of cells seen once, divided by N. Without it one miss costs infinity.
    """
    d = train.shape[1]
    seen, counts = np.unique(cells(train), axis=0, return_counts=True)
    table = {row.tobytes(): int(c) for row, c in zip(seen, counts, strict=True)}
    count = np.array([table.get(row.tobytes(), 0) for row in cells(held_out)])
    unseen = min(max(int((counts == 1).sum()), 1), len(train) - 1) / len(train)
    mass = (1 - unseen) * count / len(train) + unseen * float(BINS) ** -d
    cell_size = d * np.log(2 * REACH / BINS)
    return {
        "hit": float((count > 0).mean()),
        "log_likelihood": float(np.log(mass).mean() - cell_size),
    }


def gaussian_log_likelihood(points: Array) -> float:
    """Mean log density under N(0, I), the simplest rival: whitened training moments."""
    d = points.shape[1]
    return float(-0.5 * (points**2).sum(1).mean() - d / 2 * np.log(2 * np.pi))


def density_by_dimension(
    split: Split, seeds: Sequence[int] = (0, 1, 2), dims: Sequence[int] = DIMS
) -> Result:
    """Histogram quality against the number of dimensions, over several splits.

    Keys, each a list over `dims` with `_std`: hit; gain, the histogram's log-likelihood
    minus a plain Gaussian's, nats per image. And cells = bins ** d; half_dims, the
    largest d with hit >= 1/2; lost_dims, the first d where the Gaussian wins (0 if
    none).
    """

    def one(seed: int) -> Result:
        left, right = whitened_components(*split(seed), max(dims))
        scores = [histogram_scores(left[:, :d], right[:, :d]) for d in dims]
        rival = [gaussian_log_likelihood(right[:, :d]) for d in dims]
        pairs = zip(scores, rival, strict=True)
        return {
            "hit": [each["hit"] for each in scores],
            "gain": [each["log_likelihood"] - other for each, other in pairs],
        }

    result = for_seeds(one, seeds)
    reached = [d for d, h in zip(dims, result["hit"], strict=True) if h >= 0.5]
    lost = [d for d, g in zip(dims, result["gain"], strict=True) if g < 0]
    return result | {
        "dims": list(dims),
        "bins": BINS,
        "cells": [float(BINS) ** d for d in dims],
        "num_train": len(split(seeds[0])[0]),
        "half_dims": max(reached, default=0),
        "lost_dims": min(lost, default=0),
    }


def pixel_pairs(images: Images, lag: int) -> Result:
    """Two pixels of every image, `lag` columns apart: their joint law and correlation.

    images: (N, H, W), or (N, H, W, 3), averaged over colours. Keys: a and b, the values
    of the two pixels in the middle, in [0, 1], one per image; correlation, of this
    pair; correlation_everywhere, the mean over all places where both pixels vary.
    Raises ValueError if the pair does not fit into the image.
    """
    values = images.astype(np.float64) / 255
    if values.ndim == 4:
        values = values.mean(-1)
    height, width = values.shape[1:]
    if lag >= width:
        raise ValueError(f"pixels {lag} apart do not fit in {width}")
    row, column = height // 2, (width - lag) // 2
    a, b = values[:, row, column], values[:, row, column + lag]
    standard = values - values.mean(0)
    left, right = standard[:, :, : width - lag], standard[:, :, lag:]
    norm = np.sqrt((left**2).sum(0) * (right**2).sum(0))
    varies = norm > 1e-3 * len(values)  # the black frame of Fashion-MNIST never changes
    everywhere = ((left * right).sum(0)[varies] / norm[varies]).mean()
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "correlation": float(np.corrcoef(a, b)[0, 1]),
        "correlation_everywhere": float(everywhere),
    }


def correlation_by_lag(images: Images, lags: Sequence[int] = LAGS) -> Result:
    """Mean correlation of two pixels by distance: lags, correlation; near and far."""
    found = [pixel_pairs(images, lag)["correlation_everywhere"] for lag in lags]
    return {
        "lags": list(lags),
        "correlation": found,
        "near": found[0],
        "far": found[-1],
    }


def splitter(images: Images, held_out: int) -> Split:
    """Images as rows, shuffled, the last `held_out` set apart."""
    rows = images.reshape(len(images), -1).astype(np.float64) / 255

    def split(seed: int) -> tuple[Array, Array]:
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(rows))
        return rows[order[:-held_out]], rows[order[-held_out:]]

    return split


def gaussian_split(n: int, held_out: int) -> Split:
    """The control, max(DIMS) independent standard normal numbers."""

    def split(seed: int) -> tuple[Array, Array]:
        draw = np.random.Generator(np.random.PCG64(seed)).standard_normal
        return draw((n, max(DIMS))), draw((held_out, max(DIMS)))

    return split


def clothes(n: int) -> Images:
    """n clothes (28 x 28, grey), training and test part mixed."""
    parts = [fashion.load(split)[0] for split in ("train", "test")]
    images: Images = np.concatenate(parts)
    return images[np.random.Generator(np.random.PCG64(0)).permutation(len(images))[:n]]


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.N, prefixed fashion_, teddy_ and gaussian_ (the control).

    Keys of `density_by_dimension` for each; hit_2, hit_8 and hit_16 as plain numbers;
    for the two sets of images those of `correlation_by_lag`.
    """
    n, held_out = (2500, 500) if quick else (10_000, 2000)
    control = gaussian_split(n - held_out, held_out)
    result = prefixed("gaussian", density_by_dimension(control, seeds))
    sets = {"fashion": clothes(n), "teddy": teddies(n, size=16, seed=1)[0]}
    for name, images in sets.items():
        found = density_by_dimension(splitter(images, held_out), seeds)
        result |= prefixed(name, found | correlation_by_lag(images))
    for name in ("gaussian", *sets):
        hits = dict(zip(DIMS, result[f"{name}_hit"], strict=True))
        result |= {f"{name}_hit_{d}": hits[d] for d in (2, 8, 16)}
    return result
