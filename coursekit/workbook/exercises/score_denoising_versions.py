"""Wrong and right versions of 02.5 dsm_loss."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.score import Field
from coursekit.workbook.exercises.score_batch import (
    BATCH_SUM,
    CUT,
    EACH,
    NUMBER,
)


def _loss(
    seen: Function | None = None,
    error: Function | None = None,
    reduce: Function | None = None,
) -> Function:
    """A version from what the score sees, its error and how that is reduced.

    seen: (x0, sigma, eps) -> x; error: (answer, x0, sigma, eps) -> like x; reduce:
    errors, (B, N) -> loss.
    """

    def dsm_loss(score: Field, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
        x = x0 + sigma * eps if seen is None else seen(x0, sigma, eps)
        answer = score(x)
        if error is None:
            off = answer + eps / sigma
        else:
            off = error(answer, x0, sigma, eps)
        off = off.flatten(1)
        value: Tensor = (off**2).sum(1).mean() if reduce is None else reduce(off)
        return value

    return dsm_loss


def _other_noise(answer: Tensor, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
    return answer + torch.randn_like(eps) / sigma


def _way_home(score: Field, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
    """The target as the slope of a Gaussian: (x0 - x) / sigma^2."""
    x = torch.add(x0, eps, alpha=sigma)
    target = (x0 - x) / sigma**2
    return torch.nn.functional.mse_loss(score(x), target) * x0[0].numel()


def _loop(score: Field, x0: Tensor, sigma: float, eps: Tensor) -> Tensor:
    losses = []
    for i in range(len(x0)):
        answer = score((x0[i] + sigma * eps[i])[None])[0]
        losses.append((sigma * answer + eps[i]).norm() ** 2 / sigma**2)
    return torch.stack(losses).mean()


MUTANTS = (
    Mutant(
        "sign",
        _loss(error=lambda s, x0, sigma, eps: s - eps / sigma),
        "the target has the wrong sign: noise leads away from x0, so the way back "
        "is -eps / sigma",
    ),
    Mutant(
        "noise as target",
        _loss(error=lambda s, x0, sigma, eps: s - eps),
        "the score is asked for the noise itself: its target is -eps / sigma",
    ),
    Mutant(
        "no sigma in the target",
        _loss(error=lambda s, x0, sigma, eps: s + eps),
        "sigma is missing in the target: the slope of the noise is -eps / sigma",
    ),
    Mutant(
        "variance in the target",
        _loss(error=lambda s, x0, sigma, eps: s + eps / sigma**2),
        "the target is -eps / sigma^2: divide by sigma once, for x0 - x already "
        "has one",
    ),
    Mutant(
        "the whole way",
        _loss(error=lambda s, x0, sigma, eps: s + sigma * eps),
        "the target is x0 - x, the way itself: the slope is that over sigma^2",
    ),
    Mutant(
        "data as target",
        _loss(error=lambda s, x0, sigma, eps: s - x0),
        "the score is asked for x0: its target is the direction -eps / sigma",
    ),
    Mutant(
        "clean data shown",
        _loss(seen=lambda x0, sigma, eps: x0),
        "the score is shown the clean x0: show it x0 + sigma * eps",
    ),
    Mutant(
        "noise not scaled",
        _loss(seen=lambda x0, sigma, eps: x0 + eps),
        "the noise is added at full size: it is sigma * eps",
    ),
    Mutant(
        "variance as size",
        _loss(seen=lambda x0, sigma, eps: x0 + sigma**2 * eps),
        "the noise is scaled with sigma^2: sigma is its standard deviation",
    ),
    Mutant(
        "noise taken away",
        _loss(seen=lambda x0, sigma, eps: x0 - sigma * eps),
        "the noise is subtracted from x0 but its target keeps the sign: add it",
    ),
    Mutant(
        "data shrunk",
        _loss(seen=lambda x0, sigma, eps: (1 - sigma**2) ** 0.5 * x0 + sigma * eps),
        "the data is scaled down, as in lecture 1: here noise is only added",
    ),
    Mutant(
        "other noise",
        _loss(error=_other_noise),
        "the target has another noise than the data: use the same eps twice",
    ),
    Mutant(
        "mean over entries",
        _loss(reduce=lambda off: (off**2).mean()),
        "the mean runs over all entries: add up those of a sample, average over "
        "the batch",
    ),
    Mutant("sum over the batch", _loss(reduce=lambda off: (off**2).sum()), BATCH_SUM),
    Mutant(
        "half",
        _loss(reduce=lambda off: (off**2).sum(1).mean() / 2),
        "there is a factor 1/2: here the loss is the squared error itself",
    ),
    Mutant(
        "weighted",
        lambda score, x0, sigma, eps: sigma**2 * _loss()(score, x0, sigma, eps),
        "it is weighted with sigma^2: that comes with several levels, here the "
        "weight is 1",
    ),
    Mutant(
        "no square",
        _loss(reduce=lambda off: off.norm(dim=1).mean()),
        "the length of the error is not squared",
    ),
    Mutant("one for each sample", _loss(reduce=lambda off: (off**2).sum(1)), EACH),
    Mutant("detached", _loss(reduce=lambda off: (off**2).sum(1).mean().detach()), CUT),
    Mutant("a number", _loss(reduce=lambda off: float((off**2).sum(1).mean())), NUMBER),
)

VARIANTS = (
    Variant("towards x0, with mse_loss", _way_home),
    Variant("sample by sample", _loop),
)
