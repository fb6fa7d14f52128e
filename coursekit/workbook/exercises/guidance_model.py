"""Lecture 4, guidance without a classifier: 04.16 classifier_free."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

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
    Array,
    array,
    column,
    must_equal,
    tensor,
)
from coursekit.theory.guidance import guided
from coursekit.theory.prediction import AnyModel
from coursekit.workbook.exercises.flow_batch import flow_batch

_WIDTH = 4


class _Model:
    """y = tanh(xt) (1 + t) + sin(sum of cond) xt; it remembers how it was asked."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, xt: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        self.sizes.append(len(xt))
        if not len(xt) == len(t) == len(cond):
            raise BadResult(
                "x_t, t and cond must have one row for each sample: double all three"
            )
        ones = [1] * (xt.ndim - 1)
        time = t.to(xt.dtype).reshape(-1, *ones)
        said = torch.sin(cond.to(xt.dtype).sum(-1)).reshape(-1, *ones)
        return torch.tanh(xt) * (1 + time) + said * xt


def _inputs(seed: int) -> Inputs:
    rng, inputs = flow_batch(seed, "xt")
    inputs["cond"] = rng.standard_normal((len(inputs["xt"]), _WIDTH))
    inputs["null"] = rng.standard_normal(_WIDTH)
    return inputs | {"scale": float(rng.uniform(1.5, 6.0))}


def _ask(make: Any, model: _Model, inputs: Inputs, scale: float) -> Array:
    """The guided model's answer."""
    cond, null = tensor(inputs["cond"]), tensor(inputs["null"])
    asked = make(model, cond, null, scale)
    if isinstance(asked, Tensor) or not callable(asked):
        raise BadResult("it must return a function of x_t and t, and the answer later")
    return array(asked(tensor(inputs["xt"]), tensor(inputs["t"])))


def _call(fn: Function, inputs: Inputs) -> Outputs:
    both, one, none = _Model(), _Model(), _Model()
    return {
        "guided": _ask(fn, both, inputs, inputs["scale"]),
        "guided at scale 1": _ask(fn, one, inputs, 1.0),
        "guided at scale 0": _ask(fn, none, inputs, 0.0),
        "batches": np.asarray(both.sizes, float),
        "batches at scale 1": np.asarray(one.sizes, float),
    }


def _answers(inputs: Inputs) -> list[Array]:
    """What the model says with the condition and without, by hand."""
    xt, found = inputs["xt"].astype(float), []
    rows = len(xt)
    for cond in (inputs["cond"], np.tile(inputs["null"], (rows, 1))):
        said = column(np.sin(cond.sum(axis=1)), xt)
        found.append(np.tanh(xt) * (1 + column(inputs["t"], xt)) + said * xt)
    return found


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    cond, null = _answers(inputs)
    for name, scale in (
        ("guided", inputs["scale"]),
        ("guided at scale 1", 1.0),
        ("guided at scale 0", 0.0),
    ):
        said = must_equal(
            outputs[name],
            null + scale * (cond - null),
            f"{name}: not the two answers, guided",
        )
        if said is not None:
            return said
    return None


def _economy(inputs: Inputs, outputs: Outputs) -> str | None:
    count = len(inputs["xt"])
    if outputs["batches"].tolist() != [2 * count]:
        return "the model must be asked once, with a batch of 2 B"
    if outputs["batches at scale 1"].tolist() != [count]:
        return "at scale 1 the model must be asked once, with a batch of B"
    return None


def _version(
    mix: Function = guided, times: Function | None = None, saving: bool = True
) -> Function:
    """A version from the way to mix both answers.

    times: doubles t; saving: ask only one question at scale 1.
    """

    def classifier_free(
        model: AnyModel, cond: Tensor, null: Tensor, scale: float
    ) -> AnyModel:
        def ask(xt: Tensor, t: Tensor) -> Tensor:
            if scale == 1 and saving:
                return model(xt, t, cond)
            both = torch.cat([cond, null.expand_as(cond)])
            twice = torch.cat([t, t]) if times is None else times(t)
            told, without = model(torch.cat([xt, xt]), twice, both).chunk(2)
            found: Tensor = mix(told, without, scale)
            return found

        return ask

    return classifier_free


