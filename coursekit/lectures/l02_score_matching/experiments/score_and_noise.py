"""One network under two names (figure 02.C): noise predictor and score.

A noise predictor of lecture 1, trained on shrunken points, and a noise-conditional
score network, trained on points that were never shrunk, never meet. Their answers about
the same points must still differ by the factor -1 / sqrt(1 - alpha_bar) alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import Mixture, lopsided
from coursekit.experiments.summary import Result, columns, for_seeds, mean
from coursekit.experiments.train_2d import train_eps_mlp
from coursekit.lectures.l02_score_matching.experiments.training import train_ncsn
from coursekit.theory.ddpm_schedule import Schedule, make_schedule

STEPS = (3, 5, 10, 20, 30, 40, 50, 60, 70)  # of 100: where the two are compared
SIGMA_MIN, SIGMA_MAX = 0.05, 15.0


@torch.no_grad()
def both_answers(
    noise_net: nn.Module,
    score_net: nn.Module,
    data: Mixture,
    schedule: Schedule,
    k: int,
    n: int,
    seed: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Noise guesses, learnt scores and exact scores at the same x_k; (n, D) each.

    The score network knows x0 + sigma eps: it is asked about x_k / sqrt(alpha_bar) at
    sigma = sqrt((1 - alpha_bar) / alpha_bar), and its answer is scaled back.
    """
    generator = torch.Generator().manual_seed(seed)
    kept = schedule.alpha_bar[k]
    x0 = data.sample(n, generator)
    eps = torch.randn(x0.shape, generator=generator, dtype=torch.float64)
    shrink, noise = kept.sqrt(), (1 - kept).sqrt()
    xk = shrink * x0 + noise * eps
    time = torch.full((n,), k / schedule.num_steps)
    guess = noise_net(xk.float(), time).double()
    score = score_net((xk / shrink).float(), (noise / shrink).float()).double() / shrink
    return guess, score, data.noised_score(xk, float(shrink), float(noise))


def agreement(
    guess: Tensor, score: Tensor, exact: Tensor, noise: float
) -> dict[str, float]:
    """How score and -guess / noise agree, and the relative errors of both.

    The slope is the least-squares factor c in score = c * (-guess / noise): 1 is right.
    """
    implied, size = -guess / noise, exact.square().mean()
    a, b = implied.flatten(), score.flatten()
    return {
        "correlation": float(torch.stack([a, b]).corrcoef()[0, 1]),
        "slope": float((a * b).sum() / a.square().sum()),
        "error_noise": float((implied - exact).square().mean() / size),
        "error_score": float((score - exact).square().mean() / size),
    }


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Two networks a seed, compared at several steps of a chain of 100.

    Keys: ks, sigmas (of the score network); correlation_by_k, slope_by_k (+_std) and
    the means over them, correlation, slope (+_std, _all); error_noise, error_score: the
    relative squared errors of both against the exact score (means over ks); num_levels.
    """
    data, schedule = lopsided(), make_schedule("linear-short", 100)
    kept, steps = schedule.alpha_bar[list(STEPS)], 1000 if quick else 4000

    def one(seed: int) -> Result:
        first = train_eps_mlp(data, schedule, steps, seed=seed).model
        second = train_ncsn(data, SIGMA_MIN, SIGMA_MAX, seed + 500, steps)
        rows = []
        for k in STEPS:
            answers = both_answers(first, second, data, schedule, k, 4000, seed + 70)
            rows.append(agreement(*answers, float((1 - schedule.alpha_bar[k]).sqrt())))
        lists = columns(rows)
        means: Result = {name: mean(values) for name, values in lists.items()}
        return means | {f"{name}_by_k": values for name, values in lists.items()}

    return {
        "ks": list(STEPS),
        "num_levels": len(STEPS),
        "sigmas": ((1 - kept) / kept).sqrt().tolist(),
        **for_seeds(one, seeds[:1] if quick else seeds),
    }
