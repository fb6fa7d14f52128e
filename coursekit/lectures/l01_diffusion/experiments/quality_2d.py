"""Sample quality against the number of network evaluations, where the truth is known.

Two yardsticks. The energy distance (Szekely & Rizzo 2013) between generated and fresh
exact points is unbiased, so exact points against exact points scatter around zero:
that scatter is the floor, and nothing below it can be told apart. The mean log density
of the generated points under the exact law tells in which direction a sampler errs:
above the exact points' own value it is too timid (the points huddle at the modes),
below it is too blurred.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.theory.ddpm import Model
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim, respaced
from coursekit.theory.ddpm_schedule import Schedule, make_schedule

Sampler = Callable[
    [Model, Tensor, list[int], Schedule, torch.Generator], Iterator[Tensor]
]

# With eta = 1, DDIM has the law of the skipped DDPM chain with the posterior variance;
# the skipped chain below takes the larger variance beta (sigma-hat in the DDIM paper).
SAMPLERS: dict[str, Sampler] = {
    "ancestral_skipped": lambda model, x, ks, schedule, generator: ancestral_skipped(
        model, x, ks, schedule, "beta", generator
    ),
    "ddim_0": lambda model, x, ks, schedule, generator: ddim(
        model, x, ks, schedule, 0.0, generator
    ),
    "ddim_05": lambda model, x, ks, schedule, generator: ddim(
        model, x, ks, schedule, 0.5, generator
    ),
    "ddim_1": lambda model, x, ks, schedule, generator: ddim(
        model, x, ks, schedule, 1.0, generator
    ),
}


def last(film: Iterator[Tensor]) -> Tensor:
    """The final state of a sampler."""
    *_, x0 = film
    return x0


def quality_vs_nfe(
    model: Model,
    mixture: Mixture,
    schedule: Schedule,
    nfes: Sequence[int] = (5, 10, 20, 50, 100),
    seeds: Sequence[int] = (0, 1, 2),
    samples: int = 2000,
) -> Result:
    """Energy distance and mean log density of every sampler at every NFE.

    `model` is any noise predictor for this schedule; it gets float32 points. The seed
    fixes start noise, fresh noise and exact points; all samplers share them.

    Keys: "nfes"; for each sampler S the lists S, S_std (energy distance, spread over
    seeds), S_log_prob, S_log_prob_std, one entry per NFE; for the full chain of T steps
    "ancestral", "ancestral_std", .. as numbers; for exact points "floor", .., the same.
    """
    energy: dict[str, list[list[float]]] = {name: [] for name in SAMPLERS}
    density: dict[str, list[list[float]]] = {name: [] for name in SAMPLERS}
    single: dict[str, list[float]] = {
        name: []
        for name in ("floor", "floor_log_prob", "ancestral", "ancestral_log_prob")
    }
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        exact = mixture.sample(samples, generator)
        x = torch.randn(samples, exact.shape[1], generator=generator)
        full = last(ancestral(model, x, schedule, "beta", generator))
        for name, points in {
            "floor": mixture.sample(samples, generator),
            "ancestral": full,
        }.items():
            single[name].append(energy_distance(points, exact))
            single[f"{name}_log_prob"].append(float(mixture.log_prob(points).mean()))
        for name, sampler in SAMPLERS.items():
            fresh = torch.Generator().manual_seed(seed + 1000)
            walks = [respaced(schedule.num_steps, nfe) for nfe in nfes]
            outs = [last(sampler(model, x, ks, schedule, fresh)) for ks in walks]
            energy[name].append([energy_distance(x0, exact) for x0 in outs])
            density[name].append([float(mixture.log_prob(x0).mean()) for x0 in outs])
    result: Result = {"nfes": list(nfes), "full_nfe": schedule.num_steps}
    result["samples"] = samples
    for name, values in single.items():
        result |= over_seeds(name, values)
    for name in SAMPLERS:
        result |= curves(name, energy[name])
        result |= curves(f"{name}_log_prob", density[name])
    return result


def exact_quality_vs_nfe(
    num_steps: int = 1000,
    nfes: Sequence[int] = (5, 10, 20, 50, 100),
    seeds: Sequence[int] = (0, 1, 2),
    samples: int = 2000,
    quick: bool = False,
) -> Result:
    """`quality_vs_nfe` with the best possible network, on the lopsided mixture.

    What is measured here is the sampler alone: the network makes no mistake.
    """
    if quick:
        num_steps, nfes, samples = 100, nfes[:3], 500
    mixture, schedule = lopsided(), make_schedule("cosine", num_steps)
    model = exact_eps_model(mixture, schedule)
    return quality_vs_nfe(model, mixture, schedule, nfes, seeds, samples)
