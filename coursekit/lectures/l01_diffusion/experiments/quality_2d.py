"""Sample quality against the number of network evaluations, where the truth is known.

Two yardsticks. The energy distance (Szekely & Rizzo 2013) between generated and fresh
exact points is unbiased, so exact points against exact points scatter around zero:
that scatter is the floor, and nothing below it can be told apart. The mean log density
of the generated points under the exact law tells in which direction a sampler errs:
above the exact points' own value it is too timid (the points huddle at the modes),
below it is too blurred.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_eps_model, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, columns, for_seeds
from coursekit.theory.ddpm import Model
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim, respaced
from coursekit.theory.ddpm_schedule import Schedule, make_schedule

# With eta = 1, DDIM has the law of the skipped DDPM chain with the posterior variance;
# the skipped chain below takes the larger variance beta (sigma-hat in the DDIM paper).
ETA = {"ddim_0": 0.0, "ddim_05": 0.5, "ddim_1": 1.0, "unclipped": 0.0}
SAMPLERS = ("ancestral_skipped", "ddim_0", "ddim_05", "ddim_1")


def walk(
    sampler: str,
    model: Model,
    x: Tensor,
    nfe: int,
    schedule: Schedule,
    generator: torch.Generator,
) -> Iterator[Tensor]:
    """The states of DDPM with steps skipped, or of DDIM with one of ETA."""
    ks = respaced(schedule.num_steps, nfe)
    if sampler == "ancestral_skipped":
        return ancestral_skipped(model, x, ks, schedule, "beta", generator)
    return ddim(model, x, ks, schedule, ETA[sampler], generator)


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

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed)
        exact = mixture.sample(samples, generator)
        x = torch.randn(samples, exact.shape[1], generator=generator)

        def judged(name: str, points: Tensor) -> dict[str, float]:
            density = float(mixture.log_prob(points).mean())
            return {
                name: energy_distance(points, exact),
                f"{name}_log_prob": density,
            }

        *_, full = ancestral(model, x, schedule, "beta", generator)
        found: Result = judged("floor", mixture.sample(samples, generator))
        found |= judged("ancestral", full)
        for name in SAMPLERS:
            fresh, rows = torch.Generator().manual_seed(seed + 1000), []
            for nfe in nfes:
                *_, x0 = walk(name, model, x, nfe, schedule, fresh)
                rows.append(judged(name, x0))
            found |= columns(rows)
        return found

    return {
        "nfes": list(nfes),
        "full_nfe": schedule.num_steps,
        "samples": samples,
        **for_seeds(one, seeds),
    }


def exact_quality_vs_nfe(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False
) -> Result:
    """`quality_vs_nfe` with the best possible network, on the lopsided mixture.

    What is measured here is the sampler alone: the network makes no mistake.
    """
    num_steps, samples = (100, 500) if quick else (1000, 2000)
    nfes = (5, 10, 20) if quick else (5, 10, 20, 50, 100)
    mixture, schedule = lopsided(), make_schedule("cosine", num_steps)
    model = exact_eps_model(mixture, schedule)
    return quality_vs_nfe(model, mixture, schedule, nfes, seeds, samples)
