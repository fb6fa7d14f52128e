"""The weight of each noise level in the loss, and what happens without the level.

Figure 01.D. The bound prices an error at step k with beta_k^2 / (2 sigma_k^2 (1-beta_k)
(1-alpha_bar_k)); L_simple puts 1. We compare the two, train with either, and train a
network that is not told the noise level at all.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import exact_eps_model, ring
from coursekit.experiments.summary import Result, curves, over_seeds
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


def weight_curves(num_steps: int = 1000, points: int = 120) -> Result:
    """The true weight of |eps - eps_hat|^2 per step, beside L_simple's constant.

    Keys: ks (about `points` steps, evenly spaced on a log scale), and for each schedule
    of linear, cosine: its weights at ks, `_simple` (the constant with the same mean
    over all steps, 1 / T times their sum), `_ratio` (weight at k = 2 over weight at T /
    2) and `_first_percent`, the share of the total weight held by the first 1 % of
    steps.
    """
    grid = torch.logspace(0, torch.log10(torch.tensor(num_steps)).item(), points)
    ks = sorted({min(num_steps, max(1, round(float(k)))) for k in grid})
    every = torch.arange(1, num_steps + 1)
    result: Result = {"ks": ks, "num_steps": num_steps}
    kinds: tuple[ScheduleKind, ...] = ("linear-short", "cosine")
    for kind in kinds:
        name = "cosine" if kind == "cosine" else "linear"
        weight = elbo_weight(make_schedule(kind, num_steps), every)
        result[name] = [float(weight[k - 1]) for k in ks]
        result[f"{name}_simple"] = float(weight.mean())
        result[f"{name}_ratio"] = float(weight[1] / weight[num_steps // 2 - 1])
        first = weight[: max(1, num_steps // 100)].sum() / weight.sum()
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
    data = ring()
    every = range(1, num_steps + 1)
    shown = [k for k in every if k in (1, 2, 3, 5) or k % (num_steps // 20) == 0]
    result: Result = {"ks": shown, "num_steps": num_steps, "train_steps": steps}
    result |= over_seeds("floor_distance", [floor(data, n, s) for s in seeds])
    least: dict[str, float] = {}
    for name in QUICK if quick else RUNS:
        kind, time, weighting = RUNS[name]
        schedule = make_schedule(kind, num_steps)
        if kind not in least:
            least[kind] = least_loss(data, schedule, n=500 if quick else 2000)
        rows: dict[str, list[float]] = {"distance": [], "excess": [], "bound": []}
        shapes = []
        for seed in seeds:
            model = train_eps_mlp(
                data, schedule, steps, width, 3, seed, time, weighting
            ).model
            samples = draw(model, schedule, n, seed)
            errors = excess_errors(model, data, schedule, every, n // 8, seed)
            rows["distance"].append(distance_to(data, samples, seed))
            rows["excess"].append(sum(errors) / len(errors))
            rows["bound"].append(bound_cost(errors, schedule))
            shapes.append([errors[k - 1] for k in shown])
        rows["loss"] = [least[kind] + e for e in rows["excess"]]
        for ruler, values in rows.items():
            result |= over_seeds(f"{name}_{ruler}", values)
        result |= curves(f"{name}_error", shapes)
    schedule = make_schedule("linear-short", num_steps)
    best = exact_eps_model(data, schedule)
    exact = [distance_to(data, draw(best, schedule, n, s), s) for s in seeds]
    result |= over_seeds("exact_distance", exact)
    result["exact_loss"] = least["linear-short"]
    if "cosine" in least:
        result["cosine_exact_loss"] = least["cosine"]
    return result


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
    result = over_seeds("floor_distance", [floor(data, n, s) for s in seeds])
    for name, bias, wiggle in (("biased", 0.15, 0.0), ("wiggly", 0.0, 0.3)):
        model = disturbed(schedule, bias, wiggle)
        excess, distance = [], []
        for seed in seeds:
            errors = excess_errors(model, data, schedule, every, n // 10, seed)
            excess.append(sum(errors) / len(errors))
            distance.append(distance_to(data, draw(model, schedule, n, seed), seed))
        result |= over_seeds(f"{name}_excess", excess)
        result |= over_seeds(f"{name}_distance", distance)
    return result


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.D; keys prefixed weights_, and those of the other functions.

    The counter-example's keys are prefixed example_.
    """
    result = train_and_judge(seeds, quick)
    result |= {f"weights_{k}": v for k, v in weight_curves().items()}
    example = lower_loss_worse_samples(seeds, quick)
    return result | {f"example_{k}": v for k, v in example.items()}
