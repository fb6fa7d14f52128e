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

from coursekit.experiments.summary import Result, curves

Array = NDArray[np.float64]
DIMS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
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


def cells(points: Array, bins: int = BINS) -> NDArray[np.int64]:
    """The grid cell of each point, as integers per dimension. (N, d) -> (N, d)."""
    index = np.floor((points + REACH) * bins / (2 * REACH)).astype(np.int64)
    return np.clip(index, 0, bins - 1)


def histogram_scores(train: Array, held_out: Array, bins: int = BINS) -> Result:
    """Judge a d-dimensional histogram by points it has not seen.

    train (N, d), held_out (M, d), whitened. Keys: hit, the fraction of held-out points
    in a cell that some training point occupies; log_likelihood, nats per held-out
    point. Unseen cells share the mass that Good & Turing estimate for them (Good 1953):
    the number of cells seen once, divided by N. Without it one miss costs infinity.
    """
    d = train.shape[1]
    seen, counts = np.unique(cells(train, bins), axis=0, return_counts=True)
    table = {row.tobytes(): int(c) for row, c in zip(seen, counts, strict=True)}
    count = np.array([table.get(row.tobytes(), 0) for row in cells(held_out, bins)])
    unseen = min(max(int((counts == 1).sum()), 1), len(train) - 1) / len(train)
    mass = (1 - unseen) * count / len(train) + unseen * float(bins) ** -d
    cell_size = d * np.log(2 * REACH / bins)
    return {
        "hit": float((count > 0).mean()),
        "log_likelihood": float(np.log(mass).mean() - cell_size),
    }


def gaussian_log_likelihood(points: Array) -> float:
    """Mean log density under N(0, I), the simplest rival: whitened training moments."""
    d = points.shape[1]
    return float(-0.5 * (points**2).sum(1).mean() - d / 2 * np.log(2 * np.pi))


def density_by_dimension(
    split: Callable[[int], tuple[Array, Array]],
    seeds: Sequence[int] = (0, 1, 2),
    dims: Sequence[int] = DIMS,
    bins: int = BINS,
) -> Result:
    """Histogram quality against the number of dimensions, over several splits.

    split(seed) -> (train, held_out) as rows of numbers. Keys, each a list over `dims`
    with `_std`: hit; gain, the histogram's log-likelihood minus a plain Gaussian's,
    nats per image. And cells = bins ** d; half_dims, the largest d with hit >= 1/2;
    lost_dims, the first d where the Gaussian wins (0 if none).
    """
    hits, gains = [], []
    for seed in seeds:
        train, held_out = split(seed)
        left, right = whitened_components(train, held_out, max(dims))
        scores = [histogram_scores(left[:, :d], right[:, :d], bins) for d in dims]
        hits.append([s["hit"] for s in scores])
        gains.append(
            [
                s["log_likelihood"] - gaussian_log_likelihood(right[:, :d])
                for s, d in zip(scores, dims, strict=True)
            ]
        )
    result = curves("hit", hits) | curves("gain", gains)
    reached = [d for d, h in zip(dims, result["hit"], strict=True) if h >= 0.5]
    lost = [d for d, g in zip(dims, result["gain"], strict=True) if g < 0]
    return result | {
        "dims": list(dims),
        "bins": bins,
        "cells": [float(bins) ** d for d in dims],
        "num_train": len(train),
        "half_dims": max(reached, default=0),
        "lost_dims": min(lost, default=0),
    }


def grey(images: NDArray[np.uint8]) -> Array:
    """Brightness in [0, 1]: (N, H, W) as it is, (N, H, W, 3) averaged over colours."""
    values = images.astype(np.float64) / 255
    return values if values.ndim == 3 else values.mean(-1)


