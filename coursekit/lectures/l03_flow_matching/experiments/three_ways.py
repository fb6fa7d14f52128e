"""Figure 03.E: one network, one budget, five targets, on the straight path.

Every answer is converted to one belief and sampled with the same Euler steps, so what
differs is what training made of the target. The ring's exact belief is the yardstick.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import exact_predict, ring
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.lectures.l03_flow_matching.experiments.training import (
    strangers,
    train_flow,
)
from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete, denoiser
from coursekit.theory.solvers import ddim_path, time_grid

KINDS = ("eps", "score", "velocity", "x0", "v")
NFES = (2, 5, 10, 20, 50, 100)
TIMES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
LATEST = 0.999  # a noise or a score estimate says nothing about the data at t = 1


def begin(kind: str) -> float:
    """The time at which sampling starts: 1, where the answer allows it."""
    return LATEST if kind in ("eps", "score") else 1.0


def safe(predict: Predict, limit: float = 3.0) -> Predict:
    """The same belief with x0 kept in the range of the data, and eps made to fit."""

    def inside(xt: Tensor, t: Tensor) -> Prediction:
        x0 = predict(xt, t).x0.clamp(-limit, limit)
        time = expand_as(t, xt)
        return complete(x0, (xt - (1 - time) * x0) / time, t, LinearPath())

    return inside


@torch.no_grad()
def energies(model: nn.Module, kind: str, seed: int, count: int) -> list[float]:
    """Energy distance to exact data after each number of Euler steps in NFES."""
    generator = torch.Generator().manual_seed(66_000 + seed)
    noise = torch.randn(count, 2, generator=generator)
    target = ring().sample(count, generator)
    predict, found = safe(denoiser(model, LinearPath(), kind)), []
    for n in NFES:
        grid = time_grid(n, begin(kind))
        *_, x0 = ddim_path(predict, noise, grid, LinearPath())
        found.append(energy_distance(x0, target))
    return found


@torch.no_grad()
def errors(
    model: nn.Module, kind: str, seed: int, count: int
) -> dict[str, list[float]]:
    """By how much the network is wrong at each of TIMES, said in three languages.

    Root mean square distance, per dimension, of its velocity, data and noise from the
    exact belief; and the correlation of its velocity with the exact one.
    """
    path, exact = LinearPath(), exact_predict(ring(), LinearPath())
    predict = denoiser(model, path, kind)
    found: dict[str, list[float]] = {n: [] for n in ("velocity", "x0", "eps", "same")}
    for time in TIMES:
        generator = torch.Generator().manual_seed(55_000 + seed)
        x0 = ring().sample(count, generator).float()
        t = torch.full((count,), time)
        xt = path.corrupt(x0, torch.randn(x0.shape, generator=generator), t)
        guess, truth = predict(xt, t), exact(xt.double(), t)
        for name in ("velocity", "x0", "eps"):
            off = getattr(guess, name).double() - getattr(truth, name)
            found[name].append(float(off.square().mean().sqrt()))
        both = torch.stack(
            [guess.velocity.double().flatten(), truth.velocity.flatten()]
        )
        found["same"].append(float(torch.corrcoef(both)[0, 1]))
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.E.

    Keys: `{kind}_energy`, lists over `nfes` with _std; `{kind}_{nfe}_energy` with _std
    and _all; `{kind}_velocity_error`, `{kind}_x0_error`, `{kind}_eps_error`, lists over
    `times`, with _std; `{kind}_same`: correlation with the exact velocity at `times`,
    `same_middle`: the smallest of all kinds and seeds at t = 0.5; `floor`.
    """
    steps, count = (150, 400) if quick else (4000, 4000)
    result: Result = {"nfes": list(NFES), "times": list(TIMES), "steps": steps}
    floors, middle = [], []
    for seed in seeds:
        generator = torch.Generator().manual_seed(99_000 + seed)
        floors.append(energy_distance(*(ring().sample(count, generator) for _ in "ab")))
    result |= over_seeds("floor", floors)
    for kind in KINDS if not quick else KINDS[:3]:
        table, wrong = [], []
        for seed in seeds:
            model, _ = train_flow(strangers("ring"), kind, steps=steps, seed=seed)
            table.append(energies(model, kind, seed, count))
            wrong.append(errors(model, kind, seed, count))
        result |= curves(f"{kind}_energy", table)
        for i, n in enumerate(NFES):
            result |= over_seeds(f"{kind}_{n}_energy", [row[i] for row in table])
        for name in ("velocity", "x0", "eps"):
            result |= curves(f"{kind}_{name}_error", [row[name] for row in wrong])
        result |= curves(f"{kind}_same", [row["same"] for row in wrong])
        middle += [row["same"][TIMES.index(0.5)] for row in wrong]
    return result | {"same_middle": min(middle)}
