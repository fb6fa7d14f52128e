"""Four beliefs about diffusion that a measurement settles.

Figure 01.M. All on mixtures with the best possible predictor, so that the answer is
about the method and not about one network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided, ring
from coursekit.experiments.summary import (
    Result,
    columns,
    for_seeds,
    mean,
    over_seeds,
    prefixed,
)
from coursekit.lectures.l01_diffusion.experiments.judge_2d import distance_to, floor
from coursekit.theory.ddpm import ancestral_step, as_time, predict_x0, q_sample, q_step
from coursekit.theory.ddpm_samplers import ancestral, ddim, everywhere, respaced
from coursekit.theory.ddpm_schedule import Schedule, make_schedule
from coursekit.theory.noise import fresh_noise

SHARES = (1.0, 0.9, 0.75, 0.5, 0.25, 0.1)


def _normal(n: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def _correlation(a: Tensor, b: Tensor) -> float:
    """Correlation of two (N, D) samples, coordinates centred and pooled."""
    a, b = a - a.mean(0), b - b.mean(0)
    return float((a * b).sum() / (a.square().sum() * b.square().sum()).sqrt())


def first_guess(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Is x0_hat at k = T the mean of the data?

    Keys: guess_shares (k / T), and guess_distance: the root mean square distance of
    x0_hat from the data mean, in data standard deviations, at each share (mean over
    seeds); at the ends, guess_start (k = T) and guess_late (k = T / 10), with _std and
    _all.
    """
    data, schedule = lopsided(), make_schedule("linear", 1000)
    scale = float(data.covariance().trace().sqrt())
    model, n = exact_eps_model(data, schedule), 500 if quick else 5000

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        off = []
        for share in SHARES:
            x0 = data.sample(n, generator)
            k = everywhere(round(share * schedule.num_steps), x0)
            xk = q_sample(x0, k, fresh_noise(x0, generator), schedule)
            guess = predict_x0(xk, model(xk, as_time(k, xk, schedule)), k, schedule)
            away = (guess - data.mean()).square().sum(1).mean().sqrt()
            off.append(float(away) / scale)
        return {"guess_distance": off, "guess_start": off[0], "guess_late": off[-1]}

    table = columns(one(seed) for seed in seeds)
    return {
        "guess_shares": list(SHARES),
        "guess_distance": [mean(c) for c in zip(*table["guess_distance"], strict=True)],
        **over_seeds("guess_start", table["guess_start"]),
        **over_seeds("guess_late", table["guess_late"]),
    }


def _noiseless(data: Mixture, schedule: Schedule, x: Tensor) -> Tensor:
    """The ancestral chain with its noise left out."""
    model, zero = exact_eps_model(data, schedule), torch.zeros_like(x)
    for step in range(schedule.num_steps, 0, -1):
        k = everywhere(step, x)
        x = ancestral_step(x, model(x, as_time(k, x, schedule)), k, zero, schedule)
    return x


def without_noise(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Why add noise when sampling? The same chain with and without it.

    On a lopsided mixture and, prefixed ring_, on a symmetric one. Keys: with_noise,
    noiseless, ddim: the energy distance to the data; `_variance` of each: total
    variance of the samples over that of the data; floor. Each a mean with _std and
    _all.
    """
    n = 1000 if quick else 3000
    schedule = make_schedule("linear-short", 100 if quick else 400)
    ks = respaced(schedule.num_steps, schedule.num_steps)

    def one(data: Mixture, seed: int) -> Result:
        model, scale = exact_eps_model(data, schedule), data.covariance().trace()
        generator = torch.Generator().manual_seed(seed)
        x = _normal(n, generator)
        *_, noisy = ancestral(model, x, schedule, generator=generator)
        *_, fixed = ddim(model, x, ks, schedule)
        ends = {"with_noise": noisy, "ddim": fixed}
        ends["noiseless"] = _noiseless(data, schedule, x)
        found = {"floor": floor(data, n, seed)}
        for name, points in ends.items():
            found[name] = distance_to(data, points, seed)
            found[f"{name}_variance"] = float(points.var(0).sum() / scale)
        return found

    return {
        **for_seeds(one, seeds, lopsided()),
        **prefixed("ring", for_seeds(one, seeds, ring())),
    }


def same_seed(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Same start, 20 DDIM steps against all T, one network: is it the same sample?

    Keys: num_steps (T: 1000, or 200 if `quick`); ddim (correlation of the two ends),
    ancestral_twice (two ancestral runs from one start) and eta_1 (DDIM with eta 1, 20
    steps against T); mean, _std, _all.
    """
    num_steps = 200 if quick else 1000
    data, schedule = lopsided(), make_schedule("linear-short", num_steps)
    model, n = exact_eps_model(data, schedule), 200 if quick else 1000

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        x = _normal(n, generator)

        def jumping(nfe: int, eta: float) -> Tensor:
            ks = respaced(num_steps, nfe)
            *_, x0 = ddim(model, x, ks, schedule, eta, generator)
            return x0

        def walking() -> Tensor:
            *_, x0 = ancestral(model, x, schedule, generator=generator)
            return x0

        return {
            "ddim": _correlation(jumping(20, 0.0), jumping(num_steps, 0.0)),
            "ancestral_twice": _correlation(walking(), walking()),
            "eta_1": _correlation(jumping(20, 1.0), jumping(num_steps, 1.0)),
        }

    return {"num_steps": num_steps} | for_seeds(one, seeds)


def which_noise(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Does the network predict the noise of the last step, or all of it?

    Walk the chain to k = T / 2, keep the noise of the last step, and correlate the best
    prediction with it and with the total noise. Keys: total, last_step, mean, _std,
    _all.
    """
    data, schedule = lopsided(), make_schedule("linear-short", 200)
    model, n = exact_eps_model(data, schedule), 4000 if quick else 40_000
    middle = schedule.num_steps // 2

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        x0 = data.sample(n, generator)
        before, k = everywhere(middle - 1, x0), everywhere(middle, x0)
        x = q_sample(x0, before, fresh_noise(x0, generator), schedule)
        step_noise = fresh_noise(x0, generator)
        xk = q_step(x, k, step_noise, schedule)
        alpha_bar = schedule.alpha_bar[middle]
        all_noise = (xk - alpha_bar.sqrt() * x0) / (1 - alpha_bar).sqrt()
        guess = model(xk, as_time(k, xk, schedule))
        return {
            "total": _correlation(guess, all_noise),
            "last_step": _correlation(guess, step_noise),
        }

    return for_seeds(one, seeds)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.M, prefixed noise_, seed_ and which_ by experiment."""
    return {
        **first_guess(seeds, quick),
        **prefixed("noise", without_noise(seeds, quick)),
        **prefixed("seed", same_seed(seeds, quick)),
        **prefixed("which", which_noise(seeds, quick)),
    }
