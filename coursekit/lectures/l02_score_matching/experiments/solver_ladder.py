"""Quality against evaluations: stochastic and deterministic solvers (figure 02.E).

All walk the variance-preserving path from t = 1 to almost 0 and pay per evaluation of
the score. With an exact score only the solver errs, and the flows can be held against
the exact flow from the same start. With a learnt score, solvers also differ in what
they make of the network's mistakes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.summary import Result, curves, mean_std, over_seeds
from coursekit.lectures.l02_score_matching.experiments.solver_walks import (
    GRIDS,
    NAMES,
    last,
    walk,
)
from coursekit.lectures.l02_score_matching.experiments.training import fit
from coursekit.models.mlp import EpsMLP
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import Path, VPPath, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete, denoiser

START, END = 1.0, 0.002
NFES = (4, 8, 12, 16, 24, 32, 64, 128, 256, 512)
GRID_NFES = (8, 12, 24)  # where grids are compared
FLOWS = tuple(name for name in NAMES if name != "em")


def clipped(predict: Predict, path: Path, limit: float = 3.0) -> Predict:
    """Keep the guess of x0 inside the data's range: see `theory.clipping`."""

    def inside(xt: Tensor, t: Tensor) -> Prediction:
        x0 = predict(xt, t).x0.clamp(-limit, limit)
        alpha, sigma = path.alpha(t.double()), path.sigma(t.double())
        eps = (xt - expand_as(alpha, xt) * x0) / expand_as(sigma, xt)
        return complete(x0, eps, t, path)

    return inside


def learned_predict(data: Mixture, path: Path, seed: int, steps: int = 3000) -> Predict:
    """A noise predictor on a path in continuous time, trained in a few seconds."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EpsMLP(dim=2, width=128, depth=3)

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        t = END + (START - END) * torch.rand(len(x0), generator=generator)
        eps = torch.randn(x0.shape, generator=generator)
        return prediction_loss(net, path, "eps", x0, t, eps).mean()

    fit(net, loss, data, steps, seed=seed + 1000)
    net.eval().requires_grad_(False)
    return clipped(denoiser(net, path, "eps"), path)


@torch.no_grad()
def ladder(
    kind: str,
    seeds: Sequence[int] = (0, 1, 2),
    quick: bool = False,
    nfes: Sequence[int] = NFES,
) -> Result:
    """Energy distance to exact samples of every solver at every number of evaluations.

    kind: "exact" or "learned" score. Keys: nfes; for each solver of NAMES a list and
    its _std; floor (+_std, _all), exact samples against exact samples; crossover: the
    number of evaluations from which on the SDE is better than every flow (0: never).
    """
    data, path = lopsided(), VPPath()
    n = 500 if quick else 2000
    nfes = [m for m in nfes if m <= 64] if quick else list(nfes)
    rows: dict[str, list[list[float]]] = {name: [] for name in NAMES}
    floors = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 400)
        exact = data.sample(n, generator)
        floors.append(energy_distance(data.sample(n, generator), exact))
        start = torch.randn(n, 2, generator=generator)
        if kind == "exact":
            predict = exact_predict(data, path)
        else:
            with torch.enable_grad():
                predict = learned_predict(data, path, seed, 800 if quick else 3000)
        for name, found in rows.items():
            shake = torch.Generator().manual_seed(seed + 900)
            ends = [last(walk(name, predict, start, m, path, shake)) for m in nfes]
            found.append([energy_distance(x, exact) for x in ends])
    result: Result = {"nfes": list(nfes)} | over_seeds("floor", floors)
    for name, found in rows.items():
        result |= curves(name, found)
    flows = zip(*(result[name] for name in FLOWS), strict=True)
    result["crossover"] = crossover(nfes, result["em"], [min(f) for f in flows])
    return result


def crossover(nfes: Sequence[int], sde: Sequence[float], flow: Sequence[float]) -> int:
    """The first number of evaluations from which on the SDE stays better; 0: none."""
    better = [a < b for a, b in zip(sde, flow, strict=True)]
    for i, nfe in enumerate(nfes):
        if all(better[i:]):
            return nfe
    return 0


def flow_errors(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False, nfes: Sequence[int] = NFES
) -> Result:
    """How far every solver of the flow ends from the exact flow, with the exact score.

    Mean distance over points, from the same starts; the exact end is that of
    Runge-Kutta with 4,000 evaluations. Keys: for each solver of FLOWS a list over nfes
    and its _std; {solver}_{grid}: a list over grid_nfes for each grid of GRIDS.
    """
    data, path = lopsided(), VPPath()
    n = 200 if quick else 1000
    nfes = [m for m in nfes if m <= 64] if quick else list(nfes)
    predict = exact_predict(data, path)
    rows: dict[str, list[list[float]]] = {}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 300)
        start = torch.randn(n, 2, generator=generator, dtype=torch.float64)
        goal = last(walk("rk4", predict, start, 4000, path, times="root"))

        for name in FLOWS:
            plans = {name: (nfes, "")}
            plans |= {f"{name}_{each}": (list(GRID_NFES), each) for each in GRIDS}
            for key, (counts, times) in plans.items():
                ends = [
                    last(walk(name, predict, start, m, path, times=times))
                    for m in counts
                ]
                off = [float((end - goal).norm(dim=1).mean()) for end in ends]
                rows.setdefault(key, []).append(off)
    result: Result = {"nfes": list(nfes), "grid_nfes": list(GRID_NFES)}
    for name, values in rows.items():
        result |= curves(name, values)
    return result


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`ladder` with the prefixes exact_ and learned_, `flow_errors` with error_; nfes;

    and for single values {kind}_{solver}_{nfe}.
    """
    result: Result = {}
    parts = {
        "exact": ladder("exact", seeds, quick),
        "learned": ladder("learned", seeds, quick),
        "error": flow_errors(seeds, quick),
    }
    for kind, found in parts.items():
        nfes = result["nfes"] = found.pop("nfes")
        result |= {f"{kind}_{key}": value for key, value in found.items()}
        for name in NAMES if kind != "error" else FLOWS:
            values = zip(nfes, found[name], strict=True)
            result |= {f"{kind}_{name}_{nfe}": value for nfe, value in values}
    for kind in ("exact", "learned"):
        best = {n: mean_std(result[f"{kind}_{n}"][-3:])[0] for n in NAMES}
        result |= {f"{kind}_{name}_many": value for name, value in best.items()}
    return result
