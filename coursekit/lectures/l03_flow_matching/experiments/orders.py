"""Figure 03.O: how fast each solver gets better, on fields without a network's errors.

The error of a method of order p falls like the step to the power p. Two fields: the
exact velocity of a mixture, followed with a very fine step for the truth, and that of a
Gaussian, whose flow has a closed form.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, ring
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.theory.flow import euler_step, follow, heun_step
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import Predict
from coursekit.theory.solvers import ddim_path, rk4, time_grid

METHODS = {"euler": 1, "heun": 2, "rk4": 4, "ddim": 1}  # evaluations in a step
STEPS = (64, 128, 256, 512)  # fine enough for the order to show
EVALUATIONS = (4, 8, 16, 32, 64, 128)
STD = 0.4


def walk(name: str, predict: Predict, x: Tensor, ts: Tensor) -> Iterator[Tensor]:
    """The states of one of METHODS."""
    if name == "rk4":
        return rk4(predict, x, ts)
    if name == "ddim":
        return ddim_path(predict, x, ts, LinearPath())
    step = euler_step if name == "euler" else heun_step
    return follow(lambda y, t: predict(y, t).velocity, x, ts, step)


def gaussian() -> Mixture:
    """One round Gaussian off the centre: its flow is known in closed form."""
    parts = ([1.0], [[0.8, -0.5]], [STD])
    return Mixture(*(torch.tensor(part, dtype=torch.float64) for part in parts))


def gaussian_end(start: Tensor) -> Tensor:
    """Where the flow of `gaussian` takes noise: the mean plus STD times the noise.

    x_t = (1 - t) mean + std_t eps with std_t^2 = (1 - t)^2 STD^2 + t^2 follows it.
    """
    return gaussian().means + STD * start


def far(a: Tensor, b: Tensor) -> float:
    """The median distance: the mean is ruled by the few that end in another group."""
    return float((a - b).norm(dim=1).median())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.O.

    `{method}_order` with _std, _all: minus the slope of log error over log step, on the
    mixture; `{method}_gaussian_order`: the same on the Gaussian, against its closed
    form. `{method}_error`, lists over `evaluations` with _std: median distance from the
    true end at equal cost. `ddim_euler`: largest distance between DDIM with eta = 0 and
    Euler, 10 steps. `crossover`: from how many evaluations on Heun beats Euler.
    """
    steps, count = (STEPS[:2], 50) if quick else (STEPS, 300)
    fine = 800 if quick else 2000
    mixed, simple = (exact_predict(m, LinearPath()) for m in (ring(), gaussian()))
    result: Result = {"steps": list(steps), "evaluations": list(EVALUATIONS)}
    orders: dict[str, list[float]] = {}
    tables: dict[str, list[list[float]]] = {name: [] for name in METHODS}
    same = 0.0
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        *_, truth = rk4(mixed, start, time_grid(fine))
        for name, cost in METHODS.items():
            for key, predict, end in (
                (f"{name}_order", mixed, truth),
                (f"{name}_gaussian_order", simple, gaussian_end(start)),
            ):
                off = []
                for n in steps:
                    *_, x = walk(name, predict, start, time_grid(n))
                    off.append(far(x, end))
                slope = np.polyfit(np.log(steps), np.log(off), 1)[0]
                orders.setdefault(key, []).append(-float(slope))
            row = []
            for n in EVALUATIONS:
                *_, x = walk(name, mixed, start, time_grid(n // cost))
                row.append(far(x, truth))
            tables[name].append(row)
        *_, a = walk("euler", mixed, start, time_grid(10))
        *_, b = walk("ddim", mixed, start, time_grid(10))
        same = max(same, float((a - b).abs().max()))
    for key, values in orders.items():
        result |= over_seeds(key, values)
    for name, table in tables.items():
        result |= curves(f"{name}_error", table)
    better = [
        n
        for n, e, h in zip(
            EVALUATIONS, result["euler_error"], result["heun_error"], strict=True
        )
        if h < e
    ]
    return result | {"ddim_euler": same, "crossover": min(better)}
