"""How results are summed up: a mean and its spread over seeds, in plain numbers.

Every experiment returns a dict of floats and lists, ready for JSON. It has a function
that measures one seed and returns a dict of numbers and lists; `for_seeds` makes of a
number three keys: `name` (the mean), `name_std` (the standard deviation over seeds,
n - 1) and `name_all` (the values in the order of the seeds). Of a list, such as the
errors after 1, 2, 4 steps, it makes two lists: `name` and `name_std`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Result = dict[str, Any]
Row = Mapping[str, Any]  # what one seed, or one setting, gave
Value = TypeVar("Value")


def mean(values: Sequence[float]) -> float:
    """The plain mean."""
    return sum(values) / len(values)


def mean_std(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation; the latter is 0 for a single value."""
    middle = math.fsum(values) / len(values)
    if len(values) < 2:
        return middle, 0.0
    return middle, math.sqrt(
        math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1)
    )


def over_seeds(name: str, values: Sequence[float]) -> Result:
    """The three keys of a number measured once per seed."""
    middle, std = mean_std(values)
    return {name: middle, f"{name}_std": std, f"{name}_all": [float(v) for v in values]}


def curves(name: str, rows: Sequence[Sequence[float]]) -> Result:
    """The two keys of a list measured once per seed. rows: lists of one length."""
    pairs = [mean_std(column) for column in zip(*rows, strict=True)]
    return {name: [m for m, _ in pairs], f"{name}_std": [s for _, s in pairs]}


def sum_up(rows: Sequence[Row]) -> Result:
    """`over_seeds` of every number and `curves` of every list. rows: one per seed."""
    result: Result = {}
    for name, value in rows[0].items():
        keys = curves if isinstance(value, list) else over_seeds
        result |= keys(name, [row[name] for row in rows])
    return result


def for_seeds(one: Callable[..., Row], seeds: Iterable[int], *given: Any) -> Result:
    """What `one(*given, seed)` finds for every seed, summed up."""
    return sum_up([one(*given, seed) for seed in seeds])


def prefixed(prefix: str, result: Row) -> Result:
    """The same with `prefix_` before every key."""
    return {f"{prefix}_{key}": value for key, value in result.items()}


def columns(rows: Iterable[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """Rows with equal keys, turned into lists: key -> its value in every row."""
    found: dict[str, list[Value]] = {}
    for row in rows:
        for key, value in row.items():
            found.setdefault(key, []).append(value)
    return found


def entries(names: Iterable[object], lists: Row) -> Result:
    """Each entry of lists over `names`, as `{name}_{key}`."""
    return {
        f"{name}_{key}": values[i]
        for i, name in enumerate(names)
        for key, values in lists.items()
    }


def ratios(above: Iterable[float], below: Iterable[float]) -> list[float]:
    """a / b, one by one."""
    return [a / b for a, b in zip(above, below, strict=True)]


def log_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The slope of log y over log x, by least squares: the power of a power law."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
