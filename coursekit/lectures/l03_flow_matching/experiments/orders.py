"""Figure 03.O: how fast each solver gets better, on fields without a network's errors.

The error of a method of order p falls like the step to the power p. Two fields: the
exact velocity of a mixture, followed with a very fine step for the truth, and that of a
Gaussian, whose flow has a closed form.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, ring
from coursekit.experiments.films import last
from coursekit.experiments.summary import Result, for_seeds, log_slope
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
    steps, count, fine = (STEPS[:2], 50, 800) if quick else (STEPS, 300, 2000)
    mixed, simple = (exact_predict(m, LinearPath()) for m in (ring(), gaussian()))

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        truth = last(rk4(mixed, start, time_grid(fine)))

        def off(name: str, n: int) -> float:
            return far(last(walk(name, mixed, start, time_grid(n))), truth)

        def off_gaussian(name: str, n: int) -> float:
            end = last(walk(name, simple, start, time_grid(n)))
            return far(end, gaussian_end(start))

        found: Result = {}
        for name, cost in METHODS.items():
            for key, error in (("order", off), ("gaussian_order", off_gaussian)):
                slope = log_slope(steps, [error(name, n) for n in steps])
                found[f"{name}_{key}"] = -slope
            found[f"{name}_error"] = [off(name, n // cost) for n in EVALUATIONS]
        a, b = (last(walk(m, mixed, start, time_grid(10))) for m in ("euler", "ddim"))
        same.append(float((a - b).abs().max()))
        return found

    same: list[float] = []
    result = for_seeds(one, seeds)
    pairs = zip(result["euler_error"], result["heun_error"], strict=True)
    better = [n for n, (e, h) in zip(EVALUATIONS, pairs, strict=True) if h < e]
    return result | {
        "steps": list(steps),
        "evaluations": list(EVALUATIONS),
        "ddim_euler": max(same),
        "crossover": min(better),
    }
