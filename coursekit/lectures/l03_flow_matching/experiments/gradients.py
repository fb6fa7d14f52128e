"""Figure 03.A: the gradient of flow matching against that of its cheap stand-in.

On a finite data set the exact marginal velocity is known, so both losses can be had on
the same samples. Their gradients differ by noise only; their values differ by the
spread of the lines at one place, whatever the network.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from coursekit.datasets.toys import two_moons
from coursekit.experiments.summary import (
    Result,
    for_seeds,
    log_slope,
    over_seeds,
    prefixed,
)
from coursekit.lectures.l03_flow_matching.experiments.training import (
    points_again,
    train_flow,
)
from coursekit.theory.flow import conditional_path, marginal_velocity

SIZES = tuple(4**i for i in range(1, 10))  # 4 to 262,144 samples
CHUNK = 4096
STEPS = {"fresh": 0, "young": 100, "trained": 3000}  # of training


def losses(
    model: nn.Module, data: Tensor, n: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, float]:
    """L_FM and L_CFM on the same n samples, and the mean spread of the lines there.

    data: (N, 2). The spread is the mean square of (eps - x0) - u(xt, t).
    """
    x0 = data[torch.randint(len(data), (n,), generator=generator)]
    eps = torch.randn(x0.shape, generator=generator)
    t = torch.rand(n, generator=generator).clamp(min=1e-3)
    xt = conditional_path(x0, eps, t)
    wanted, line = marginal_velocity(xt, t, data), eps - x0
    answer = model(xt, t)
    fm, cfm = ((answer - wanted) ** 2).mean(), ((answer - line) ** 2).mean()
    return fm, cfm, float(((line - wanted) ** 2).mean())


def gradients(
    model: nn.Module, data: Tensor, n: int, seed: int
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Both gradients as vectors, and `fm`, `cfm`, `spread`: means over n samples."""
    generator = torch.Generator().manual_seed(seed)
    weights = list(model.parameters())
    total = torch.zeros(2, sum(w.numel() for w in weights), dtype=torch.float64)
    sums = dict.fromkeys(("fm", "cfm", "spread"), 0.0)
    done = 0
    while done < n:
        size = min(CHUNK, n - done)
        fm, cfm, spread = losses(model, data, size, generator)
        for row, loss in enumerate((fm, cfm)):
            parts = torch.autograd.grad(loss, weights, retain_graph=row == 0)
            flat = torch.cat([part.flatten() for part in parts]).double()
            total[row] += flat * size / n
        for name, value in (("fm", fm), ("cfm", cfm), ("spread", spread)):
            sums[name] += torch.as_tensor(value).item() * size / n
        done += size
    return total[0], total[1], sums


def compare(model: nn.Module, data: Tensor, seed: int, sizes: Sequence[int]) -> Result:
    """Cosine and relative error of the CFM gradient, for growing numbers of samples.

    `gap` and `spread` come from the largest number: the difference of the two losses,
    and the conditional variance that it should be.
    """
    cosine, error = [], []
    for n in sizes:
        wanted, cheap, sums = gradients(model, data, n, 1000 * seed + n % 997)
        cosine.append(float(torch.cosine_similarity(wanted, cheap, dim=0)))
        error.append(float((cheap - wanted).norm()))
    error = [each / float(wanted.norm()) for each in error]  # by the best estimate
    gap = sums["cfm"] - sums["fm"]
    return {"cosine": cosine, "error": error, "gap": gap, "spread": sums["spread"]}


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.A, for a `fresh`, a `young` (100 steps) and a `trained` network.

    Keys: `{net}_cosine`, `{net}_error`, lists over `sizes`, with _std; `{net}_gap`
    (L_CFM - L_FM) and `{net}_spread` with _std, _all; `slope`: of log error over log
    samples, all networks and seeds, with _std, _all (chance gives -1/2).
    """
    sizes = SIZES[:6] if quick else SIZES
    result: Result = {"sizes": list(sizes)}
    slopes, most = [], 300 if quick else 3000

    def one(steps: int, seed: int) -> Result:
        data = two_moons(200, torch.Generator().manual_seed(seed)).float()
        data = data + torch.tensor([1.0, 0.5])  # centred data has hardly a gradient
        draw = points_again(data)
        model = train_flow(draw, steps=steps, seed=seed, width=64, depth=2)
        found = compare(model, data, seed, sizes)
        slopes.append(log_slope(sizes, found["error"]))
        return found

    for name, steps in STEPS.items():
        result |= prefixed(name, for_seeds(one, seeds, min(steps, most)))
    return result | over_seeds("slope", slopes)
