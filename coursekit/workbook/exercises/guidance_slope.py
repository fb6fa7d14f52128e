"""Lecture 4, more of this class: 04.13 classifier_slope."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from coursekit.checks.spec import (
    BadResult,
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
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.workbook.exercises.latent_batch import draws

_HIDDEN, _CLASSES = 6, 4
Classifier = Callable[[Tensor, Tensor], Tensor]


class _Net:
    """logits = tanh(first x + t) second, and both matrices are learnt."""

    def __init__(self, inputs: Inputs) -> None:
        self.first = tensor(inputs["first"]).requires_grad_()
        self.second = tensor(inputs["second"]).requires_grad_()

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        time = t.to(xt.dtype)[:, None]
        return torch.tanh(xt.flatten(1) @ self.first + time) @ self.second


def _inputs(seed: int) -> Inputs:
    rng, inputs = draws(seed, "xt")
    xt = inputs["xt"]
    size = xt[0].size
    first = rng.standard_normal((size, _HIDDEN)) / np.sqrt(size)
    inputs["first"] = first.astype(xt.dtype)
    inputs["second"] = rng.standard_normal((_HIDDEN, _CLASSES)).astype(xt.dtype)
    inputs["t"] = rng.uniform(0.05, 0.95, len(xt)).astype(xt.dtype)
    return inputs | {"label": rng.integers(0, _CLASSES, len(xt))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    xt, t, label = (tensor(inputs[name]) for name in ("xt", "t", "label"))
    net = _Net(inputs)
    slope = fn(net, xt, t, label)
    found = array(slope)
    if xt.requires_grad:
        raise BadResult(
            "x_t itself asks for gradients now: work on a copy, xt.detach()"
        )
    left = [net.first.grad is not None, net.second.grad is not None]
    with torch.no_grad():
        quiet = fn(_Net(inputs), xt, t, label)
    return {
        "slope": found,
        "slope inside no_grad": array(quiet),
        "slopes that still record": np.asarray(float(slope.requires_grad)),
        "gradients left in the classifier": np.asarray(float(sum(left))),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    """The chain rule: second (1 - tanh^2) first, of the label minus the mean."""
    xt = inputs["xt"].astype(float).reshape(len(inputs["xt"]), -1)
    first, second = inputs["first"].astype(float), inputs["second"].astype(float)
    bent = np.tanh(xt @ first + column(inputs["t"], xt))
    logits = bent @ second
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    off = np.eye(_CLASSES)[inputs["label"]] - shares
    want = ((off @ second.T) * (1 - bent**2)) @ first.T
    return must_equal(
        outputs["slope"],
        want.reshape(inputs["xt"].shape),
        "not the gradient of each sample's own log p(label | x_t)",
    )


def _traces(inputs: Inputs, outputs: Outputs) -> str | None:
    if outputs["slopes that still record"] != 0:
        return "the result still records gradients: it is used as a number, so detach"
    if outputs["gradients left in the classifier"] != 0:
        return "the classifier's weights must be left without gradients"
    return None


def _slope(value: Function, read: Function | None = None) -> Function:
    """A version from the number whose gradient is taken, of logits and labels."""

    def classifier_slope(
        classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor
    ) -> Tensor:
        with torch.enable_grad():
            x = xt.detach().requires_grad_(True)
            number = value(classifier(x, t), label)
            (found,) = torch.autograd.grad(number, x)
        return found if read is None else read(found)

    return classifier_slope


def _own(logits: Tensor, label: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(1, label[:, None])


def _recording(classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor) -> Tensor:
    x = xt.detach().requires_grad_(True)
    (found,) = torch.autograd.grad(_own(classifier(x, t), label).sum(), x)
    return found


def _differentiable(
    classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor
) -> Tensor:
    with torch.enable_grad():
        x = xt.detach().requires_grad_(True)
        number = _own(classifier(x, t), label).sum()
        (found,) = torch.autograd.grad(number, x, create_graph=True)
    return found


def _backward(classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor) -> Tensor:
    with torch.enable_grad():
        x = xt.detach().clone().requires_grad_(True)
        _own(classifier(x, t), label).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    return x.grad


def _in_place(classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor) -> Tensor:
    with torch.enable_grad():
        xt.requires_grad_(True)
        (found,) = torch.autograd.grad(_own(classifier(xt, t), label).sum(), xt)
    return found


def _for_x_only(classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor) -> Tensor:
    """backward(), but for x alone; log p is minus the cross entropy."""
    x = torch.nn.Parameter(xt.clone())
    with torch.enable_grad():
        loss = cross_entropy(classifier(x, t), label, reduction="sum")
        loss.backward(inputs=[x])  # type: ignore[no-untyped-call]
    assert x.grad is not None
    return -x.grad


@torch.enable_grad()
def _alone(classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor) -> Tensor:
    """Sample by sample."""
    found = []
    for x, time, own in zip(xt, t, label, strict=True):
        leaf = x[None].clone().requires_grad_()
        logits = classifier(leaf, time[None])[0]
        log_p = logits[own] - torch.logsumexp(logits, 0)
        found.append(torch.autograd.grad(log_p, leaf)[0][0])
    return torch.stack(found)


CLASSIFIER_SLOPE = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("the chain rule", _by_hand), Oracle("traces", _traces)),
    mutants=(
        Mutant(
            "slope of the logit",
            _slope(lambda z, own: z.gather(1, own[:, None]).sum()),
            "this is the slope of the logit: log p also has the logarithm of the sum "
            "over all classes",
        ),
        Mutant(
            "slope of p",
            _slope(lambda z, own: _own(z, own).exp().sum()),
            "this is the slope of p, not of log p",
        ),
        Mutant(
            "averaged",
            _slope(lambda z, own: _own(z, own).mean()),
            "averaged over the batch, each slope is B times too small: add the samples "
            "up",
        ),
        Mutant(
            "slope of the loss",
            _slope(lambda z, own: cross_entropy(z, own, reduction="sum")),
            "the sign is flipped: cross entropy is minus log p, and its slope leads "
            "away from the class",
        ),
        Mutant(
            "slope of the mean loss",
            _slope(lambda z, own: cross_entropy(z, own)),
            "this is the slope of the usual loss: its sign is flipped, and it is "
            "averaged over the batch",
        ),
        Mutant(
            "the likeliest class",
            _slope(lambda z, own: z.log_softmax(-1).amax(-1).sum()),
            "this leads to the class the picture looks like already: take the label's",
        ),
        Mutant(
            "all classes",
            _slope(lambda z, own: z.log_softmax(-1).sum()),
            "all classes are added up: take the label's log p alone",
        ),
        Mutant(
            "softmax over the batch",
            _slope(
                lambda z, own: z.log_softmax(0).gather(1, own[:, None]).sum(),
            ),
            "the softmax runs over the batch: a sample's classes are in dim=-1",
        ),
        Mutant(
            "only the direction",
            _slope(lambda z, own: _own(z, own).sum(), torch.sign),
            "only the signs are left: how steep it is matters too",
        ),
        Mutant(
            "no enable_grad",
            _recording,
            "inside torch.no_grad(), where samplers live, nothing is recorded: open "
            "torch.enable_grad() around it",
        ),
        Mutant(
            "backward",
            _backward,
            "backward() leaves gradients in the classifier's weights: use "
            "torch.autograd.grad",
        ),
        Mutant(
            "still recording",
            _differentiable,
            "the result still records gradients, step after step: leave out "
            "create_graph, or detach it",
        ),
        Mutant(
            "in place",
            _in_place,
            "x_t itself asks for gradients now: work on a copy, xt.detach()",
        ),
    ),
    variants=(
        Variant("backward for x alone", _for_x_only),
        Variant("sample by sample", _alone),
    ),
)
