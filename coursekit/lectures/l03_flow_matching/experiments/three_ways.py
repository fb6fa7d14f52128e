"""Figure 03.E: one network, one budget, five targets, on the straight path.

Every answer is converted to one belief and sampled with the same Euler steps, so what
differs is what training made of the target. The ring's exact belief is the yardstick.
"""

from collections.abc import Sequence

import torch
from torch import nn

from coursekit.datasets.toys import exact_predict, ring
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.films import last
from coursekit.experiments.summary import Result, columns, entries, for_seeds, prefixed
from coursekit.lectures.l03_flow_matching.experiments.training import (
    strangers,
    train_flow,
)
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import ddim_path, time_grid
from coursekit.training.objectives import Flow, clip_denoised

KINDS = ("eps", "score", "velocity", "x0", "v")
NFES = (2, 5, 10, 20, 50, 100)
TIMES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)


@torch.no_grad()
def energies(model: nn.Module, kind: str, seed: int, count: int) -> list[float]:
    """Energy distance to exact data after each number of Euler steps in NFES."""
    generator = torch.Generator().manual_seed(66_000 + seed)
    noise = torch.randn(count, 2, generator=generator)
    target = ring().sample(count, generator)
    path, start = LinearPath(), Flow.LATEST if kind in ("eps", "score") else 1.0
    predict = clip_denoised(denoiser(model, path, kind), path, 3.0)
    ends = [last(ddim_path(predict, noise, time_grid(n, start), path)) for n in NFES]
    return [energy_distance(x0, target) for x0 in ends]


@torch.no_grad()
def errors(
    model: nn.Module, kind: str, seed: int, count: int
) -> dict[str, list[float]]:
    """By how much the network is wrong at each of TIMES, said in three languages.

    Root mean square distance, per dimension, of its velocity, data and noise from the
    exact belief; and the correlation of its velocity with the exact one.
    """
    path, exact = LinearPath(), exact_predict(ring(), LinearPath())
    predict, rows = denoiser(model, path, kind), []
    for time in TIMES:
        generator = torch.Generator().manual_seed(55_000 + seed)
        x0 = ring().sample(count, generator).float()
        t = torch.full((count,), time)
        xt = path.corrupt(x0, torch.randn(x0.shape, generator=generator), t)
        guess, truth = predict(xt, t), exact(xt.double(), t)
        row = {}
        for name in ("velocity", "x0", "eps"):
            off = getattr(guess, name).double() - getattr(truth, name)
            row[f"{name}_error"] = float(off.square().mean().sqrt())
        both = [guess.velocity.double().flatten(), truth.velocity.flatten()]
        row["same"] = float(torch.corrcoef(torch.stack(both))[0, 1])
        rows.append(row)
    return columns(rows)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.E.

    Keys: `{kind}_energy`, lists over `nfes` with _std; `{kind}_{nfe}_energy` with _std
    and _all; `{kind}_velocity_error`, `{kind}_x0_error`, `{kind}_eps_error`, lists over
    `times`, with _std; `{kind}_same`: correlation with the exact velocity at `times`,
    `same_middle`: the smallest of all kinds and seeds at t = 0.5; `floor`.
    """
    steps, count = (150, 400) if quick else (4000, 4000)

    def floor(seed: int) -> dict[str, float]:
        generator = torch.Generator().manual_seed(99_000 + seed)
        exact = [ring().sample(count, generator) for _ in range(2)]
        return {"floor": energy_distance(*exact)}

    def one(kind: str, seed: int) -> Result:
        model = train_flow(strangers("ring"), kind, steps=steps, seed=seed)
        lists = {"energy": energies(model, kind, seed, count)}
        found = errors(model, kind, seed, count)
        middle.append(found["same"][TIMES.index(0.5)])
        return {**lists, **entries(NFES, lists), **found}

    middle: list[float] = []
    result: Result = {"nfes": list(NFES), "times": list(TIMES), "steps": steps}
    for kind in KINDS if not quick else KINDS[:3]:
        result |= prefixed(kind, for_seeds(one, seeds, kind))
    return result | for_seeds(floor, seeds) | {"same_middle": min(middle)}
