"""Stochastic differential equations, forwards and backwards (figure 02.D).

How fast the discrete chains reach their limit; what a Wiener process is; and that the
reverse SDE and the probability flow share every marginal and no path. The score is
exact throughout: what is measured is the equations and their steps.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.datasets.toys import exact_predict, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.theory.ddpm_schedule import schedule_from_beta
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import VPPath
from coursekit.theory.sde import drift_diffusion, reverse_sde
from coursekit.theory.solvers import time_grid

END = 0.002  # sampling stops here: at t = 0 the path rises with infinite slope
LENGTHS = (10, 30, 100, 300, 1000)  # of chains
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


def limit() -> Result:
    """Both gaps by number of steps. Keys: steps, gap, euler, gap_10, gap_100, ..."""
    gaps = [chain_gap(n) for n in LENGTHS]
    return {
        "steps": list(LENGTHS),
        "gap": gaps,
        "euler": [euler_gap(n) for n in LENGTHS],
        **{f"gap_{n}": gap for n, gap in zip(LENGTHS, gaps, strict=True)},
    }


def wiener(seeds: Sequence[int], n: int = 20_000, steps: int = 200) -> Result:
    """Variances and correlations of the increments of summed small noises.

    Keys: variance_half, variance_one (at t = 1/2 and 1), correlation (of the two
    halves), ratio (variance of an increment over its length dt, for dt = 1/steps).
    """

    def one(seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(seed + 600)
        shakes = torch.randn(n, steps, generator=generator) / steps**0.5
        first, second = shakes.reshape(n, 2, -1).sum(2).unbind(1)
        return {
            "variance_half": float(first.var()),
            "variance_one": float((first + second).var()),
            "correlation": float(torch.stack([first, second]).corrcoef()[0, 1]),
            "ratio": float(shakes.var() * steps),
        }

    return for_seeds(one, seeds)


def backwards_without_score(
    x: Tensor, path: VPPath, ts: Tensor, generator: torch.Generator, turn: float = 1.0
) -> Tensor:
    """The wrong way back: the forward equation with negative time steps.

    turn: the factor of its drift; -1 turns the pull that has become a push once more.
    """
    for t, s in pairwise(ts):
        f, g = drift_diffusion(path, t)
        noise = fresh_noise(x, generator)
        x = x + turn * float(f * (s - t)) * x + float(g * (t - s).sqrt()) * noise
    return x


def two_ways(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Reverse SDE and probability flow from the same starts, with the exact score.

    Keys: marginal_times; marginal_sde, marginal_ode, marginal_floor (energy distances
    to fresh exact samples at each time, +_std); paths_sde_ode, paths_sde_sde (mean
    distance of walkers from one start, +_std); and, +_std and _all: sde_distance,
    ode_distance (at the end), naive_distance (the way without a score),
    turned_std (standard deviation at its end, with the drift's sign turned), end_floor,
    paths_end (distance of SDE and flow at the end), paths_same (two SDE walks there),
    paths_unrelated (two independent samples of the data).
    """
    mixture, path = lopsided(), VPPath()
    n, num_steps = (500, 200) if quick else (2000, 1000)
    ts = time_grid(num_steps, 1.0, END)
    shown = [int((ts - t).abs().argmin()) for t in SHOWN] + [num_steps]
    predict = exact_predict(mixture, path)

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 800)
        start = torch.randn(n, 2, generator=generator, dtype=torch.float64)
        sde, again, ode = (
            list(reverse_sde(predict, start, ts, path, churn, generator))
            for churn in (1.0, 1.0, 0.0)
        )
        rows = []
        for i in shown:
            law = mixture.noised(float(path.alpha(ts[i])), float(path.sigma(ts[i])))
            exact, other = law.sample(n, generator), law.sample(n, generator)
            rows.append(
                {
                    "marginal_sde": energy_distance(sde[i], exact),
                    "marginal_ode": energy_distance(ode[i], exact),
                    "marginal_floor": energy_distance(other, exact),
                    "paths_sde_ode": apart(sde[i], ode[i]),
                    "paths_sde_sde": apart(sde[i], again[i]),
                    "paths_unrelated": apart(other, exact),
                }
            )
        naive = backwards_without_score(start, path, ts, generator)
        lists, end = columns(rows), rows[-1]
        return {
            **lists,
            "sde_distance": end["marginal_sde"],
            "ode_distance": end["marginal_ode"],
            "end_floor": end["marginal_floor"],
            "naive_distance": energy_distance(naive, mixture.sample(n, generator)),
            "turned_std": float(
                backwards_without_score(start, path, ts, generator, -1.0).std()
            ),
            "paths_end": end["paths_sde_ode"],
            "paths_same": end["paths_sde_sde"],
            "paths_unrelated": end["paths_unrelated"],
        }

    times = [float(ts[i]) for i in shown]
    return {"marginal_times": times, **for_seeds(one, seeds)}


def apart(x: Tensor, y: Tensor) -> float:
    """The mean distance of walkers (N, D), row by row."""
    return float((x - y).norm(dim=1).mean())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`two_ways`, limit_..., wiener_..."""
    return {
        **two_ways(seeds, quick),
        **prefixed("limit", limit()),
        **prefixed("wiener", wiener(seeds)),
    }
