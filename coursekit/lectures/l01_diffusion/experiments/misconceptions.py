"""Four beliefs about diffusion that a measurement settles.

Figure 01.M. All on mixtures with the best possible predictor, so that the answer is
about the method and not about one network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided, ring
from coursekit.experiments.summary import Result, over_seeds
from coursekit.lectures.l01_diffusion.experiments.judge_2d import distance_to, floor
from coursekit.theory.ddpm import (
    ancestral_step,
    as_time,
    predict_x0,
    q_sample,
    q_step,
)
from coursekit.theory.ddpm_samplers import ancestral, ddim, everywhere, respaced
from coursekit.theory.ddpm_schedule import Schedule, ScheduleKind, make_schedule

SHARES = (1.0, 0.9, 0.75, 0.5, 0.25, 0.1)


def _normal(n: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n, 2, generator=generator, dtype=torch.float64)


def _correlation(a: Tensor, b: Tensor) -> float:
    """Correlation of two (N, D) samples, coordinates centred and pooled."""
    a, b = a - a.mean(0), b - b.mean(0)
    return float((a * b).sum() / (a.square().sum() * b.square().sum()).sqrt())


def first_guess(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False, kind: ScheduleKind = "linear"
) -> Result:
    """Is x0_hat at k = T the mean of the data?

    Keys: shares (k / T), and guess_distance: the root mean square distance of x0_hat
    from the data mean, in data standard deviations, at each share (mean over seeds); at
    the ends, guess_start (k = T) and guess_late (k = T / 10), with _std and _all.
    """
    data, schedule = lopsided(), make_schedule(kind, 1000)
    scale = float(data.covariance().trace().sqrt())
    model, n = exact_eps_model(data, schedule), 500 if quick else 5000
    table = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        row = []
        for share in SHARES:
            x0 = data.sample(n, generator)
            k = everywhere(round(share * schedule.num_steps), x0)
            xk = q_sample(x0, k, _normal(n, generator), schedule)
            guess = predict_x0(xk, model(xk, as_time(k, xk, schedule)), k, schedule)
            away = (guess - data.mean()).square().sum(1).mean().sqrt()
            row.append(float(away) / scale)
        table.append(row)
    return {
        "shares": list(SHARES),
        "guess_distance": [sum(c) / len(c) for c in zip(*table, strict=True)],
        **over_seeds("guess_start", [row[0] for row in table]),
        **over_seeds("guess_late", [row[-1] for row in table]),
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
    result: Result = {}
    for prefix, data in (("", lopsided()), ("ring_", ring())):
        model, scale = exact_eps_model(data, schedule), data.covariance().trace()
        found: dict[str, list[float]] = {}
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)
            x = _normal(n, generator)
            *_, noisy = ancestral(model, x, schedule, generator=generator)
            *_, fixed = ddim(model, x, ks, schedule)
            ends = {"with_noise": noisy, "ddim": fixed}
            ends["noiseless"] = _noiseless(data, schedule, x)
            for name, points in ends.items():
                share = float(points.var(0).sum() / scale)
                found.setdefault(name, []).append(distance_to(data, points, seed))
                found.setdefault(f"{name}_variance", []).append(share)
        found["floor"] = [floor(data, n, seed) for seed in seeds]
        for name, values in found.items():
            result |= over_seeds(prefix + name, values)
    return result


def same_seed(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Same start, 20 DDIM steps against all T, one network: is it the same sample?

    Keys: num_steps (T: 1000, or 200 if `quick`); ddim (correlation of the two ends),
    ancestral_twice (two ancestral runs from one start) and eta_1 (DDIM with eta 1, 20
    steps against T); mean, _std, _all.
    """
    num_steps = 200 if quick else 1000
    data, schedule = lopsided(), make_schedule("linear-short", num_steps)
    model, n = exact_eps_model(data, schedule), 200 if quick else 1000
    few, many = respaced(num_steps, 20), respaced(num_steps, num_steps)
    found: dict[str, list[float]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        x = _normal(n, generator)

        def end(
            ks: Sequence[int] | None,
            eta: float = 0.0,
            x: Tensor = x,
            generator: torch.Generator = generator,
        ) -> Tensor:
            if ks is None:
                *_, x0 = ancestral(model, x, schedule, generator=generator)
            else:
                *_, x0 = ddim(model, x, ks, schedule, eta, generator)
            return x0

        for name, a, b in (
            ("ddim", end(few), end(many)),
            ("ancestral_twice", end(None), end(None)),
            ("eta_1", end(few, 1.0), end(many, 1.0)),
        ):
            found.setdefault(name, []).append(_correlation(a, b))
    result: Result = {"num_steps": num_steps}
    for name, values in found.items():
        result |= over_seeds(name, values)
    return result


def which_noise(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Does the network predict the noise of the last step, or all of it?

    Walk the chain to k = T / 2, keep the noise of the last step, and correlate the best
    prediction with it and with the total noise. Keys: total, last_step, mean, _std,
    _all.
    """
    data, schedule = lopsided(), make_schedule("linear-short", 200)
    model, n = exact_eps_model(data, schedule), 4000 if quick else 40_000
    middle = schedule.num_steps // 2
    total, last = [], []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        x0 = data.sample(n, generator)
        before = everywhere(middle - 1, x0)
        x = q_sample(x0, before, _normal(n, generator), schedule)
        k, step_noise = everywhere(middle, x0), _normal(n, generator)
        xk = q_step(x, k, step_noise, schedule)
        alpha_bar = schedule.alpha_bar[middle]
        all_noise = (xk - alpha_bar.sqrt() * x0) / (1 - alpha_bar).sqrt()
        guess = model(xk, as_time(k, xk, schedule))
        total.append(_correlation(guess, all_noise))
        last.append(_correlation(guess, step_noise))
    return over_seeds("total", total) | over_seeds("last_step", last)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.M, prefixed guess_, noise_, seed_ and which_ by experiment."""
    parts = {
        "guess": first_guess(seeds, quick),
        "noise": without_noise(seeds, quick),
        "seed": same_seed(seeds, quick),
        "which": which_noise(seeds, quick),
    }
    return {
        key if key.startswith(f"{prefix}_") else f"{prefix}_{key}": value
        for prefix, part in parts.items()
        for key, value in part.items()
    }
