"""The weight of each noise level in the loss, and what happens without the level.

Figure 01.D. The bound prices an error at step k with beta_k^2 / (2 sigma_k^2 (1-beta_k)
(1-alpha_bar_k)); L_simple puts 1. We compare the two, train with either, and train a
network that is not told the noise level at all.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import exact_eps_model, ring
from coursekit.experiments.summary import Result, for_seeds, mean, prefixed
from coursekit.experiments.train_2d import Weighting, train_eps_mlp
from coursekit.lectures.l01_diffusion.experiments.judge_2d import (
    bound_cost,
    distance_to,
    draw,
    excess_errors,
    floor,
    least_loss,
)
from coursekit.theory.ddpm import Model
from coursekit.theory.ddpm_schedule import Schedule, ScheduleKind, make_schedule
from coursekit.theory.elbo import elbo_weight

# name -> (schedule, tell the network the noise level?, weighting of the loss)
RUNS: dict[str, tuple[ScheduleKind, bool, Weighting]] = {
    "simple": ("linear-short", True, "simple"),
    "no_time": ("linear-short", False, "simple"),
    "vlb": ("linear-short", True, "vlb"),
    "vlb_sampled": ("linear-short", True, "vlb-sampled"),
    "cosine_simple": ("cosine", True, "simple"),
    "cosine_vlb": ("cosine", True, "vlb"),
}
QUICK = ("simple", "no_time")


def weight_curves() -> Result:
    """The true weight of |eps - eps_hat|^2 per step, beside L_simple's constant.

    Keys: ks (steps of a chain of `num_steps`, evenly spaced on a log scale), and for
    each schedule of linear, cosine: its weights at ks, `_simple` (the constant with the
    same mean over all steps), `_ratio` (weight at k = 2 over weight at T / 2),
    `_first_percent` and `_last_step`, the shares of the total weight held by the first
    1 % of steps and by the last step.
    """
    num_steps = 1000
    grid = torch.logspace(0, torch.log10(torch.tensor(num_steps)).item(), 120)
    ks = sorted({min(num_steps, max(1, round(float(k)))) for k in grid})
    every = torch.arange(1, num_steps + 1)
    result: Result = {"ks": ks, "num_steps": num_steps}
    kinds: dict[str, ScheduleKind] = {"linear": "linear-short", "cosine": "cosine"}
    for name, kind in kinds.items():
        weight = elbo_weight(make_schedule(kind, num_steps), every)
        result[name] = [float(weight[k - 1]) for k in ks]
        result[f"{name}_simple"] = float(weight.mean())
        result[f"{name}_ratio"] = float(weight[1] / weight[num_steps // 2 - 1])
        first = weight[: num_steps // 100].sum() / weight.sum()
        result[f"{name}_first_percent"] = float(first)
        result[f"{name}_last_step"] = float(weight[-1] / weight.sum())
    return result


def train_and_judge(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Train each of RUNS (only QUICK ones if `quick`) at equal budget and judge it.

    Keys for each run name: `{run}_distance` (energy distance of ancestral samples),
    `{run}_loss` (L_simple), `{run}_excess` (its avoidable part) and `{run}_bound` (nats
    lost in the ELBO), each a mean with _std and _all; `{run}_error`, the excess error
    at `ks`, a list with _std. And floor_distance, exact_distance, exact_loss (the best
    predictor under the same chain; cosine_exact_loss for the other one).
    """
    steps, width, n = (400, 64, 800) if quick else (3000, 128, 3000)
    num_steps = 100 if quick else 200
    data, every = ring(), range(1, num_steps + 1)
    shown = [k for k in every if k in (1, 2, 3, 5) or k % (num_steps // 20) == 0]
    result: Result = {"ks": shown, "num_steps": num_steps, "train_steps": steps}
    least: dict[str, float] = {}

    def judged(name: str, schedule: Schedule, seed: int) -> Result:
        kind, time, weighting = RUNS[name]
        model = train_eps_mlp(data, schedule, steps, width, seed, time, weighting).model
        errors = excess_errors(model, data, schedule, every, n // 8, seed)
        samples = draw(model, schedule, n, seed)
        return {
            "distance": distance_to(data, samples, seed),
            "excess": mean(errors),
            "loss": least[kind] + mean(errors),
            "bound": bound_cost(errors, schedule),
            "error": [errors[k - 1] for k in shown],
        }

    for name in QUICK if quick else RUNS:
        kind = RUNS[name][0]
        schedule = make_schedule(kind, num_steps)
        if kind not in least:
            least[kind] = least_loss(data, schedule, n=500 if quick else 2000)
        result |= prefixed(name, for_seeds(judged, seeds, name, schedule))
    schedule = make_schedule("linear-short", num_steps)
    result["exact_loss"] = least["linear-short"]
    if "cosine" in least:
        result["cosine_exact_loss"] = least["cosine"]
    best = exact_eps_model(data, schedule)
    return result | for_seeds(
        lambda seed: {
            "floor_distance": floor(data, n, seed),
            "exact_distance": distance_to(data, draw(best, schedule, n, seed), seed),
        },
        seeds,
    )


def disturbed(schedule: Schedule, bias: float, wiggle: float) -> Model:
    """The best predictor of `ring()`, spoilt on purpose.

    `bias` is added to the first coordinate at every step; `wiggle` is the amplitude of
    an error whose sign flips from step to step and from place to place.
    """
    best = exact_eps_model(ring(), schedule)

    def model(xt: Tensor, t: Tensor) -> Tensor:
        sign = 1 - 2 * ((t * schedule.num_steps).round() % 2)[:, None]
        push = torch.zeros_like(xt)
        push[:, 0] = bias
        return best(xt, t) + push + wiggle * sign * torch.sin(25 * xt)

    return model


def lower_loss_worse_samples(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False
) -> Result:
    """A counter-example, built by hand: the lower loss gives the worse samples.

    Two spoilt copies of the best predictor. "biased" errs a little, always in the same
    direction; "wiggly" errs more, but its errors cancel from step to step. Keys:
    `{name}_excess` (avoidable loss) and `{name}_distance`, means with _std and _all,
    and floor_distance. Nothing is trained here.
    """
    n = 1500 if quick else 6000
    data, schedule = ring(), make_schedule("linear-short", 100 if quick else 200)
    every = range(1, schedule.num_steps + 1)
    biased, wiggly = disturbed(schedule, 0.15, 0.0), disturbed(schedule, 0.0, 0.3)

    def one(seed: int) -> Result:
        found = {"floor_distance": floor(data, n, seed)}
        for name, model in (("biased", biased), ("wiggly", wiggly)):
            errors = excess_errors(model, data, schedule, every, n // 10, seed)
            samples = draw(model, schedule, n, seed)
            found[f"{name}_excess"] = mean(errors)
            found[f"{name}_distance"] = distance_to(data, samples, seed)
        return found

    return for_seeds(one, seeds)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.D; keys prefixed weights_, and those of the other functions.

    The counter-example's keys are prefixed example_.
    """
    example = lower_loss_worse_samples(seeds, quick)
    return {
        **train_and_judge(seeds, quick),
        **prefixed("weights", weight_curves()),
        **prefixed("example", example),
    }
