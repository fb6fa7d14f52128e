"""Wrong and right versions of 02.4 ssm_loss."""

from typing import Any

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.score import Field, ism_loss
from coursekit.workbook.exercises.score_batch import (
    BATCH_SUM,
    CUT,
    EACH,
    NUMBER,
)


def _loss(
    direction: Function | None = None,
    line: Function | None = None,
    size: Function | None = None,
    combine: Function | None = None,
    reduce: Function | None = None,
    begin: Function | None = None,
    **options: bool,
) -> Function:
    """A version of ssm_loss from its choices, all on flat samples, (B, N).

    direction: v -> v; line: (J^T v, v) -> (B,); size: (score, v) -> (B,), with its
    factor; combine: those two -> (B,); reduce: (B,) -> loss; begin: x -> where slopes
    are taken; options: for torch.autograd.grad.
    """

    def ssm_loss(score: Field, x: Tensor, v: Tensor) -> Tensor:
        y = x.detach().requires_grad_() if begin is None else begin(x)
        value = score(y)
        along = v if direction is None else direction(v)
        keep: dict[str, Any] = options or {"create_graph": True}
        (pulled,) = torch.autograd.grad((value * along).sum(), y, **keep)
        pulled, s, along = pulled.flatten(1), value.flatten(1), along.flatten(1)
        flow = (pulled * along).sum(1) if line is None else line(pulled, along)
        half = (s**2).sum(1) / 2 if size is None else size(s, along)
        each = flow + half if combine is None else combine(flow, half)
        found: Tensor = each.mean() if reduce is None else reduce(each)
        return found

    return ssm_loss


def _recorded_late(score: Field, x: Tensor, v: Tensor) -> Tensor:
    value = score(x)
    y = x.detach().requires_grad_()
    (pulled,) = torch.autograd.grad((value * v).sum(), y, create_graph=True)
    return ((pulled * v).flatten(1).sum(1) + (value**2).flatten(1).sum(1) / 2).mean()


def _forward(score: Field, x: Tensor, v: Tensor) -> Tensor:
    """J v itself, forwards: one pass for the score and its slope along v."""
    value, slope = torch.func.jvp(score, (x,), (v,))[:2]
    flow: Tensor = torch.linalg.vecdot(v.flatten(1), slope.flatten(1))
    size: Tensor = value.flatten(1).square().sum(1)
    return (flow + size / 2).mean()


def _pullback(score: Field, x: Tensor, v: Tensor) -> Tensor:
    """torch.func's vjp, and each term averaged on its own."""
    value, pull = torch.func.vjp(score, x)[:2]
    pulled: Tensor = pull(v)[0]
    size: Tensor = value.flatten(1).norm(dim=1) ** 2
    return torch.sum(v * pulled) / len(x) + 0.5 * size.mean()


def _sample_by_sample(score: Field, x: Tensor, v: Tensor) -> Tensor:
    total = x.new_zeros(())
    for point, line in zip(x, v, strict=True):
        y = point[None].clone().requires_grad_(True)
        answer = score(y)[0].flatten()
        slope = torch.autograd.grad(answer @ line.flatten(), y, create_graph=True)[0]
        total = total + slope.flatten() @ line.flatten() + answer @ answer / 2
    return total / len(x)


MUTANTS = (
    Mutant(
        "no second v",
        _loss(line=lambda pulled, v: pulled.sum(1)),
        "the entries of J^T v are added up: take the product with v once more",
    ),
    Mutant(
        "no first v",
        _loss(
            direction=torch.ones_like,
            line=lambda pulled, v: pulled.sum(1),
        ),
        "v is not used at all: it goes in twice, as v . J v",
    ),
    Mutant(
        "length of J^T v",
        _loss(line=lambda pulled, v: (pulled**2).sum(1)),
        "this is |J^T v|^2: the product is with v, not with itself",
    ),
    Mutant(
        "v of length 1",
        _loss(
            direction=lambda v: (
                (v.flatten(1) / v.flatten(1).norm(dim=1)[:, None])
                .reshape(v.shape)
                .to(v.dtype)
            )
        ),
        "v is scaled to length 1: its entries need variance 1, or the trace comes out "
        "divided by the dimension",
    ),
    Mutant(
        "one v for all",
        _loss(direction=lambda v: v[:1].expand_as(v)),
        "all samples look along the first one's v: each has its own",
    ),
    Mutant(
        "a v of its own",
        _loss(direction=torch.randn_like),
        "v is drawn afresh inside: use the one that is handed in",
    ),
    Mutant(
        "size along v",
        _loss(size=lambda s, v: (s * v).sum(1) ** 2 / 2),
        "the size is (v . score)^2 / 2, as in the version before variance reduction: "
        "here it is |score|^2 / 2",
    ),
    Mutant(
        "half on v J v",
        _loss(combine=lambda flow, half: flow / 2 + 2 * half),
        "the factor 1/2 is on v . J v: it belongs to |score|^2",
    ),
    Mutant(
        "no half",
        _loss(combine=lambda flow, half: flow + 2 * half),
        "the factor 1/2 of |score|^2 is missing",
    ),
    Mutant(
        "minus",
        _loss(combine=lambda flow, half: half - flow),
        "v . J v is subtracted: it stands for the divergence, and low is good",
    ),
    Mutant(
        "no size",
        _loss(combine=lambda flow, half: flow),
        "|score|^2 / 2 is missing: v . J v alone has no lower limit",
    ),
    Mutant(
        "mean over entries",
        _loss(size=lambda s, v: (s**2).mean(1) / 2),
        "the squares are averaged over the entries of a sample: add them up, as "
        "v . J v does",
    ),
    Mutant(
        "exact trace",
        lambda score, x, v: ism_loss(score, x),
        "this is the exact divergence, one backward pass per dimension: one along v "
        "will do",
    ),
    Mutant(
        "graph not kept",
        _loss(retain_graph=True, create_graph=False),
        "no gradient comes from v . J v: create_graph=True makes it more than a plain "
        "number",
    ),
    Mutant(
        "graph freed",
        _loss(create_graph=False),
        "the graph is used up when the gradient of the loss is taken: "
        "create_graph=True keeps it",
    ),
    Mutant(
        "x not recorded",
        _loss(begin=lambda x: x.detach()),
        "nothing records what happens to x: call x.detach().requires_grad_() before "
        "the score",
    ),
    Mutant(
        "x recorded late",
        _recorded_late,
        "x is recorded only after the score has seen it: requires_grad_() comes first",
    ),
    Mutant("sum over the batch", _loss(reduce=lambda each: each.sum()), BATCH_SUM),
    Mutant("one for each sample", _loss(reduce=lambda each: each), EACH),
    Mutant("detached", _loss(reduce=lambda each: each.mean().detach()), CUT),
    Mutant("a number", _loss(reduce=lambda each: float(each.mean())), NUMBER),
)

VARIANTS = (
    Variant("jvp, forwards", _forward),
    Variant("vjp of torch.func", _pullback),
    Variant("sample by sample", _sample_by_sample),
)
