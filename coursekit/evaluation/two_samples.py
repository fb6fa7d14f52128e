"""Can a network tell drawn pictures from real ones? A classifier two-sample test.

A small network is trained to tell two crowds apart and is asked about pictures that it
has not seen (Lopez-Paz & Oquab 2017). If both crowds follow one law, it can only guess.
What it finds need not be what people see.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from coursekit.datasets.images import to_model

Images = NDArray[np.uint8]
STEPS, BATCH, RATE = 200, 64, 2e-3


def auc(above: Tensor, below: Tensor) -> float:
    """How often a score of `above` beats one of `below`: the area under the ROC curve.

    Over all pairs of one score from each; a tie counts half. 1: all of `above` lie
    higher, 0.5: nothing told, 0: all lie lower. above: (N,), below: (M,), not empty;
    they need not be of equal length.
    """
    wins = (above[:, None] > below).double() + 0.5 * (above[:, None] == below).double()
    return float(wins.mean())


def probe() -> nn.Sequential:
    """Three convolutions, a mean over all places, one score."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(48, 48, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(48, 1),
    )


def told_apart(
    real: Images, drawn: Images, folds: int = 3, seed: int = 0, steps: int = STEPS
) -> list[float]:
    """`auc` of real over drawn pictures by a probe, for each fold that it never saw.

    Picture i of both crowds is in the same fold, so crowds of equal captions stay
    together. real, drawn: (N, H, W, 3) uint8, as many of both, `folds` or more of them.
    Raises ValueError otherwise.
    """
    if real.shape != drawn.shape or len(real) < folds:
        raise ValueError(f"crowds {real.shape}, {drawn.shape}: give equal ones")
    x = to_model(torch.from_numpy(np.concatenate([real, drawn])))
    fold = torch.arange(len(x)) % len(real) % folds
    truth = (torch.arange(len(x)) < len(real)).float()
    return [_one_fold(x, truth, fold == each, seed, steps) for each in range(folds)]


def _one_fold(x: Tensor, truth: Tensor, held: Tensor, seed: int, steps: int) -> float:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = probe()
    luck = torch.Generator().manual_seed(seed)
    seen = torch.nonzero(~held).flatten()
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps + 1)
    for _ in range(steps):
        batch = seen[torch.randint(len(seen), (BATCH,), generator=luck)]
        loss = binary_cross_entropy_with_logits(net(x[batch]).flatten(), truth[batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        scores = net(x[held]).flatten()
    real = truth[held] == 1
    return auc(scores[real], scores[~real])
