"""Wrong and right versions of 02.2 divergence."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.score import Field, divergence


def _rows(
    pick: Callable[[Tensor, int], Tensor],
    begin: Callable[[Tensor], Tensor] = lambda x: x.detach().requires_grad_(),
    always: bool = True,
    unused: bool = True,
    last: int | None = None,
    **options: bool,
) -> Function:
    """A version that goes through the rows of the Jacobian.

    pick: (row i, i) -> what is added up; begin: x -> where slopes are taken; always:
    also under no_grad; unused: a row that ignores x is 0; last: rows are cut there;
    options: for torch.autograd.grad.
    """

    def found(field: Field, x: Tensor) -> Tensor:
        record = torch.is_grad_enabled()
        keep: dict[str, Any] = dict(options)
        keep = keep or {"create_graph": record, "retain_graph": True}
        with torch.set_grad_enabled(always or record):
            y = begin(x)
            value = field(y).flatten(1)
            total = x.new_zeros(len(x))
            for i in range(value.shape[1])[:last]:
                (row,) = torch.autograd.grad(
                    value[:, i].sum(), y, materialize_grads=unused, **keep
                )
                total = total + pick(row.flatten(1), i)
        return total

    return found


def _diagonal(row: Tensor, i: int) -> Tensor:
    return row[:, i]


def _changed(change: Callable[[Tensor, Tensor], Tensor]) -> Function:
    """A version that spoils the right result: (divergence, x) -> result."""
    return lambda field, x: change(divergence(field, x), x)


def _once(field: Field, x: Tensor) -> Tensor:
    """One backward pass: the gradient of the sum of all outputs."""
    record = torch.is_grad_enabled()
    with torch.enable_grad():
        y = x.detach().requires_grad_()
        (found,) = torch.autograd.grad(
            field(y).sum(), y, create_graph=record, materialize_grads=True
        )
    return found.flatten(1).sum(1)


def _by_jacobian(field: Field, x: Tensor) -> Tensor:
    """torch.func, sample by sample."""

    def alone(point: Tensor) -> Tensor:
        return field(point[None])[0].flatten()

    rows = []
    for point in x:
        jacobian = torch.func.jacrev(alone)(point)
        rows.append(jacobian.reshape(point.numel(), -1).diagonal().sum())
    return torch.stack(rows)


def _forward(field: Field, x: Tensor) -> Tensor:
    """Along each axis, forwards: no backward pass at all."""
    total = x.new_zeros(len(x))
    for i in range(x[0].numel()):
        axis = torch.zeros_like(x).flatten(1)
        axis[:, i] = 1
        slope = torch.func.jvp(field, (x,), (axis.reshape(x.shape),))[1]
        total = total + slope.flatten(1)[:, i]
    return total


def _axes(field: Field, x: Tensor) -> Tensor:
    """Vector-Jacobian products with the axes, and unused inputs by hand."""
    record = torch.is_grad_enabled()
    with torch.enable_grad():
        y = x.clone().detach().requires_grad_(True)
        value = field(y)
        parts = []
        for i in range(x[0].numel()):
            axis = torch.zeros_like(y).flatten(1)
            axis[:, i] = 1
            axis = axis.view_as(y)
            row = torch.autograd.grad(
                value,
                y,
                grad_outputs=axis,
                create_graph=True,
                retain_graph=True,
                allow_unused=True,
            )[0]
            row = torch.zeros_like(y) if row is None else row
            parts.append((row * axis).flatten(1).sum(1))
        total = torch.stack(parts).sum(0)
    return total if record else total.detach()


MUTANTS = (
    Mutant(
        "all at once",
        _once,
        "this is the gradient of the sum of all outputs, so every entry of the "
        "Jacobian counts: the divergence has only the diagonal, d field_i / d x_i",
    ),
    Mutant(
        "whole rows",
        _rows(lambda row, i: row.abs().sum(1)),
        "the absolute values of whole rows are added up: from row i take entry i, "
        "with its sign",
    ),
    Mutant(
        "first column",
        _rows(lambda row, i: row[:, 0]),
        "entry 0 of each row is taken: from row i take entry i",
    ),
    Mutant(
        "first dimension only",
        _rows(_diagonal, last=1),
        "only the first dimension counts: add d field_i / d x_i over all of them",
    ),
    Mutant(
        "last dimension missing",
        _rows(_diagonal, last=-1),
        "the last dimension is missing: range(n) runs over all of them, it ends at "
        "n - 1 itself",
    ),
    Mutant(
        "graph not kept",
        _rows(_diagonal, create_graph=False, retain_graph=True),
        "the slopes are plain numbers, so no gradient reaches the network: "
        "create_graph=True keeps the way back",
    ),
    Mutant(
        "graph freed",
        _rows(_diagonal, create_graph=False, retain_graph=False),
        "the graph is gone after the first dimension: create_graph=True, or at least "
        "retain_graph=True, keeps it for the next",
    ),
    Mutant(
        "x not recorded",
        _rows(_diagonal, begin=lambda x: x.detach()),
        "nothing records what happens to x: call x.detach().requires_grad_() before "
        "the field",
    ),
    Mutant(
        "no zero row",
        _rows(_diagonal, unused=False),
        "a field that ignores x is an error: its rows are 0, so ask autograd for "
        "materialize_grads=True",
    ),
    Mutant(
        "not under no_grad",
        _rows(_diagonal, always=False),
        "under torch.no_grad() it fails: it needs slopes even there, so compute them "
        "inside torch.enable_grad()",
    ),
    Mutant(
        "records under no_grad",
        _rows(_diagonal, create_graph=True, retain_graph=True),
        "under torch.no_grad() it records all the same: create_graph only where "
        "torch.is_grad_enabled()",
    ),
    Mutant(
        "mean over dimensions",
        _changed(lambda found, x: found / x[0].numel()),
        "the slopes are averaged over the dimensions: the trace is their sum",
    ),
    Mutant(
        "added over the batch",
        _changed(lambda found, x: found.sum()),
        "the samples are added up: return one divergence for each, of shape (B,)",
    ),
    Mutant(
        "averaged over the batch",
        _changed(lambda found, x: found.mean().expand(len(x))),
        "every sample gets the mean of the batch: each has a divergence of its own",
    ),
    Mutant(
        "a column",
        _changed(lambda found, x: found[:, None]),
        "the shape is (B, 1): one number for each sample has the shape (B,)",
    ),
    Mutant(
        "sign",
        _changed(lambda found, x: -found),
        "the sign is flipped: where a field flows out of a point, it is positive",
    ),
    Mutant(
        "size only",
        _changed(lambda found, x: found.abs()),
        "its sign is lost: into a point is below 0, out of it above",
    ),
)

VARIANTS = (
    Variant("the diagonal of jacrev", _by_jacobian),
    Variant("forward mode along the axes", _forward),
    Variant("products with the axes", _axes),
)