def pixel_pairs(
    images: NDArray[np.uint8],
    lag: int,
    row: int | None = None,
    column: int | None = None,
) -> Result:
    """Two pixels of every image, `lag` columns apart: their joint law and correlation.

    images: (N, H, W) or (N, H, W, 3). The left pixel is (row, column); by default the
    pair is centred. Keys: a and b, the values of both pixels in [0, 1], one per image;
    correlation, of this pair; correlation_everywhere, the mean over all places where
    both pixels vary. Raises ValueError if the pair does not fit into the image.
    """
    values = grey(images)
    height, width = values.shape[1:]
    row = height // 2 if row is None else row
    column = (width - lag) // 2 if column is None else column
    if not (0 <= row < height and 0 <= column < width and 0 <= column + lag < width):
        raise ValueError(f"pixels {lag} apart at column {column} do not fit in {width}")
    a, b = values[:, row, column], values[:, row, column + lag]
    standard = values - values.mean(0)
    left, right = standard[:, :, : width - lag], standard[:, :, lag:]
    norm = np.sqrt((left**2).sum(0) * (right**2).sum(0))
    varies = norm > 1e-3 * len(values)  # the black frame of Fashion-MNIST never changes
    everywhere = ((left * right).sum(0)[varies] / norm[varies]).mean()
    return {
        "lag": lag,
        "a": a.tolist(),
        "b": b.tolist(),
        "correlation": float(np.corrcoef(a, b)[0, 1]),
        "correlation_everywhere": float(everywhere),
    }


def correlation_by_lag(
    images: NDArray[np.uint8], lags: Sequence[int] = (1, 2, 4, 8, 12)
) -> Result:
    """Mean correlation of two pixels by distance. Keys: lags, correlation."""
    found = [pixel_pairs(images, lag)["correlation_everywhere"] for lag in lags]
    return {"lags": list(lags), "correlation": found}


def splitter(
    images: NDArray[np.uint8], held_out: int
) -> Callable[[int], tuple[Array, Array]]:
    """split(seed): images as rows, shuffled, the last `held_out` set apart."""
    rows = images.reshape(len(images), -1).astype(np.float64) / 255

    def split(seed: int) -> tuple[Array, Array]:
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(rows))
        return rows[order[:-held_out]], rows[order[-held_out:]]

    return split


def gaussian_split(n: int, held_out: int) -> Callable[[int], tuple[Array, Array]]:
    """split(seed): the control, max(DIMS) independent standard normal numbers."""

    def split(seed: int) -> tuple[Array, Array]:
        draw = np.random.Generator(np.random.PCG64(seed)).standard_normal
        return draw((n, max(DIMS))), draw((held_out, max(DIMS)))

    return split


def pictures(name: str, n: int) -> NDArray[np.uint8]:
    """n images: "fashion" (28 x 28, grey) or "teddy" (16 x 16, colour)."""
    if name == "teddy":
        from coursekit.datasets.teddy.sample import teddies

        return teddies(n, size=16, seed=1)[0]
    from coursekit.datasets import fashion

    parts = [fashion.load(split)[0] for split in ("train", "test")]
    images: NDArray[np.uint8] = np.concatenate(parts)
    return images[np.random.Generator(np.random.PCG64(0)).permutation(len(images))[:n]]


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.N, prefixed fashion_, teddy_ and gaussian_ (the control).

    Keys of `density_by_dimension` for each; hit_2, hit_8 and hit_16 as plain numbers;
    for the two sets of images lags, correlation (`correlation_by_lag`), near (lag 1)
    and far (lag 12).
    """
    n, held_out = (2500, 500) if quick else (10_000, 2000)
    result: Result = {}
    for name in ("fashion", "teddy", "gaussian"):
        part: Result
        if name == "gaussian":
            part = density_by_dimension(gaussian_split(n - held_out, held_out), seeds)
        else:
            images = pictures(name, n)
            part = density_by_dimension(splitter(images, held_out), seeds)
            part |= correlation_by_lag(images)
            part |= {"near": part["correlation"][0], "far": part["correlation"][-1]}
        hits = dict(zip(part["dims"], part["hit"], strict=True))
        part |= {f"hit_{d}": hits[d] for d in (2, 8, 16)}
        result |= {f"{name}_{key}": value for key, value in part.items()}
    return result
