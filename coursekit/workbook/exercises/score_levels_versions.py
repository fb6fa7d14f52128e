"""Wrong and right versions of 02.6 ncsn_loss."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.paths import expand_as
from coursekit.theory.score import NoisyField
from coursekit.workbook.exercises.score_batch import (
    BATCH_SUM,
    CUT,
    EACH,
    NUMBER,
)


def _loss(
    level: Function | None = None,
    seen: Function | None = None,
    told: Function | None = None,
    error: Function | None = None,
    weight: Function | None = None,
    reduce: Function | None = None,
) -> Function:
    """A version of ncsn_loss from its choices.

    level: sigma -> the one that is used throughout; seen: (x0, level, eps) -> x;
    told: (sigma, its column) -> what the network is told; error: (answer, level, eps)
    -> like x; weight: sigma -> (B,); reduce: the weighted squares, (B, N) -> loss.
    `level` is a column in `seen` and `error`.
    """

    def ncsn_loss(score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
        sigma = sigma if level is None else level(sigma)
        spread = expand_as(sigma, x0)
        x = x0 + spread * eps if seen is None else seen(x0, spread, eps)
        answer = score(x, sigma if told is None else told(sigma, spread))
        off = answer + eps / spread if error is None else error(answer, spread, eps)
        factor = sigma**2 if weight is None else weight(sigma)
        squares = factor[:, None] * (off**2).flatten(1)
        found: Tensor = squares.sum(1).mean() if reduce is None else reduce(squares)
        return found

    return ncsn_loss


def _unshaped(score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
    off = score(x0 + sigma * eps, sigma) + eps / sigma
    return (sigma**2 * (off**2).flatten(1).sum(1)).mean()


def _weight_of_means(
    score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    """Two means multiplied, instead of the mean of products."""
    spread = expand_as(sigma, x0)
    off = score(x0 + spread * eps, sigma) + eps / spread
    return (sigma**2).mean() * (off**2).flatten(1).sum(1).mean()


def _multiplied_in(score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
    """The weight inside the square: |sigma * score + eps|^2."""
    spread = sigma[(...,) + (None,) * (x0.ndim - 1)]
    off = torch.addcmul(eps, spread, score(torch.addcmul(x0, spread, eps), sigma))
    lengths: Tensor = off.flatten(1).norm(dim=1)
    return lengths.square().mean()


def _sample_by_sample(
    score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor
) -> Tensor:
    losses = []
    for row, level, noise in zip(x0, sigma, eps, strict=True):
        x = row + level * noise
        off = score(x[None], level[None])[0] - (row - x) / level**2
        losses.append(level**2 * (off**2).sum())
    return torch.stack(losses).mean()


def _as_noise(score: NoisyField, x0: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
    """Lecture 1's loss for the noise prediction -sigma * score."""
    spread = sigma.view(-1, *[1] * (x0.ndim - 1))
    guess = -spread * score(x0 + spread * eps, sigma)
    return torch.nn.functional.mse_loss(guess, eps) * x0[0].numel()


MUTANTS = (
    Mutant(
        "no weight",
        _loss(weight=torch.ones_like),
        "the weight sigma^2 is missing: the smallest noise outshouts all the others",
    ),
    Mutant(
        "weight sigma",
        _loss(weight=lambda sigma: sigma),
        "the weight is sigma: the square of a target -eps / sigma needs sigma^2",
    ),
    Mutant(
        "weight turned over",
        _loss(weight=lambda sigma: sigma**-2),
        "the weight is 1 / sigma^2: small noise has large targets, so its weight is "
        "small",
    ),
    Mutant(
        "weight to the fourth",
        _loss(weight=lambda sigma: sigma**4),
        "the weight is squared twice: sigma^2 outside the square, or sigma inside it",
    ),
    Mutant(
        "weight of the mean",
        _weight_of_means,
        "weights and errors are averaged apart: weight each sample, then average",
    ),
    Mutant(
        "not reshaped",
        _unshaped,
        "sigma has shape (B,) and does not line up with eps: `expand_as(sigma, eps)` "
        "gives it the shape (B, 1, ..., 1)",
    ),
    Mutant(
        "one sigma for all",
        _loss(level=lambda sigma: sigma[:1].expand_as(sigma)),
        "all samples have the sigma of the first: each has its own",
    ),
    Mutant(
        "mean sigma for all",
        _loss(level=lambda sigma: sigma.mean().expand_as(sigma)),
        "all samples have the mean sigma: each has its own",
    ),
    Mutant(
        "told the logarithm",
        _loss(told=lambda sigma, column: sigma.log()),
        "the network is told log sigma: tell it sigma, what it does with it is its "
        "own affair",
    ),
    Mutant(
        "told the variance",
        _loss(told=lambda sigma, column: sigma**2),
        "the network is told sigma^2: tell it sigma",
    ),
    Mutant(
        "told nothing",
        _loss(told=lambda sigma, column: 0 * sigma),
        "the network is told 0: tell it each sample's sigma",
    ),
    Mutant(
        "told a mean",
        _loss(told=lambda sigma, column: sigma.mean().expand_as(sigma)),
        "the network is told the mean sigma of the batch: each sample has its own",
    ),
    Mutant(
        "told a column",
        _loss(told=lambda sigma, column: column),
        "the network is told sigma as a column of shape (B, 1, ..., 1): tell it sigma "
        "itself, of shape (B,)",
    ),
    Mutant(
        "clean data shown",
        _loss(seen=lambda x0, level, eps: x0),
        "the network is shown the clean x0: show it x0 + sigma * eps",
    ),
    Mutant(
        "noise not scaled",
        _loss(seen=lambda x0, level, eps: x0 + eps),
        "the noise is added at full size: it is sigma * eps",
    ),
    Mutant(
        "data shrunk",
        _loss(seen=lambda x0, level, eps: (x0 + level * eps) / (1 + level**2).sqrt()),
        "the noised data is scaled to unit variance: here noise is only added",
    ),
    Mutant(
        "sign",
        _loss(error=lambda s, level, eps: s - eps / level),
        "the target has the wrong sign: noise leads away from x0, so the way back is "
        "-eps / sigma",
    ),
    Mutant(
        "no sigma in the target",
        _loss(error=lambda s, level, eps: s + eps),
        "sigma is missing in the target: the slope of the noise is -eps / sigma",
    ),
    Mutant(
        "half multiplied in",
        _loss(error=lambda s, level, eps: s + eps, weight=torch.ones_like),
        "sigma is multiplied into the target only: |sigma * score + eps|^2 has it at "
        "the score, too",
    ),
    Mutant(
        "half",
        _loss(reduce=lambda squares: squares.sum(1).mean() / 2),
        "there is a factor 1/2, as in the paper: here there is none",
    ),
    Mutant(
        "mean over entries",
        _loss(reduce=lambda squares: squares.mean()),
        "the mean runs over all entries: add up those of a sample, average over the "
        "batch",
    ),
    Mutant("sum over the batch", _loss(reduce=lambda each: each.sum()), BATCH_SUM),
    Mutant("one for each sample", _loss(reduce=lambda each: each.sum(1)), EACH),
    Mutant("detached", _loss(reduce=lambda each: each.sum(1).mean().detach()), CUT),
    Mutant("a number", _loss(reduce=lambda each: float(each.sum(1).mean())), NUMBER),
)

VARIANTS = (
    Variant("the weight multiplied in", _multiplied_in),
    Variant("sample by sample", _sample_by_sample),
    Variant("as noise prediction", _as_noise),
)
