"""Lecture 2, a loss without the true score: 02.3 ism_loss."""

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    Array,
    array,
    equals,
    must_equal,
    tensor,
)
from coursekit.theory.score import Field, divergence
from coursekit.workbook.exercises.score_batch import (
    BATCH_SUM,
    CUT,
    EACH,
    NUMBER,
    Net,
    bent,
    bent_divergence,
    flat,
    linear,
    score_batch,
    turn,
)


def _inputs(seed: int) -> Inputs:
    """Besides the batch a `cloud` of mean 0 and covariance 1, exactly."""
    rng, inputs = score_batch(seed, "x")
    cloud = rng.standard_normal((9, 2))
    cloud -= cloud.mean(0)
    root = np.linalg.cholesky(cloud.T @ cloud / 9)
    inputs["cloud"] = np.linalg.solve(root, cloud.T).T.copy()
    inputs["guess"] = rng.standard_normal((2, 2)) - np.eye(2)
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    def cloud() -> Tensor:
        return tensor(inputs["cloud"])

    net, turning = Net(inputs), linear(turn(inputs["matrix"]))
    loss = fn(net, tensor(inputs["x"]))
    return {
        "loss": array(loss, scalar=True),
        "gradient": net.slope(loss),
        "loss of a score that turns": array(fn(turning, tensor(inputs["x"]))),
        "loss of a guess": array(fn(linear(inputs["guess"]), cloud())),
        "loss of the true score": array(fn(lambda x: -x, cloud())),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    flows, weight = bent_divergence(inputs, inputs["x"]), inputs["weight"]
    size = (bent(inputs, inputs["x"]) ** 2).sum(1)
    want = np.mean(weight * flows + weight**2 * size / 2)
    return must_equal(
        outputs["loss"], want, "for a score weight * tanh(A x) it is not the known one"
    ) or must_equal(
        outputs["gradient"],
        np.mean(flows + weight * size),
        "the gradient that reaches the network's weight is wrong",
    )


def _turning(inputs: Inputs) -> Array:
    score = flat(inputs["x"]) @ turn(inputs["matrix"].astype(float)).T
    found: Array = np.mean((score**2).sum(1) / 2)
    return np.asarray(found)


def _explicit(inputs: Inputs, outputs: Outputs) -> str | None:
    """Hyvarinen's identity: exact here, as the score is linear and moments are."""
    x = inputs["cloud"]
    error = np.mean(((x @ inputs["guess"].T + x) ** 2).sum(1)) / 2
    return must_equal(
        outputs["loss of a guess"] - outputs["loss of the true score"],
        np.asarray(error),
        "for standard normal data it must exceed the loss of the true score -x by "
        "half the squared error",
    )


def _loss(parts: Function) -> Function:
    """A version from (divergence, score), (B,) and (B, N), before the batch's mean."""

    def ism_loss(score: Field, x: Tensor) -> Tensor:
        found: Tensor = parts(divergence(score, x), score(x).flatten(1))
        return found.mean()

    return ism_loss


def _after(change: Function) -> Function:
    """A version that reduces the samples' losses, (B,), in its own way."""

    def ism_loss(score: Field, x: Tensor) -> Tensor:
        size = (score(x) ** 2).flatten(1).sum(1)
        found: Tensor = change(divergence(score, x) + size / 2)
        return found

    return ism_loss


def _all_entries(score: Field, x: Tensor) -> Tensor:
    y = x.detach().requires_grad_()
    value = score(y)
    (slopes,) = torch.autograd.grad(value.sum(), y, create_graph=True)
    return (slopes.flatten(1).sum(1) + (value**2).flatten(1).sum(1) / 2).mean()


def _half_on_flow(flow: Tensor, s: Tensor) -> Tensor:
    return flow / 2 + (s**2).sum(1)


def _jacobians(score: Field, x: Tensor) -> Tensor:
    """Its own trace, by torch.func, and norms."""

    def alone(point: Tensor) -> Tensor:
        return score(point[None])[0].flatten()

    total = x.new_zeros(())
    for point in x:
        rows = torch.func.jacrev(alone)(point).reshape(point.numel(), -1)
        total = total + rows.trace() + 0.5 * alone(point).norm() ** 2
    return total / len(x)


def _two_means(score: Field, x: Tensor) -> Tensor:
    value = score(x).flatten(1)
    size: Tensor = torch.linalg.vecdot(value, value).mean()
    return divergence(score, x).mean() + size / 2


ISM_LOSS = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("explicit score matching but for a constant", _explicit),
        equals(
            "a score that turns",
            "loss of a score that turns",
            _turning,
            "a score that only turns has divergence 0: its loss must be the mean of "
            "|score|^2 / 2",
        ),
        Oracle("a score that bends", _by_hand),
    ),
    mutants=(
        Mutant(
            "half on the divergence",
            _loss(_half_on_flow),
            "the factor 1/2 is on the divergence: it belongs to |score|^2",
        ),
        Mutant(
            "no half",
            _loss(lambda flow, s: flow + (s**2).sum(1)),
            "the factor 1/2 of |score|^2 is missing",
        ),
        Mutant(
            "half of all",
            _loss(lambda flow, s: flow / 2 + (s**2).sum(1) / 2),
            "both terms are halved: only |score|^2 is",
        ),
        Mutant(
            "minus the divergence",
            _loss(lambda flow, s: (s**2).sum(1) / 2 - flow),
            "the divergence is subtracted: at a data point the field should flow in, "
            "so a low divergence is good",
        ),
        Mutant(
            "minus the size",
            _loss(lambda flow, s: flow - (s**2).sum(1) / 2),
            "|score|^2 is subtracted: it is added, or the score grows without end",
        ),
        Mutant(
            "no divergence",
            _loss(lambda flow, s: (s**2).sum(1) / 2),
            "the divergence is missing: the best answer would be 0 everywhere",
        ),
        Mutant(
            "no size",
            _loss(lambda flow, s: flow),
            "|score|^2 / 2 is missing: the divergence alone has no lower limit",
        ),
        Mutant(
            "mean over entries",
            _loss(lambda flow, s: flow + (s**2).mean(1) / 2),
            "the squares are averaged over the entries of a sample: add them up, as "
            "the divergence does",
        ),
        Mutant(
            "no square",
            _loss(lambda flow, s: flow + s.norm(dim=1) / 2),
            "|score| is not squared",
        ),
        Mutant(
            "sum, then square",
            _loss(lambda flow, s: flow + s.sum(1) ** 2 / 2),
            "the entries are added up before they are squared: square each first",
        ),
        Mutant(
            "squares of all samples",
            _loss(lambda flow, s: flow + (s**2).sum() / 2),
            "the squares of all samples are added up: |score|^2 is one number for each",
        ),
        Mutant(
            "all entries",
            _all_entries,
            "every entry of the Jacobian counts: the divergence has its diagonal only",
        ),
        Mutant(
            "divergence cut off",
            _loss(lambda flow, s: flow.detach() + (s**2).sum(1) / 2),
            "no gradient comes from the divergence: without create_graph=True, or "
            "under no_grad, it is a plain number",
        ),
        Mutant(
            "never negative",
            _after(lambda each: each.mean().abs()),
            "its sign is lost: this loss may be negative, and lower is better still",
        ),
        Mutant("sum over the batch", _after(lambda each: each.sum()), BATCH_SUM),
        Mutant("one for each sample", _after(lambda each: each), EACH),
        Mutant("detached", _after(lambda each: each.mean().detach()), CUT),
        Mutant("a number", _after(lambda each: float(each.mean())), NUMBER),
    ),
    variants=(
        Variant("the trace of jacrev", _jacobians),
        Variant("two means", _two_means),
    ),
)
