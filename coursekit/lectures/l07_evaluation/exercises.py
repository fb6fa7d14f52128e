"""How the exercises of lecture 7 are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, generator, number, refusal

PROBES = Tries()
tried = PROBES.tried

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------
ROOTS = (1e-6, 2e-5)  # of singular matrices: rounding errors come out as their roots


def _two_numbers(found: Any, names: tuple[str, str]) -> dict[str, Tensor]:
    """A pair of numbers by name. Raises BadResult, in words, for anything else."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise BadResult(f"it must return two numbers: ({', '.join(names)})")
    return {name: number(each) for name, each in zip(names, found, strict=True)}


def _gaussians(seed: int) -> Inputs:
    rng, made = generator(seed), Inputs()
    for name in ("1", "2"):
        # with three samples of five features a covariance is singular
        rows = rng.standard_normal((3 if seed % 3 == 1 else 9, 5)) * rng.uniform(
            0.5, 2, 5
        )
        cov = np.cov(rows.T)
        made[f"mean{name}"] = rng.standard_normal(5)
        made[f"cov{name}"] = np.diag(np.diag(cov)) if seed % 3 == 2 else cov
    return made


@tried(
    "07.20",
    _gaussians,
    cases=("full covariances", "fewer samples than features", "diagonal covariances"),
    tolerances={"distance": ROOTS, "distance of equal Gaussians": ROOTS},
)
def frechet_distance(fn: Function, i: Any) -> Results:
    one, two = (i.mean1, i.cov1), (i.mean2, i.cov2)
    equal = number(fn(*one, *one))
    if float(equal) < 0:
        raise BadResult("of equal Gaussians it is negative, by rounding: make it 0")
    return {"distance": number(fn(*one, *two)), "distance of equal Gaussians": equal}


def _crowds(seed: int) -> Inputs:
    rng, dims = generator(seed), (3, 2, 4)[seed % 3]
    counts = ((64, 64), (70, 61), (61, 90))[seed % 3]
    x, y = (rng.standard_normal((n, dims)) for n in counts)
    sizes = ([10, 20, 60], [61, 12], [15, 20, 30, 60])[seed % 3]
    return {"x": x, "y": 1.3 * y + 0.2, "sizes": np.array(sizes)}


@tried(
    "07.23",
    _crowds,
    cases=("three sizes", "two sizes, and more of x", "four sizes, and more of y"),
    tolerances={"limit": (1e-6, 1e-7), "slope": (1e-6, 1e-6)},
)
def frechet_at_infinity(fn: Function, i: Any) -> Results:
    found = _two_numbers(fn(i.x, i.y, i.sizes.tolist()), ("limit", "slope"))
    return {
        **found,
        "two equal sizes are refused": refusal(lambda: fn(i.x, i.y, [9, 9])),
    }


def _features(seed: int) -> Inputs:
    rng, dims = generator(seed), (5, 3, 1)[seed % 3]
    x, y = rng.standard_normal((7, dims)), 0.7 * rng.standard_normal((11, dims)) + 0.3
    return {"x": x, "y": y, "single": (x + 4).astype(np.float32)}


@tried("07.25", _features, cases=("five features", "three features", "one feature"))
def kid(fn: Function, i: Any) -> Results:
    return {
        "kid": number(fn(i.x, i.y)),
        "kid of a crowd beside itself": number(fn(i.x, i.x)),
        "kid of float32 features": number(fn(i.single, i.single * 1.01)),
        "one row is refused": refusal(lambda: fn(i.x, i.y[:1])),
    }


def _places(seed: int) -> Inputs:
    rng, k = generator(seed), (3, 1, 2)[seed % 3]
    real, drawn = rng.standard_normal((14, 2)), 1.2 * rng.standard_normal((11, 2)) + 0.5
    if seed % 3 == 1:  # whole numbers: many features lie on the edge of a ball
        real, drawn = np.round(2 * real), np.round(2 * drawn)
        real = np.unique(real, axis=0)
    return {"real": real, "drawn": drawn, "k": k}


@tried(
    "07.27",
    _places,
    cases=("three neighbours", "on the edge of balls", "two neighbours"),
)
def precision_recall(fn: Function, i: Any) -> Results:
    names = ("precision", "recall")
    found = _two_numbers(fn(i.real, i.drawn, i.k), names)
    three = _two_numbers(fn(i.real, i.drawn), names)
    copies = _two_numbers(fn(i.real, i.real[:2].repeat(6, 1)), names)
    return {
        **found,
        "precision with k left out": three["precision"],
        "recall of two copied features": copies["recall"],
        "k = N is refused": refusal(lambda: fn(i.real, i.drawn, len(i.drawn))),
    }


def _pictures(seed: int) -> Inputs:
    rng, shape = (
        generator(seed),
        ((2, 3, 14, 13), (3, 1, 12, 17), (2, 2, 13, 13))[seed % 3],
    )
    scale = (1.0, 255.0, 2.0)[seed % 3]
    x = np.cumsum(rng.standard_normal(shape), axis=-1)
    x = (x - x.min()) / (x.max() - x.min())
    y = np.clip(0.8 * x + 0.15 * rng.uniform(size=shape), 0, 1)
    if scale == 255:
        return {
            "x": np.round(255 * x).astype(np.uint8),
            "y": np.round(255 * y).astype(np.uint8),
            "data_range": scale,
        }
    low = 0.0 if scale == 1 else -1.0
    return {"x": low + scale * x, "y": low + scale * y, "data_range": scale}


@tried("07.28", _pictures, cases=("values in [0, 1]", "bytes", "values in [-1, 1]"))
def ssim(fn: Function, i: Any) -> Results:
    flat = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    found = fn(i.x, i.y, i.data_range)
    return {
        "ssim": found,
        "ssim of equal pictures": fn(i.x, i.x, i.data_range),
        "ssim of flat pictures": fn(0.2 * flat, 0.4 * flat, i.data_range),
    }


# --- 7.7 to 7.9: alignment ------------------------------------------------------------

# --- 7.10 to 7.11: judges -------------------------------------------------------------
