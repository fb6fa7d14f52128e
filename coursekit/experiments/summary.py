"""How results are summed up: a mean and its spread over seeds, in plain numbers.

Every experiment returns a dict of floats and lists, ready for JSON. A figure that is
measured once per seed gets three keys: `name` (the mean), `name_std` (the standard
deviation over seeds, n - 1) and `name_all` (the values in the order of the seeds).
"""

import math
from collections.abc import Sequence
from typing import Any

Result = dict[str, Any]


def mean_std(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation; the latter is 0 for a single value."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    return mean, math.sqrt(
        math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)
    )


def over_seeds(name: str, values: Sequence[float]) -> Result:
    """The three keys of a figure measured once per seed."""
    mean, std = mean_std(values)
    return {name: mean, f"{name}_std": std, f"{name}_all": [float(v) for v in values]}


def curves(name: str, rows: Sequence[Sequence[float]]) -> Result:
    """Two keys of a curve measured once per seed: `name` and `name_std`, both lists.

    rows: one list per seed, all of one length.
    """
    pairs = [mean_std(column) for column in zip(*rows, strict=True)]
    return {name: [m for m, _ in pairs], f"{name}_std": [s for _, s in pairs]}
