"""A teddy in a scanner that measures few rows of its transform, and a prior."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.reader import read
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.evaluation.picture_distances import psnr
from coursekit.experiments.summary import Result, for_seeds, mean, prefixed
from coursekit.theory.inverse_problems import adjoint, measure, measured, sampled_rows
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import ddim_path, time_grid
from coursekit.training.pretrained import load_model

SEED, COUNT, DRAWS, STEPS = 8_200_000, 24, 6, 24
NOISE = 0.02  # of the scanner; pictures go from -1 to 1
SPREAD = 0.55  # the standard deviation of the teddy world's pixels
SETTINGS = ((4, 4), (2, 2), (1, 1))  # low rows and pairs of higher ones, see below
READ = ("hat", "glasses", "pose")


def scanned(x0: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """What the scanner measures of pictures: some rows, and a little noise."""
    noise = torch.randn(x0.shape, generator=generator)
    return measure(x0 + NOISE * noise, rows)


@torch.no_grad()
def reconstructed(
    model: nn.Module, y: Tensor, rows: Tensor, draws: int, seed: int
) -> Tensor:
    """Pictures that agree with each measurement, (draws, B, C, H, W).

    model: a flow on the straight path; every step takes fresh noise (DDIM, eta = 1).
    """
    told = y.repeat(draws, 1, 1, 1)
    path, generator = LinearPath(), torch.Generator().manual_seed(seed)
    predict = measured(denoiser(model, path, "velocity"), told, rows, NOISE, SPREAD)
    shape = (*told.shape[:2], len(rows), told.shape[-1])
    start = torch.randn(shape, generator=generator)
    *_, x0 = ddim_path(predict, start, time_grid(STEPS), path, 1.0, generator)
    return x0.reshape(draws, len(y), *shape[1:])


def _decibels(x: Tensor, x0: Tensor) -> float:
    return float(psnr(x.clamp(-1, 1), x0, 2.0).mean())


def _misread(x: Tensor, truth: Sequence[object]) -> Result:
    """Shares of pictures in which a reader finds another word than in the truth."""
    found = read(x.clamp(-1, 1), "second")
    both = list(zip(found, truth, strict=True))
    return {
        name: mean([float(getattr(a, name) != getattr(b, name)) for a, b in both])
        for name in READ
    }


def one(quick: bool, low: int, pairs: int, seed: int) -> Result:
    """One setting of the scanner, one seed of its rows, noise and patients."""
    count, draws = (2, 2) if quick else (COUNT, DRAWS)
    x0 = to_model(render(list(islice(scenes(SEED + 1000 * seed, "test"), count))))
    rows = sampled_rows(x0.shape[-1], low, pairs, seed)
    y = scanned(x0, rows, torch.Generator().manual_seed(seed))
    drawn = reconstructed(load_model("teddy-flow", clip=False), y, rows, draws, seed)
    zero, middle = adjoint(y, rows), drawn.mean(dim=0)
    var = drawn.var(dim=0)
    off, spread = ((drawn - x0) ** 2).mean().sqrt(), var.mean().sqrt()
    hidden = measure(drawn, ~rows).var(dim=0).sum() / var.sum()
    truth = read(x0, "second")
    found: Result = {
        "zero_db": _decibels(zero, x0),
        "one_db": mean([_decibels(each, x0) for each in drawn]),
        "mean_db": _decibels(middle, x0),
        "ratio": float(off / (2**0.5 * spread)),
        "hidden": float(hidden),
    }
    found |= prefixed("zero", _misread(zero, truth))
    return found | prefixed("one", _misread(drawn.flatten(0, 1), truth * draws))


def measure_scans(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08c.E: decibels, error bars, and words that the scan invents.

    Keys: `rows`, how many of 32 each of three scanners measures; `pictures`, `draws`;
    and for each, `rows_{n}_` with: `zero_db`, `one_db`, `mean_db`, decibels of the
    zero-filled picture, of one draw, and of the mean of the draws; `ratio`: the error
    of one draw over the one that the spread of the draws promises, 1 where error bars
    are right; `hidden`: the share of the draws' variance in rows that were not
    measured; `zero_{word}` and `one_{word}` for hat, glasses, pose: shares in which a
    reader finds another word than in the true picture.
    """
    some, settings = (seeds[:1], SETTINGS[1:2]) if quick else (seeds, SETTINGS)
    counts = [2 * (low + pairs) + 1 for low, pairs in settings]
    result: Result = {"rows": counts, "pictures": COUNT, "draws": DRAWS}
    for count, (low, pairs) in zip(counts, settings, strict=True):
        seeded = for_seeds(partial(one, quick, low, pairs), some)
        result |= prefixed(f"rows_{count}", seeded)
    return result
