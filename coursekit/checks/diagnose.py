"""Describing a mistake that no known one names, from the plainest to the subtle."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.compare import Tolerances, close
from coursekit.checks.spec import Probe
from coursekit.checks.trial import Trial


def describe(
    probe: Probe,
    got: Sequence[Trial],
    want: Sequence[Trial],
    right: Sequence[bool],
    complaint: str | None,
    numbers: bool = True,
) -> str:
    """One line on the first trial that failed. complaint: what an oracle said.

    numbers: may the line show values? Not where the inputs are secret, in grading.
    """
    first = list(right).index(False)
    label = probe.cases[got[first].seed % len(probe.cases)]
    if right[0] and len(right) > 2 and not any(right[1:]):
        head = f"right for {probe.cases[0]}, wrong for {label}: "
    elif first > 0:
        head = f"for {label}: "
    else:
        head = ""
    return head + _one(got[first], want[first], complaint, probe.tolerances, numbers)


def _one(
    got: Trial,
    want: Trial,
    complaint: str | None,
    tolerances: Tolerances,
    numbers: bool,
) -> str:
    if got.fault is not None:
        return got.fault.text + _advice(got.fault.words)
    for name, expected in want.outputs.items():
        said = _structure(name, got.outputs[name], expected, len(want.outputs) > 1)
        if said is not None:
            return said
    if got.touched:
        return (
            f"it changes its input {got.touched[0]} in place: compute a new tensor "
            "instead (no +=, no method that ends in _)"
        )
    return _values(got, want, complaint, tolerances, numbers)


def _advice(words: frozenset[str]) -> str:
    """What usually lies behind an error of torch."""
    if {"size", "tensor", "match"} <= words:
        return (
            "; shapes do not fit: a coefficient of shape (B,) needs (B, 1, ..., 1), "
            "and `at` or `expand_as` makes it so"
        )
    if "UnboundLocalError" in words:
        return "; the name gets its value later, or in a branch that was not taken"
    if "NameError" in words:
        return "; a typing mistake, or a cell above that has not been run?"
    return ""


def _structure(
    name: str, got: NDArray[np.generic], want: NDArray[np.generic], several: bool
) -> str | None:
    what = f"{name}: " if several else ""
    if got.shape != want.shape:
        n = want.ndim
        spread = 0 < n < got.ndim and got.shape[0] == want.shape[0] > 1
        why = (
            ": a coefficient has more axes than x, and `at` or `expand_as` gives it as "
            "many"
            if spread and got.shape[-n:] == want.shape
            else ""
        )
        return f"{what}the shape is {got.shape}, it should be {want.shape}{why}"
    if got.dtype != want.dtype:
        return f"{what}the dtype is {got.dtype}, it should be {want.dtype}"
    finite = np.isfinite(want.astype(float))
    bad = ~np.isfinite(got.astype(float)) & finite
    if bad.any():
        kind = "NaN" if np.isnan(got.astype(float)[bad]).any() else "infinite"
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        return (
            f"{what}{int(bad.sum())} of {bad.size} values are {kind}, the first at "
            f"index {where}: look for a division by zero or a root below zero"
        )
    return None


def _values(
    got: Trial,
    want: Trial,
    complaint: str | None,
    tolerances: Tolerances,
    numbers: bool,
) -> str:
    off = [
        (name, got.outputs[name].astype(float), expected.astype(float))
        for name, expected in want.outputs.items()
        if not close(got.outputs[name], expected, tolerances.get(name))
    ]
    if not off:
        return complaint or "an invariant of the result does not hold"
    many = any(b.size > 1 for _, _, b in off)
    which = _which([name for name, _, _ in off], want)
    if many and all(close(-a, b) for _, a, b in off):
        return f"{which}the sign is flipped, everything else is right"
    if all(_nearly(a, b) for _, a, b in off):
        return (
            "right to a few digits only: is there float32, half precision, a numerical "
            "difference or a small constant in it?"
        )
    off = [item for item in off if not _nearly(*item[1:])]  # the plainest is told
    factors = [_factor(a, b) for _, a, b in off]
    if many and all(f is not None and np.isclose(f, factors[0] or 0) for f in factors):
        shown = f": yours is {factors[0]:.4g} times the right one" if numbers else ""
        return f"{which}off by a constant factor{shown}"
    if complaint is not None:
        return complaint
    if not many:
        return _single(*off[0], numbers)
    name, a, b = max(off, key=lambda item: _largest(item[1], item[2])[0])
    _, where = _largest(a, b)
    index = tuple(int(i) for i in where)
    what = f"{name}, " if len(want.outputs) > 1 else ""
    shown = f", yours {a[index]:.5g}, right {b[index]:.5g}" if numbers else ""
    return f"the values differ: the largest difference is at {what}index {index}{shown}"


def _which(off: Sequence[str], want: Trial) -> str:
    """The results that are off, where others are right though they are not 0."""
    right = [value for name, value in want.outputs.items() if name not in off]
    if not any(value.any() for value in right):
        return ""
    more = f" and {len(off) - 2} more" if len(off) > 2 else ""
    return ", ".join(off[:2]) + more + ": "


def _single(
    name: str, a: NDArray[np.float64], b: NDArray[np.float64], numbers: bool
) -> str:
    """One number, or whether a call was refused as it should be."""
    yours, right = float(a.reshape(-1)[0]), float(b.reshape(-1)[0])
    if name.startswith("refuses") and right == 1:
        raised = "another error is raised" if yours == 0.5 else "nothing is raised"
        return f"{name}: {raised}, it should be a ValueError"
    return (
        f"{name}: it is {yours:.5g}, it should be {right:.5g}"
        if numbers
        else (f"{name} is another number than it should be")
    )


def _nearly(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Equal to about four digits: more than chance, less than is asked for."""
    size = float(np.abs(b).max(initial=0))
    return size > 0 and bool(np.allclose(a, b, rtol=0, atol=2e-4 * size))


def _factor(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """The constant c with a = c b, if there is one (other than 0)."""
    norm = float((b * b).sum())
    if a.shape != b.shape or norm == 0:
        return None
    factor = float((a * b).sum()) / norm
    fits = np.allclose(a, factor * b, rtol=1e-4, atol=1e-5 * float(np.abs(a).max()))
    return factor if fits and abs(factor) > 1e-9 else None


def _largest(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[float, NDArray[np.intp]]:
    difference = np.nan_to_num(np.abs(a - b))
    where = np.array(np.unravel_index(int(difference.argmax()), difference.shape))
    return float(difference.max()), where