def _two_calls(model: AnyModel, cond: Tensor, null: Tensor, scale: float) -> AnyModel:
    def ask(xt: Tensor, t: Tensor) -> Tensor:
        told = model(xt, t, cond)
        if scale == 1:
            return told
        return guided(told, model(xt, t, null.expand_as(cond)), scale)

    return ask


def _at_once(model: AnyModel, cond: Tensor, null: Tensor, scale: float) -> Tensor:
    return guided(cond, null.expand_as(cond), scale)


def _mixed_conditions(
    model: AnyModel, cond: Tensor, null: Tensor, scale: float
) -> AnyModel:
    """Guides the condition, not the answer."""

    def ask(xt: Tensor, t: Tensor) -> Tensor:
        return model(xt, t, guided(cond, null, scale))

    return ask


def _null_first(model: AnyModel, cond: Tensor, null: Tensor, scale: float) -> AnyModel:
    def ask(xt: Tensor, t: Tensor) -> Tensor:
        if scale == 1.0:
            return model(xt, t, cond)
        rows = null.repeat(len(xt), *[1] * null.ndim)
        shape = [2] + [1] * (xt.ndim - 1)
        y = model(xt.repeat(shape), t.repeat(2), torch.cat((rows, cond), dim=0))
        without, told = y[: len(xt)], y[len(xt) :]
        return scale * told + (1 - scale) * without

    return ask


class _Guided:
    """An object that can be called; the two questions of a sample are neighbours."""

    def __init__(
        self, model: AnyModel, cond: Tensor, null: Tensor, scale: float
    ) -> None:
        self.model, self.scale, self.cond = model, scale, cond
        self.both = torch.stack([cond, null.expand_as(cond)], dim=1).flatten(0, 1)

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        if self.scale == 1:
            return self.model(xt, t, self.cond)
        pair = (xt.repeat_interleave(2, 0), t.repeat_interleave(2))
        y = self.model(*pair, self.both)
        return torch.lerp(y[1::2], y[::2], self.scale)


CLASSIFIER_FREE = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("by hand", _by_hand), Oracle("how it is asked", _economy)),
    mutants=(
        Mutant(
            "two calls",
            _two_calls,
            "the model is asked twice: one call with a batch of 2 B does both",
        ),
        Mutant(
            "never saving",
            _version(saving=False),
            "at scale 1 the unconditional answer has no weight: ask only the "
            "conditional one, with a batch of B",
        ),
        Mutant(
            "paper's w",
            _version(lambda c, u, s: guided(c, u, 1 + s)),
            "this is the paper's w, where 0 is no guidance: here 1 is",
        ),
        Mutant(
            "halves exchanged",
            _version(lambda c, u, s: guided(u, c, s)),
            "the two halves of the answer are exchanged: they come in the order of the "
            "questions",
        ),
        Mutant(
            "conditional only",
            _version(lambda c, u, s: c),
            "the unconditional half is thrown away: `guided` needs both",
        ),
        Mutant(
            "times not doubled",
            _version(times=lambda t: t),
            "x_t, t and cond must have one row for each sample: double all three",
        ),
        Mutant(
            "times backwards",
            _version(times=lambda t: torch.cat([t, 1 - t])),
            "both questions are about the same x_t at the same t",
        ),
        Mutant(
            "conditions guided",
            _mixed_conditions,
            "the conditions are mixed, and the network is asked once: ask it about "
            "each, and mix its answers",
        ),
        Mutant(
            "no function",
            _at_once,
            "it must return a function of x_t and t, and the answer later",
        ),
    ),
    variants=(
        Variant("null first", _null_first),
        Variant("an object, neighbours", _Guided),
    ),
)
