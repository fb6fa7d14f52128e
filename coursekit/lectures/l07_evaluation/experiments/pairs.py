"""Figure 07.D: one picture beside a changed one; a shift against blur."""

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.reader_data import blur
from coursekit.evaluation.picture_distances import psnr, seen_distance, ssim
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l07_evaluation.experiments.crowds import bears, grainy

SIGMAS = (0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
COUNT = 200
DISTANCES = ("psnr", "ssim", "seen")


def shifted(x: Tensor, pixels: int = 1) -> Tensor:
    """Pictures moved to the right; the first column fills the gap."""
    edge = x[..., :1].expand(*x.shape[:-1], pixels)
    return torch.cat([edge, x[..., :-pixels]], dim=-1)


def darker(x: Tensor, share: float) -> Tensor:
    """Pictures in model space with all light multiplied by a share."""
    return (x + 1) * share - 1


def distances(x: Tensor, y: Tensor) -> dict[str, float]:
    """The mean of each of DISTANCES over pairs of pictures in model space."""
    found = (
        psnr(x, y, 2),
        ssim(x / 2 + 0.5, y / 2 + 0.5, 1),
        seen_distance(x, y, "model"),
    )
    return {name: float(v.mean()) for name, v in zip(DISTANCES, found, strict=True)}


def _one(count: int, sigmas: tuple[float, ...], seed: int) -> Result:
    x, stir = bears(count, 9900 + seed), torch.Generator().manual_seed(seed)
    others = {
        "shift": shifted(x),
        "darker": darker(x, 0.85),
        "grain": grainy(x, 0.2, stir),
        "stranger": x.roll(1, 0),
    }
    row: Result = {}
    for name, other in others.items():
        row |= prefixed(name, distances(x, other))
    blurred = [distances(x, blur(x, sigma)) for sigma in sigmas]
    for name in DISTANCES:
        values = [found[name] for found in blurred]
        row[f"blur_{name}"] = values
        # the blur that costs as much as the shift; both lists must rise for interp
        sign = 1 if name == "seen" else -1
        levels = [sign * value for value in values]
        row[f"equal_{name}"] = float(
            np.interp(sign * row[f"shift_{name}"], levels, sigmas)
        )
    return row


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.D.

    Keys: `sigmas` of blur; lists over them `blur_psnr`, `blur_ssim`, `blur_seen`; the
    same of four other changes, as in `shift_ssim`; `equal_psnr` and so on, the sigma
    whose blur costs as much as a shift by one pixel. Means over `count` pictures, with
    the spread over seeds.
    """
    count, sigmas = (4, SIGMAS[::3]) if quick else (COUNT, SIGMAS)
    row = for_seeds(_one, seeds, count, sigmas)
    return {"count": count, "sigmas": list(sigmas), **row}
