"""Stochastic differential equations, forwards and backwards (figure 02.D).

How fast the discrete chains reach their limit; what a Wiener process is; and that the
reverse SDE and the probability flow share every marginal and no path. The score is
exact throughout: what is measured is the equations and their steps.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.theory.ddpm_schedule import schedule_from_beta
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import VPPath
from coursekit.theory.sde import drift_diffusion, reverse_sde
from coursekit.theory.solvers import time_grid

END = 0.002  # sampling stops here: at t = 0 the path rises with infinite slope
SHOWN = (0.8, 0.6, 0.4, 0.2, 0.1, 0.05)  # times at which marginals are compared


def chain_gap(num_steps: int) -> float:
    """The largest difference of alpha_bar, DDPM chain against the VP path.

    The chain takes beta_k = beta(k / T) / T, as Song et al. (2021) discretise it.
    """
    path = VPPath()
    t = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
    rate = path.beta_min + t * (path.beta_max - path.beta_min)
    chain = schedule_from_beta((rate[1:] / num_steps).clamp(max=0.999)).alpha_bar
    return float((chain - path.alpha(t) ** 2).abs().max())


def euler_gap(num_steps: int) -> float:
    """The same for Euler-Maruyama: its variance, exactly, from data of variance 1/4.

    A step multiplies the variance by (1 + f dt)^2 and adds g^2 dt; no sampling.
    """
    path = VPPath()
    # the slopes of the path are infinite at 0: evaluate in the middle of each step
    t = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
    middle = (t[1:] + t[:-1]) / 2
    f, g = drift_diffusion(path, middle)
    variance, worst = 0.25, 0.0
    exact = 0.25 * path.alpha(t) ** 2 + path.sigma(t) ** 2
    for i in range(num_steps):
        grow = 1 + float(f[i]) / num_steps
        variance = variance * grow**2 + float(g[i]) ** 2 / num_steps
        worst = max(worst, abs(variance - float(exact[i + 1])))
    return worst


def limit(lengths: Sequence[int] = (10, 30, 100, 300, 1000)) -> Result:
    """Both gaps by number of steps. Keys: steps, gap, euler, gap_10, gap_100, ..."""
    gaps = [chain_gap(n) for n in lengths]
    result: Result = {"steps": list(lengths), "gap": gaps}
    result["euler"] = [euler_gap(n) for n in lengths]
    return result | {f"gap_{n}": gap for n, gap in zip(lengths, gaps, strict=True)}


def wiener(seeds: Sequence[int], n: int = 20_000, steps: int = 200) -> Result:
    """Variances and correlations of the increments of summed small noises.

    Keys: variance_half, variance_one (at t = 1/2 and 1), correlation (of the two
    halves), ratio (variance of an increment over its length dt, for dt = 1/steps).
    """
    rows: dict[str, list[float]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 600)
        shakes = torch.randn(n, steps, generator=generator) / steps**0.5
        first, second = shakes.reshape(n, 2, -1).sum(2).unbind(1)
        both = torch.stack([first, second])
        found = {
            "variance_half": float(first.var()),
            "variance_one": float((first + second).var()),
            "correlation": float(both.corrcoef()[0, 1]),
            "ratio": float(shakes.var() * steps),
        }
        for name, value in found.items():
            rows.setdefault(name, []).append(value)
    result: Result = {}
    for name, values in rows.items():
        result |= over_seeds(name, values)
    return result


def backwards_without_score(
    x: Tensor, path: VPPath, ts: Tensor, generator: torch.Generator
) -> Tensor:
    """The wrong way back: the forward equation with the sign of its drift turned."""
    for t, s in pairwise(ts):
        f, g = drift_diffusion(path, t)
        noise = fresh_noise(x, generator)
        x = x + float(f * (s - t)) * x + float(g * (t - s).sqrt()) * noise
    return x


def nearest(ts: Tensor, wanted: Sequence[float]) -> list[int]:
    """The index of the grid time next to each wanted time."""
    return [int((ts - t).abs().argmin()) for t in wanted]


def two_ways(
    seeds: Sequence[int] = (0, 1, 2),
    quick: bool = False,
    data: Mixture | None = None,
    num_steps: int = 1000,
) -> Result:
    """Reverse SDE and probability flow from the same starts, with the exact score.

    Keys: times; marginal_sde, marginal_ode, marginal_floor (energy distances to fresh
    exact samples at each time, +_std); paths_sde_ode, paths_sde_sde (mean distance of
    walkers from one start, +_std); and, +_std and _all: sde_distance, ode_distance
    (at the end), naive_distance (the way without a score), end_floor, paths_end
    (distance of SDE and flow at the end), paths_same (two SDE walks there),
    paths_unrelated (two independent samples of the data).
    """
    mixture, path = data or lopsided(), VPPath()
    n, num_steps = (500, 200) if quick else (2000, num_steps)
    ts = time_grid(num_steps, 1.0, END)
    shown = nearest(ts, SHOWN)
    predict = exact_predict(mixture, path)
    rows: dict[str, list[list[float]]] = {}
    single: dict[str, list[float]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 800)
        start = torch.randn(n, 2, generator=generator, dtype=torch.float64)
        films = {
            "sde": list(reverse_sde(predict, start, ts, path, 1.0, generator)),
            "again": list(reverse_sde(predict, start, ts, path, 1.0, generator)),
            "ode": list(reverse_sde(predict, start, ts, path, 0.0, generator)),
        }
        row: dict[str, list[float]] = {}
        for i in [*shown, num_steps]:
            alpha, sigma = float(path.alpha(ts[i])), float(path.sigma(ts[i]))
            law = mixture.noised(alpha, sigma)
            exact, other = law.sample(n, generator), law.sample(n, generator)
            sde, again, ode = (films[k][i] for k in ("sde", "again", "ode"))
            for name, value in {
                "marginal_sde": energy_distance(sde, exact),
                "marginal_ode": energy_distance(ode, exact),
                "marginal_floor": energy_distance(other, exact),
                "paths_sde_ode": float((sde - ode).norm(dim=1).mean()),
                "paths_sde_sde": float((sde - again).norm(dim=1).mean()),
                "unrelated": float((other - exact).norm(dim=1).mean()),
            }.items():
                row.setdefault(name, []).append(value)
        naive = backwards_without_score(start, path, ts, generator)
        ends = {
            "sde_distance": row["marginal_sde"][-1],
            "ode_distance": row["marginal_ode"][-1],
            "end_floor": row["marginal_floor"][-1],
            "naive_distance": energy_distance(naive, mixture.sample(n, generator)),
            "paths_end": row["paths_sde_ode"][-1],
            "paths_same": row["paths_sde_sde"][-1],
            "paths_unrelated": row.pop("unrelated")[-1],
        }
        for name, values in row.items():
            rows.setdefault(name, []).append(values)
        for name, value in ends.items():
            single.setdefault(name, []).append(value)
    result: Result = {"times": [float(ts[i]) for i in [*shown, num_steps]]}
    for name, curve in rows.items():
        result |= curves(name, curve)
    for name, values in single.items():
        result |= over_seeds(name, values)
    return result


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`two_ways` (marginal_times for its times), limit_..., wiener_..."""
    found = two_ways(seeds, quick)
    found["marginal_times"] = found.pop("times")
    found |= {f"limit_{k}": v for k, v in limit().items()}
    return found | {f"wiener_{k}": v for k, v in wiener(seeds).items()}
