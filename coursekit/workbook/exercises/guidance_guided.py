"""Lecture 4, further than the condition: 04.14 guided."""

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
from coursekit.checks.tensors import KINDS, array, must_equal, tensor
from coursekit.workbook.exercises.latent_batch import draws


def _inputs(seed: int) -> Inputs:
    rng, inputs = draws(seed, "conditional", "unconditional")
    return inputs | {"scale": float(rng.uniform(1.5, 6.0))}


def _call(fn: Function, inputs: Inputs) -> Outputs:
    cond, null = tensor(inputs["conditional"]), tensor(inputs["unconditional"])
    scale = inputs["scale"]
    return {
        "guided": array(fn(cond, null, scale)),
        "guided at scale 1": array(fn(cond, null, 1.0)),
        "guided at scale 0": array(fn(cond, null, 0.0)),
        "guided when both agree": array(fn(cond, cond, scale)),
    }


def _by_hand(inputs: Inputs, outputs: Outputs) -> str | None:
    cond, null = (inputs[n].astype(float) for n in ("conditional", "unconditional"))
    return must_equal(
        outputs["guided"],
        null + inputs["scale"] * (cond - null),
        "not `scale` times the way from the unconditional to the conditional answer",
    )


def _ends(inputs: Inputs, outputs: Outputs) -> str | None:
    for scale, name in ((1, "conditional"), (0, "unconditional")):
        said = must_equal(
            outputs[f"guided at scale {scale}"],
            inputs[name].astype(float),
            f"at scale {scale} it must be the {name} answer",
        )
        if said is not None:
            return said
    return None


def _agreed(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["guided when both agree"],
        inputs["conditional"].astype(float),
        "where both answers agree, guidance must change nothing",
    )


def _lerp(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    return torch.lerp(unconditional, conditional, scale)


def _weights(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    pair = torch.stack([conditional, unconditional])
    share = torch.tensor([scale, 1 - scale], dtype=pair.dtype)
    return torch.einsum("i,i...->...", share, pair)


GUIDED = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("by hand", _by_hand),
        Oracle("both ends", _ends),
        Oracle("agreement", _agreed),
    ),
    mutants=(
        Mutant(
            "paper's w",
            lambda c, u, s: (1 + s) * c - s * u,
            "this is the paper's w, where 0 is no guidance: here 1 is, so start from "
            "the unconditional answer",
        ),
        Mutant(
            "exchanged",
            lambda c, u, s: c + s * (u - c),
            "the two answers are exchanged: this walks away from the condition",
        ),
        Mutant(
            "away",
            lambda c, u, s: u - s * (c - u),
            "the sign is flipped: go from the unconditional answer towards the "
            "conditional one",
        ),
        Mutant(
            "way only",
            lambda c, u, s: s * (c - u),
            "this is the way alone: start from the unconditional answer",
        ),
        Mutant(
            "added",
            lambda c, u, s: u + s * c,
            "the conditional answer is added whole: what counts is its difference "
            "from the unconditional one",
        ),
        Mutant(
            "condition stretched",
            lambda c, u, s: s * c,
            "the conditional answer is stretched: the unconditional one says from "
            "where to go further",
        ),
        Mutant(
            "mean",
            lambda c, u, s: (s * c + u) / (1 + s),
            "this stays between the two answers: guidance goes beyond the conditional "
            "one",
        ),
        Mutant(
            "clamped",
            lambda c, u, s: u + min(s, 1.0) * (c - u),
            "a scale above 1 has no effect: there is where guidance begins",
        ),
    ),
    variants=(
        Variant("lerp", _lerp),
        Variant("two weights that add up to 1", _weights),
    ),
)
