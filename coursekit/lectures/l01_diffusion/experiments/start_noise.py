"""Where may the reverse chain start, and why must the noise be Gaussian?

Figure 01.E. Everything here uses the best possible noise predictor, in closed form:
whatever goes wrong is the fault of the start, of the chain or of the noise.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l01_diffusion.experiments.judge_2d import distance_to, floor
from coursekit.theory.ddpm import q_sample
from coursekit.theory.ddpm_samplers import ancestral, ddim, everywhere, respaced
from coursekit.theory.ddpm_schedule import Schedule, make_schedule
from coursekit.theory.elbo import prior_kl

Array = NDArray[np.float64]
STARTS = ("normal", "uniform", "narrow", "wide", "truth")


def start(
    kind: str, n: int, data: Mixture, schedule: Schedule, generator: torch.Generator
) -> Tensor:
    """n starting points (n, 2), float64.

    "normal" N(0, I); "uniform" with mean 0 and variance 1 per coordinate; "narrow" and
    "wide": Gaussian with standard deviation 1/2 and 2; "truth": q(x_T), data noised to
    the end of the chain.
    """
    shape = (n, data.means.shape[1])
    if kind == "uniform":
        unit = torch.rand(shape, generator=generator, dtype=torch.float64)
        return math.sqrt(12) * (unit - 0.5)
    noise = torch.randn(shape, generator=generator, dtype=torch.float64)
    if kind == "truth":
        x0 = data.sample(n, generator)
        return q_sample(x0, everywhere(schedule.num_steps, x0), noise, schedule)
    scales = {"normal": 1.0, "narrow": 0.5, "wide": 2.0}
    if kind not in scales:
        raise ValueError(f"start {kind!r}: use one of {STARTS}")
    return scales[kind] * noise


def off_centre() -> Mixture:
    """A lopsided mixture whose mean is not zero, like that of dark images."""
    base = lopsided()
    return Mixture(base.weights, base.means + torch.tensor([1.0, -0.5]), base.stds)


def starts_compared(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Sample from different starts, with a chain that reaches noise and one that stops.

    Chains: "long" reaches noise (linear, rescaled); "short" is the unscaled linear one
    of 100 steps, which does not. Samplers: "ancestral" (random) and "ddim" (eta 0).
    Keys `{chain}_{sampler}_{start}`: energy distance to the data; with `_shift`, how
    far the mean of the samples is from the data's, in data standard deviations; each a
    mean with _std and _all. And floor, floor_shift (exact samples), `{chain}_alpha_bar`
    (alpha_bar_T), `{chain}_prior_kl` (L_T in nats).
    """
    n = 1000 if quick else 6000
    data = off_centre()
    scale = float(data.covariance().trace().sqrt())

    def shift(x: Tensor) -> float:
        return float((x.mean(0) - data.mean()).norm()) / scale

    def exact(seed: int) -> dict[str, float]:
        x = data.sample(n, torch.Generator().manual_seed(seed + 500))
        return {"floor": floor(data, n, seed), "floor_shift": shift(x)}

    def one(schedule: Schedule, seed: int) -> dict[str, float]:
        model, last = exact_eps_model(data, schedule), schedule.num_steps
        generator = torch.Generator().manual_seed(seed)
        x = torch.cat([start(s, n, data, schedule, generator) for s in STARTS])
        *_, random = ancestral(model, x, schedule, generator=generator)
        *_, fixed = ddim(model, x, respaced(last, last), schedule)
        found = {}
        for sampler, samples in (("ancestral", random), ("ddim", fixed)):
            for name, part in zip(STARTS, samples.reshape(-1, n, 2), strict=True):
                found[f"{sampler}_{name}"] = distance_to(data, part, seed)
                found[f"{sampler}_{name}_shift"] = shift(part)
        return found

    result = for_seeds(exact, seeds)
    for chain, schedule in {
        "long": make_schedule("linear-short", 100 if quick else 400),
        "short": make_schedule("linear", 100),
    }.items():
        x0 = data.sample(20_000, torch.Generator().manual_seed(0))
        result[f"{chain}_alpha_bar"] = float(schedule.alpha_bar[-1])
        result[f"{chain}_prior_kl"] = float(prior_kl(x0, schedule).mean())
        result |= prefixed(chain, for_seeds(one, seeds, schedule))
    return result


def _normalise(density: Array, step: float) -> Array:
    total: Array = density / (density.sum() * step)
    return total


def reverse_gap(beta: float, noise: str, share: float = 0.5) -> float:
    """How far one exact step back is from a Gaussian: KL in nats, by quadrature in 1-D.

    Data: two narrow bumps at -1 and 1, noised until `share` of its variance is left.
    One step forward, y = sqrt(1 - beta) x + sqrt(beta) u, with u "gaussian" or
    "uniform" of variance 1. Bayes' rule gives q(x | y); the result is its KL divergence
    from the Gaussian of equal mean and variance, averaged over y.
    """
    if noise not in ("gaussian", "uniform"):
        raise ValueError(f"noise {noise!r}: use gaussian or uniform")
    grid = np.linspace(-6, 6, 24_001)
    step = grid[1] - grid[0]
    var = share * 0.05**2 + 1 - share
    before = _normalise(
        sum(np.exp(-((grid - m * share**0.5) ** 2) / (2 * var)) for m in (-1, 1)), step
    )
    gaps, weights = [], []
    for y in np.linspace(-2.5, 2.5, 41):
        u = (y - math.sqrt(1 - beta) * grid) / math.sqrt(beta)
        inside = (np.abs(u) <= math.sqrt(3)).astype(np.float64)
        kernel = np.exp(-(u**2) / 2) if noise == "gaussian" else inside
        joint = before * kernel
        weights.append(joint.sum())
        posterior = _normalise(joint, step)
        mean = (grid * posterior).sum() * step
        variance = ((grid - mean) ** 2 * posterior).sum() * step
        log_match = -((grid - mean) ** 2) / (2 * variance)
        log_match -= 0.5 * math.log(2 * math.pi * variance)
        live = posterior > 1e-300
        log_ratio = np.log(posterior[live]) - log_match[live]
        gaps.append((posterior[live] * log_ratio).sum() * step)
    return float(np.average(gaps, weights=weights))


def gaussian_closure(betas: Sequence[float] = (0.5, 0.2, 0.1, 0.03, 0.01)) -> Result:
    """With small Gaussian steps the way back is Gaussian; with uniform noise it is not.

    Keys: betas; gaussian, uniform (lists of `reverse_gap`); limit, the gap of a uniform
    law, log(2 pi e / 12) / 2 nats, which small uniform steps approach. Deterministic.
    """
    return {
        "betas": list(betas),
        "gaussian": [reverse_gap(b, "gaussian") for b in betas],
        "uniform": [reverse_gap(b, "uniform") for b in betas],
        "limit": 0.5 * math.log(2 * math.pi * math.e / 12),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.E: `starts_compared`, and `gaussian_closure` under closure_."""
    closure = prefixed("closure", gaussian_closure())
    return starts_compared(seeds, quick) | closure
