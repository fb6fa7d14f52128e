"""How the exercises of extension 10 are tried: fresh inputs, and a look."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, count, generator, number
from coursekit.datasets.infilling import ORDERS, Gap
from coursekit.datasets.library_text import byte_pairs

PROBES = Tries()
tried = PROBES.tried


# --- N1: 10.1, 10.2 -------------------------------------------------------------------


# --- N2: 10.3 to 10.5 -----------------------------------------------------------------


# --- N3: 10.6 to 10.8 -----------------------------------------------------------------


# --- N4: 10.9 to 10.11 ----------------------------------------------------------------
def _gaps(seed: int) -> Inputs:
    rng = generator(seed)
    window = rng.integers(0, 1256, 9)
    cuts = ((2, 5), (0, 4), (6, 9), (3, 3))[seed % 4]
    return {"window": window, "start": cuts[0], "stop": cuts[1]}


@tried(
    "10.30",
    _gaps,
    cases=("a gap inside", "nothing before", "nothing after", "nothing between"),
)
def arrange(fn: Function, i: Any) -> Results:
    gap, found = Gap(i.window, i.start, i.stop), {}
    for order in ORDERS:
        row = fn(gap, byte_pairs("code"), order)
        if not isinstance(row, tuple) or len(row) != 2:
            raise BadResult("it must return a row and a place: (row, place)")
        found[f"row, {order}"] = row[0]
        found[f"place where the middle begins, {order}"] = number(row[1])
    return found


def _answers(seed: int) -> Inputs:
    rng, size = generator(seed), (1, 3)[seed % 2]
    answers = rng.integers(0, 7, (6, size))
    answers[4] = answers[1]
    return {
        "window": rng.integers(0, 7, 8),
        "start": int(rng.integers(1, 4)),
        "answers": answers,
        "cost": rng.uniform(0.1, 8, (7, 7)),
    }


@tried("10.32", _answers, cases=("answers of one token", "answers of three tokens"))
def rescored(fn: Function, i: Any) -> Results:
    gap, asked = Gap(i.window, i.start, i.start + 2), list[Tensor]()

    def bits(rows: Tensor) -> Tensor:
        """Of a chain: each token costs what it costs after the one before."""
        if not isinstance(rows, Tensor) or rows.ndim != 2:
            raise BadResult("bits wants rows of ids: a tensor of shape (N, L)")
        asked.append(rows)
        cost: Tensor = i.cost[rows[:, :-1], rows[:, 1:]].sum(1)
        return cost

    best = fn(bits, gap, i.answers)
    even = fn(lambda rows: torch.zeros(len(rows)), gap, i.answers)
    return {
        "rows that were asked for": torch.cat(asked) if asked else count(0),
        "answer": best,
        "answer where all are alike": even,
    }


def _learning(seed: int) -> Inputs:
    rng = generator(seed)
    costs = np.cumsum(rng.uniform(1, 9, 6)) * 10 ** rng.uniform(-2, 9)
    errors = np.sort(rng.uniform(1, 30, 6))[::-1].copy()
    if seed % 2:
        errors[3:] = errors[2] + np.array([-0.4, 3.0, 1.0])
    return {"costs": costs, "errors": errors}


@tried("10.34", _learning, cases=("a curve that falls", "a curve that rises again"))
def cost_at(fn: Function, i: Any) -> Results:
    costs, errors = i.costs.tolist(), i.errors.tolist()
    low, high = min(errors), max(errors)
    levels = {
        "between": 0.3 * errors[1] + 0.7 * errors[2],
        "early": 0.9 * errors[0] + 0.1 * errors[1],
        "at a measurement": errors[2],
        "late": 0.5 * (errors[2] + low),
        "reached at once": high + 1,
    }
    found = {f"cost, {k}": number(fn(costs, errors, v)) for k, v in levels.items()}
    never = float(number(fn(costs, errors, low - 1)))
    return found | {"never reached is infinity": count(never == math.inf)}


def _coloured(seed: int) -> Inputs:
    rng = generator(seed)
    shape = ((3, 4, 5, 3), (2, 3, 3, 3))[seed % 2]
    return {
        "images": rng.integers(0, 256, shape, dtype=np.uint8),
        "palette": rng.integers(0, 256, (6 + seed % 2, 3), dtype=np.uint8),
    }


@tried("10.36", _coloured, cases=("wide pictures", "square pictures"))
def to_tokens(fn: Function, i: Any) -> Results:
    own = i.palette.flip(0)[None, None]
    return {
        "tokens": fn(i.images, i.palette),
        "tokens of the palette itself": fn(own, i.palette),
    }
