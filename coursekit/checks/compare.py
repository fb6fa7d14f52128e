"""When two results are the same: names, shapes, dtypes, values within tolerances."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import Outputs

EXACT = (1e-6, 1e-7)  # (rtol, atol) for float64
SINGLE = (1e-4, 2e-5)  # for float32
Tolerances = Mapping[str, tuple[float, float]]


def same_kind(got: Outputs, want: Outputs) -> bool:
    """Same names, shapes and dtypes."""
    return got.keys() == want.keys() and all(
        got[name].shape == want[name].shape and got[name].dtype == want[name].dtype
        for name in want
    )


def agree(tolerances: Tolerances, a: Outputs, b: Outputs) -> bool:
    """Are all values equal within the tolerances?"""
    return a.keys() == b.keys() and all(
        close(a[name], b[name], tolerances.get(name)) for name in a
    )


def close(
    a: NDArray[np.generic],
    b: NDArray[np.generic],
    tolerance: tuple[float, float] | None = None,
) -> bool:
    """Equal shapes and values; NaN equals NaN here, and is caught elsewhere."""
    if a.shape != b.shape:
        return False
    if tolerance is None:
        single = np.float32 in (a.dtype, b.dtype)
        tolerance = SINGLE if single else EXACT
    return bool(np.allclose(a, b, rtol=tolerance[0], atol=tolerance[1], equal_nan=True))
