"""Lecture 3, which noise for which data: 03.11 ot_coupling."""

from itertools import permutations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
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
    SHAPES,
    Array,
    array,
    generator,
    must_equal,
    tensor,
)


def _flat(x: Array) -> Array:
    found: Array = x.reshape(len(x), -1).astype(float)
    return found


def _squares(inputs: Inputs) -> Array:
    gaps = _flat(inputs["x0"])[:, None] - _flat(inputs["eps"])[None]
    found: Array = (gaps**2).sum(-1)
    return found


def _greedy(cost: Array) -> Array:
    """Each data point in turn takes the nearest noise that is left."""
    left, taken = cost.copy(), []
    for row in left:
        taken.append(int(row.argmin()))
        left[:, taken[-1]] = np.inf
    return np.array(taken)


def _best(cost: Array) -> Array:
    found: Array = linear_sum_assignment(cost)[1]
    return found


def _inputs(seed: int) -> Inputs:
    """A batch on which the usual mistakes lead to different pairs."""
    rng, shape = generator(seed), SHAPES[seed % 3]
    dtype = np.float32 if len(shape) == 4 else np.float64
    while True:
        # A few large entries keep distances in many dimensions from being all alike.
        scale = rng.lognormal(0, 1.2, shape)
        inputs = {
            "x0": (scale * rng.standard_normal(shape)).astype(dtype),
            "eps": rng.standard_normal(shape).astype(dtype),
        }
        cost = _squares(inputs)
        first = np.abs(_flat(inputs["x0"])[:, :1] - _flat(inputs["eps"])[:, 0])
        best = _best(cost)
        others = [
            _best(np.sqrt(cost)),
            _best(-cost),
            _best(first),
            _greedy(cost),
            cost.argmin(axis=1),
            np.argsort(best),
            np.arange(len(best)),
        ]
        if len({tuple(o) for o in [best, *others]}) == len(others) + 1:
            return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    x0, eps = tensor(inputs["x0"]), tensor(inputs["eps"])
    return {
        "eps": array(fn(x0, eps)),
        "eps, when it is paired already": array(fn(eps.clone(), eps)),
    }


def _dealt(inputs: Inputs, outputs: Outputs) -> str | None:
    """The rows of eps, each exactly once."""
    want, got = (_flat(x) for x in (inputs["eps"], outputs["eps"]))
    if got.shape == want.shape:
        want, got = (x[np.lexsort(x.T)] for x in (want, got))
    return must_equal(
        got, want, "the result must have each row of eps exactly once, in a new order"
    )


def _cheapest(inputs: Inputs, outputs: Outputs) -> str | None:
    """All 5040 permutations are tried."""
    cost = _squares(inputs)
    every = np.array(list(permutations(range(len(cost)))))
    least = cost[np.arange(len(cost)), every].sum(axis=1).min()
    paid = ((_flat(inputs["x0"]) - _flat(outputs["eps"])) ** 2).sum()
    if paid > least * (1 + 1e-5):
        return (
            "another permutation is cheaper: the squared distances add up to "
            f"{paid:.4g}, and {least:.4g} is possible"
        )
    return None


def _left_alone(inputs: Inputs, outputs: Outputs) -> str | None:
    return must_equal(
        outputs["eps, when it is paired already"],
        inputs["eps"].astype(float),
        "noise that lies on its data must stay where it is",
    )


def _coupling(order: Function, result: Function | None = None) -> Function:
    """A version from cost (B, B) -> columns, and what it does with them."""

    def ot_coupling(x0: Tensor, eps: Tensor) -> Tensor:
        gaps = (x0.flatten(1)[:, None] - eps.flatten(1)).double()
        columns = torch.as_tensor(order((gaps**2).sum(-1).numpy()))
        found: Tensor = eps[columns] if result is None else result(x0, eps, columns)
        return found

    return ot_coupling


def _first_only(x0: Tensor, eps: Tensor) -> Tensor:
    a, b = x0.flatten(1)[:, 0], eps.flatten(1)[:, 0]
    return eps[torch.from_numpy(_best((a[:, None] - b).abs().numpy()))]


def _in_place(x0: Tensor, eps: Tensor) -> Tensor:
    found: Tensor = _coupling(_best)(x0, eps)
    return eps.copy_(found)


def _by_products(x0: Tensor, eps: Tensor) -> Tensor:
    """The squares of the rows do not depend on the pairing: only products count."""
    products = torch.einsum("i...,j...->ij", x0.double(), eps.double())
    rows, columns = linear_sum_assignment(products.numpy(), maximize=True)
    found = torch.empty_like(eps)
    found[rows] = eps[columns]
    return found


def _from_the_noise(x0: Tensor, eps: Tensor) -> Tensor:
    """Noise chooses data; the permutation is then inverted."""
    a, b = x0.flatten(1).double(), eps.flatten(1).double()
    cost = (b[:, None] - a).square().mean(-1)
    order = linear_sum_assignment(cost.numpy())[1]
    return eps[torch.from_numpy(np.argsort(order))]


OT_COUPLING = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(
        Oracle("each row once", _dealt),
        Oracle("no permutation is cheaper", _cheapest),
        Oracle("left alone", _left_alone),
    ),
    mutants=(
        Mutant(
            "as it was",
            _coupling(lambda cost: np.arange(len(cost))),
            "nothing is paired anew: these are the pairs as they were drawn",
        ),
        Mutant(
            "nearest",
            _coupling(lambda cost: cost.argmin(axis=1)),
            "each data point takes the nearest noise: some is used twice and some "
            "never, so it is no longer normal",
        ),
        Mutant(
            "greedy",
            _coupling(_greedy),
            "each data point in turn takes the nearest noise that is left: the last "
            "ones pay for it, so solve for all pairs at once",
        ),
        Mutant(
            "dearest",
            _coupling(lambda cost: _best(-cost)),
            "the sum is made as large as possible: it should be smallest",
        ),
        Mutant(
            "not squared",
            _coupling(lambda cost: _best(np.sqrt(cost))),
            "the cost is the distance: use the squared distance",
        ),
        Mutant(
            "inverse",
            _coupling(lambda cost: np.argsort(_best(cost))),
            "the permutation is inverted: entry i of the result must belong to x0_i",
        ),
        Mutant(
            "first dimension",
            _first_only,
            "only the first dimension counts: add up the squares over all of them",
        ),
        Mutant(
            "data dealt out",
            _coupling(_best, lambda x0, eps, columns: x0[columns]),
            "the data is dealt out: return the rows of eps",
        ),
        Mutant(
            "only the order",
            _coupling(_best, lambda x0, eps, columns: columns),
            "the order is returned: return eps in that order",
        ),
        Mutant(
            "in place",
            _in_place,
            "eps is changed in place: return a new tensor",
        ),
    ),
    variants=(
        Variant("largest products", _by_products),
        Variant("from the noise's side", _from_the_noise),
    ),
)
