"""Quality against evaluations: stochastic and deterministic solvers (figure 02.E).

All walk the variance-preserving path from t = 1 to almost 0 and pay per evaluation of
the score. With an exact score only the solver errs, and the flows can be held against
the exact flow from the same start. With a learnt score, solvers also differ in what
they make of the network's mistakes.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict, lopsided
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.films import last
from coursekit.experiments.summary import Result, for_seeds, mean_std, prefixed
from coursekit.experiments.train_toy import fit, fresh
from coursekit.lectures.l02_score_matching.experiments.solver_walks import (
    GRIDS,
    NAMES,
    grid,
    single_steps,
    walk,
)
from coursekit.models.mlp import EpsMLP
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import Path, VPPath
from coursekit.theory.prediction import Predict, denoiser
from coursekit.training.objectives import clip_denoised

START, END = 1.0, 0.002
NFES = (4, 8, 12, 16, 24, 32, 64, 128, 256, 512)
QUICK_NFES = tuple(nfe for nfe in NFES if nfe <= 64)
GRID_NFES = (8, 12, 24)  # where grids are compared
FLOWS = tuple(name for name in NAMES if name != "em")


def learned_predict(data: Mixture, path: Path, seed: int, steps: int) -> Predict:
    """A noise predictor on a path in continuous time, trained in a few seconds.

    Its guess of x0 is kept inside the data's range.
    """
    net = fresh(seed, EpsMLP)

    def loss(x0: Tensor, generator: torch.Generator) -> Tensor:
        t = END + (START - END) * torch.rand(len(x0), generator=generator)
        eps = torch.randn(x0.shape, generator=generator)
        return prediction_loss(net, path, "eps", x0, t, eps).mean()

    with torch.enable_grad():
        fit(net, loss, data, steps, seed=seed + 1000)
    net.eval().requires_grad_(False)
    return clip_denoised(denoiser(net, path, "eps"), path, 3.0)


@torch.no_grad()
def ladder(kind: str, seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Energy distance to exact samples of every solver at every number of evaluations.

    kind: "exact" or "learned" score. Keys: nfes; for each solver of NAMES a list and
    its _std; floor (+_std, _all), exact samples against exact samples; crossover: the
    number of evaluations from which on the SDE is better than every flow (0: never).
    """
    data, path, nfes = lopsided(), VPPath(), QUICK_NFES if quick else NFES
    n, steps = (500, 800) if quick else (2000, 3000)

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 400)
        exact = data.sample(n, generator)
        found: Result = {"floor": energy_distance(data.sample(n, generator), exact)}
        start = torch.randn(n, 2, generator=generator)
        if kind == "exact":
            predict = exact_predict(data, path)
        else:
            predict = learned_predict(data, path, seed, steps)
        for name in NAMES:
            shake = torch.Generator().manual_seed(seed + 900)
            ends = [last(walk(name, predict, start, m, path, shake)) for m in nfes]
            found[name] = [energy_distance(x, exact) for x in ends]
        return found

    result = for_seeds(one, seeds) | {"nfes": list(nfes)}
    flows = zip(*(result[name] for name in FLOWS), strict=True)
    result["crossover"] = crossover(nfes, result["em"], [min(f) for f in flows])
    return result


def crossover(nfes: Sequence[int], sde: Sequence[float], flow: Sequence[float]) -> int:
    """The first number of evaluations from which on the SDE stays better; 0: none."""
    better = [a < b for a, b in zip(sde, flow, strict=True)]
    return next((nfe for i, nfe in enumerate(nfes) if all(better[i:])), 0)


def flow_errors(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """How far every solver of the flow ends from the exact flow, with the exact score.

    Mean distance over points, from the same starts; the exact end is that of
    Runge-Kutta with 4,000 evaluations. Keys: for each solver of FLOWS a list over nfes
    and its _std; {solver}_{grid}: a list over grid_nfes for each grid of GRIDS.
    """
    data, path, nfes = lopsided(), VPPath(), QUICK_NFES if quick else NFES
    predict, n = exact_predict(data, path), 200 if quick else 1000

    def one(seed: int) -> Result:
        generator = torch.Generator().manual_seed(seed + 300)
        start = torch.randn(n, 2, generator=generator, dtype=torch.float64)
        goal = last(walk("rk4", predict, start, 4000, path, times="root"))

        def off(name: str, nfe: int, times: str = "") -> float:
            end = last(walk(name, predict, start, nfe, path, times=times))
            return float((end - goal).norm(dim=1).mean())

        found = {name: [off(name, m) for m in nfes] for name in FLOWS}
        for name, times in itertools.product(FLOWS, GRIDS):
            found[f"{name}_{times}"] = [off(name, m, times) for m in GRID_NFES]
        return found

    return {
        "nfes": list(nfes),
        "grid_nfes": list(GRID_NFES),
        **for_seeds(one, seeds),
    }


@torch.no_grad()
def step_errors(
    steps: Mapping[str, Callable[..., Tensor]], counts: Sequence[int] = (4, 8, 16, 32)
) -> dict[str, list[float]]:
    """How far single steps (predict, x, t, s, path) end from the exact flow.

    For each of them a list over the numbers of steps, even in log SNR; as
    `flow_errors`, from one seed.
    """
    data, path = lopsided(), VPPath()
    predict = exact_predict(data, path)
    generator = torch.Generator().manual_seed(300)
    start = torch.randn(200, 2, generator=generator, dtype=torch.float64)
    goal = last(walk("rk4", predict, start, 4000, path, times="root"))

    def off(step: Callable[..., Tensor], count: int) -> float:
        ts = grid("snr", path, count, START, END)
        end = last(single_steps(step, predict, start, ts, path))
        return float((end - goal).norm(dim=1).mean())

    return {name: [off(step, n) for n in counts] for name, step in steps.items()}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """`ladder` with the prefixes exact_ and learned_, `flow_errors` with error_; nfes;

    and for single values {kind}_{solver}_{nfe}, {kind}_{solver}_many: the mean of the
    three longest walks.
    """
    result: Result = {}
    parts = {
        "exact": ladder("exact", seeds, quick),
        "learned": ladder("learned", seeds, quick),
        "error": flow_errors(seeds, quick),
    }
    for kind, found in parts.items():
        nfes = result["nfes"] = found.pop("nfes")
        for name in FLOWS if kind == "error" else NAMES:
            values = zip(nfes, found[name], strict=True)
            result |= {f"{kind}_{name}_{nfe}": value for nfe, value in values}
            if kind != "error":
                result[f"{kind}_{name}_many"] = mean_std(found[name][-3:])[0]
        result |= prefixed(kind, found)
    return result
