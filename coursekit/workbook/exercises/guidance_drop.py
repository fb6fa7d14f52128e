"""Lecture 4, forgetting: 04.15 drop_condition."""

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
    Array,
    array,
    generator,
    must_equal,
    tensor,
)

_CASES = ("labels (B,)", "prompts (B, L)", "features (B, L, D)")
_BATCH, _LENGTH, _WIDTH = 9, 5, 4


def _inputs(seed: int) -> Inputs:
    rng = generator(seed)
    size = ((), (_LENGTH,), (_LENGTH, _WIDTH))[seed % 3]
    cond: Array = rng.integers(0, 10, (_BATCH, *size))
    null: Array = np.asarray(rng.integers(10, 20, size))
    if seed % 3 == 2:
        cond, null = (values.astype(np.float32) / 3 for values in (cond, null))
    chance = float(rng.uniform(0.3, 0.6))
    some = rng.uniform(0, chance * 0.99, 3)
    others = rng.uniform(chance * 1.01, 1, _BATCH - 5)
    luck = rng.permutation(np.concatenate([[0.0, chance], some, others]))
    return {"cond": cond, "null": null, "chance": chance, "luck": luck}


def _result(value: object, like: Tensor) -> Array:
    """The values as float64; a result of another dtype is none."""
    if isinstance(value, Tensor) and value.dtype != like.dtype:
        raise BadResult(
            "the dtype changes on the way: labels must stay labels, so choose, do not "
            "compute"
        )
    return array(value).astype(np.float64)


def _call(fn: Function, inputs: Inputs) -> Outputs:
    cond, null, luck = (tensor(inputs[name]) for name in ("cond", "null", "luck"))
    return {
        "conditions": _result(fn(cond, null, inputs["chance"], luck), cond),
        "conditions with chance 0": _result(fn(cond, null, 0.0, luck), cond),
        "conditions with chance 1": _result(fn(cond, null, 1.0, luck), cond),
    }


def _row_by_row(inputs: Inputs, outputs: Outputs) -> str | None:
    rows = [
        inputs["null"] if luck < inputs["chance"] else row
        for row, luck in zip(inputs["cond"], inputs["luck"], strict=True)
    ]
    return must_equal(
        outputs["conditions"],
        np.stack(rows).astype(float),
        "row i must become null where luck[i] < chance, and stay as it is elsewhere",
    )


def _ends(inputs: Inputs, outputs: Outputs) -> str | None:
    cond = inputs["cond"].astype(float)
    said = must_equal(
        outputs["conditions with chance 0"], cond, "with chance 0 nothing is forgotten"
    )
    return said or must_equal(
        outputs["conditions with chance 1"],
        np.broadcast_to(inputs["null"].astype(float), cond.shape),
        "with chance 1 everything is forgotten",
    )


def _drop(forgotten: Function, other: Function | None = None) -> Function:
    """A version from the rows to forget and what stands in their place.

    forgotten: of luck and chance; other: of cond and null.
    """

    def drop_condition(
        cond: Tensor, null: Tensor, chance: float, luck: Tensor
    ) -> Tensor:
        rows = forgotten(luck, chance).reshape(-1, *[1] * (cond.ndim - 1))
        instead = null if other is None else other(cond, null)
        return torch.where(rows, instead, cond)

    return drop_condition


def _lucky(luck: Tensor, chance: float) -> Tensor:
    return luck < chance


def _own_luck(luck: Tensor, chance: float) -> Tensor:
    return torch.rand(len(luck), dtype=torch.float64) < chance


def _all_or_none(luck: Tensor, chance: float) -> Tensor:
    return (luck[:1] < chance).expand(len(luck))


def _counted(luck: Tensor, chance: float) -> Tensor:
    """Exactly that share of the batch, the first ones."""
    return torch.arange(len(luck)) < round(chance * len(luck))


def _in_place(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    cond[luck < chance] = null
    return cond


def _unshaped(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    return torch.where(luck < chance, null, cond)


def _blended(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    keep = (luck >= chance).double().reshape(-1, *[1] * (cond.ndim - 1))
    return keep * cond + (1 - keep) * null


def _copied(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    kept = cond.clone()
    kept[luck < chance] = null
    return kept


def _stacked(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    rows = [null if a < chance else c for c, a in zip(cond, luck, strict=True)]
    return torch.stack(rows)


DROP_CONDITION = Probe(
    inputs=_inputs,
    call=_call,
    cases=_CASES,
    oracles=(Oracle("row by row", _row_by_row), Oracle("both ends", _ends)),
    mutants=(
        Mutant(
            "the others",
            _drop(lambda luck, chance: luck >= chance),
            "the wrong rows are forgotten: those with luck below chance",
        ),
        Mutant(
            "at the edge",
            _drop(lambda luck, chance: luck <= chance),
            "luck equal to chance is no reason to forget: luck < chance, so that "
            "chance 0 forgets nothing",
        ),
        Mutant(
            "the rare ones",
            _drop(lambda luck, chance: luck > 1 - chance),
            "the rows with high luck are forgotten: those below chance should be",
        ),
        Mutant(
            "own luck",
            _drop(_own_luck),
            "it throws its own dice: use `luck`",
        ),
        Mutant(
            "one for all",
            _drop(_all_or_none),
            "one throw decides for the whole batch: each row has its own luck",
        ),
        Mutant(
            "counted",
            _drop(_counted),
            "the first rows are forgotten, as many as the chance says: luck decides",
        ),
        Mutant(
            "zeros",
            _drop(_lucky, lambda cond, null: torch.zeros_like(cond)),
            "forgotten rows become 0, which may be a class: they become null",
        ),
        Mutant(
            "shifted rows",
            _drop(_lucky, lambda cond, null: cond.roll(1, 0)),
            "forgotten rows get another row's condition: they become null",
        ),
        Mutant(
            "not reshaped",
            _unshaped,
            "`luck < chance` has shape (B,) and does not line up with cond: give it "
            "the shape (B, 1, ..., 1)",
        ),
        Mutant(
            "in place",
            _in_place,
            "cond itself is changed, and with it the data set: fill a new tensor",
        ),
        Mutant(
            "blended",
            _blended,
            "the dtype changes on the way: labels must stay labels, so choose, do not "
            "compute",
        ),
    ),
    variants=(
        Variant("a copy, filled", _copied),
        Variant("row by row", _stacked),
    ),
)
