"""How the exercises of notebook 8b are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    count,
    generator,
    number,
    refusal,
    slopes,
)
from coursekit.datasets.edit_intents import DEGREES, WANTS, Want
from coursekit.datasets.edit_logs import EditLog, replayed
from coursekit.datasets.golden_edits import Golden
from coursekit.datasets.plan_tokens import IDS
from coursekit.editing.executor import run_step
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Step
from coursekit.evaluation.edit_intent import Changes

PROBES = Tries()
tried = PROBES.tried


# MARK exact


# --- from logs and wishes to plans ---

NAMES = list(OPERATIONS)


def _rows(plan: Any) -> Tensor:
    """A plan as numbers: the place of each operation, and its number."""
    if not isinstance(plan, tuple | list) or not all(
        isinstance(step, Step) for step in plan
    ):
        raise BadResult("it must return a plan: a tuple of steps")
    rows = [[NAMES.index(s.do), *s.values.values(), 0.0][:2] for s in plan]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


def _step(rng: np.random.Generator) -> Step:
    """A step that changes every picture."""
    name = str(rng.choice(["brightness", "contrast", "temperature", "tint"]))
    return Step(name, {"amount": float(rng.choice([-1, 1]) * rng.integers(11, 60))})


def _seed(seed: int) -> Inputs:
    return {"seed": abs(seed) * 2 + (seed < 0), "kind": seed % 2}


def _acts(rng: np.random.Generator, greedy: bool) -> list[Any]:
    steps = [_step(rng) for _ in range(8)]
    if greedy:  # more undo than steps, and then it goes on
        return [*steps[:2], *["undo"] * 3, *steps[2:5], "undo", steps[5]]
    return [*steps[:3], "undo", "undo", *steps[3:6], "undo", *steps[6:]]


@tried("08b.300", _seed, cases=("detours", "more undo than steps"))
def effective(fn: Function, i: Any) -> Results:
    acts = _acts(np.random.default_rng(i.seed), bool(i.kind))
    return {
        "what is left": _rows(fn(tuple(acts))),
        "what is left of the first half": _rows(fn(tuple(acts[:5]))),
    }


def _picture(rng: np.random.Generator, side: int = 6) -> Any:
    return rng.integers(60, 190, (side, side, 3)).astype(np.uint8)


@tried("08b.302", _seed, cases=("grey in many ways", "steps of 0"))
def needed(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    before, first, last = _picture(rng), _step(rng), _step(rng)
    pale, still = Step("saturation", {"amount": -100}), Step("tint", {"amount": 0})
    grey, turn = Step("grayscale"), Step("invert")
    plan = (first, grey, pale, grey, last) if i.kind == 0 else (still, first, still)
    kept = before.copy()
    found = _rows(fn(before, plan))
    return {
        "what is needed": found,
        "of a step, then a negative twice": _rows(fn(before, (first, turn, turn))),
        "the picture": torch.from_numpy(before - kept.astype(float)),
    }


@tried("08b.304", _seed, cases=("one operation", "two operations, and cut values"))
def changes(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    before = _picture(rng, 8)
    steps = [_step(rng)] if i.kind == 0 else [_step(rng), _step(rng)]
    if i.kind:
        before[:2] = rng.integers(0, 256, (2, 8, 3))
    after = before
    for step in (*steps, Step("saturation", {"amount": int(rng.integers(20, 60))})):
        after = run_step(after, step)
    white = run_step(before, Step("exposure", {"stops": 3}))  # hardly a pixel is whole
    found = {}
    for name, goal in {"": after, ", nearly all cut": white}.items():
        told = fn(before.copy(), goal.copy())
        if not isinstance(told, tuple | list) or len(told) != 5:
            raise BadResult("it must return Changes: five numbers")
        for field, value in zip(Changes._fields, told, strict=True):
            found[field + name] = number(value)
    return found


WORDS = list(WANTS)


def _intent(found: Any) -> Tensor:
    """Wants as numbers: which, and how much."""
    if not isinstance(found, tuple | list) or not all(
        isinstance(want, Want) for want in found
    ):
        raise BadResult("it must return a tuple of Want")
    degrees = list(DEGREES)
    rows = [[WORDS.index(w.name), degrees.index(w.degree)] for w in found]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


@tried("08b.305", _seed, cases=("colours and light", "grey, or a negative"))
def named(fn: Function, i: Any) -> Results:
    rng, found = np.random.default_rng(i.seed), {}
    big, less = rng.uniform(40, 90), rng.uniform(9, 12)
    tables = {
        "one large change and small ones": [less, 0.1 * big, -big, 0.2 * big, 6],
        "a darker picture": [-big, 5, 0.2 * big, -less, 3],
        "a bit darker, much less warm": [-less, 1, 2, -0.9 * big, 3],
        "three large changes": [0.7 * big, 0.8 * big, -0.9 * big, 1, 2],
        "greener": [5, 2, -3, 4, -big],
    }
    if i.kind:
        tables = {
            "grey": [less, 2, -99, 60, -40],
            "grey with contrast": [2, big, -100, 30, 20],
            "a negative": [-80, -200, 3, 5, 1],
            "a warm negative": [-80, -190, 3, big, 1],
            "nearly grey": [2, 1, -90, 5, 2],
        }
    for name, table in tables.items():
        found[name] = _intent(fn(Changes(*map(float, table))))
    return found


@tried("08b.308", _seed, cases=("fine levels", "coarse levels"))
def quantised(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    width = float(rng.integers(2, 6)) * (4 if i.kind else 0.5)
    levels = [width * k for k in range(-5, 6)]
    middle = width * (float(rng.integers(1, 4)) + 0.5)
    values = {
        "a value": width * 1.3,
        "a value below 0": -width * 2.8,
        "the middle of two": middle,
        "the middle of two below 0": -middle,
        "beyond the last level": width * 7,
        "below the first level": -width * 6.2,
    }
    return {name: number(fn(value, levels)) for name, value in values.items()}


def _ids(words: Any) -> Tensor:
    """Tokens as numbers."""
    if not isinstance(words, tuple | list):
        raise BadResult("it must return a list of tokens")
    if strange := [word for word in words if word not in IDS]:
        raise BadResult(f"{str(strange[0])[:30]!r} is none of TOKENS")
    return torch.tensor([IDS[word] for word in words])


@tried("08b.309", _seed, cases=("plans", "plans with a stop"))
def plan_words(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    plan = [_step(rng), Step("grayscale"), _step(rng)]
    if i.kind:
        plan[2] = Step("exposure", {"stops": float(rng.uniform(0.3, 2.8))})
    box = {"left": 0.0, "top": 0.0, "right": 0.5, "bottom": 1.0}
    return {
        "tokens": _ids(fn(tuple(plan))),
        "tokens of a refusal": _ids(fn(None)),
        "tokens of four steps": _ids(fn((*plan, plan[0]))),
        "ValueError for five steps": refusal(lambda: fn((*plan, *plan[:2]))),
        "ValueError for a crop": refusal(lambda: fn((Step("crop", box),))),
    }


def _truths(found: Any) -> Tensor:
    """Truth values as numbers."""
    array(found)
    if found.dtype != torch.bool:
        raise BadResult("the dtype is not bool: say True where a token may come")
    return torch.as_tensor(found).double()


@tried("08b.310", _seed, cases=("a long list", "a short list"))
def next_allowed(fn: Function, i: Any) -> Results:
    rng = np.random.default_rng(i.seed)
    allowed = list(rng.permutation(sorted(COLOUR))[: 2 if i.kind else 6])
    one = ["brightness", f"amount {10 * int(rng.integers(-10, 11)):g}"]
    said = {
        "after <start>": ["<start>"],
        "after an operation with a percentage": ["<start>", "contrast"],
        "after an operation with stops": ["<start>", "invert", "exposure"],
        "after an operation without a number": ["<start>", "grayscale"],
        "after a number": ["<start>", *one],
        "after the last step that fits": ["<start>", *one, "invert", *one],
        "after one step less": ["<start>", *one, "invert"],
        "after <refuse>": ["<start>", "<refuse>"],
        "after <end>": ["<start>", *one, "<end>"],
    }
    return {name: _truths(fn(tuple(words), allowed, 3)) for name, words in said.items()}


def _answers(seed: int) -> Inputs:
    rng = generator(seed)
    counted = np.zeros((4, 9), dtype=bool)
    for row, begin in zip(counted, (3, 5, 2, 6), strict=True):
        row[begin : begin + int(rng.integers(1, 4))] = True
    counted[1, 0] = seed % 2  # nothing speaks of the first token
    return {
        "logits": rng.standard_normal((4, 9, 7)),
        "ids": rng.integers(0, 7, (4, 9)),
        "counted": counted,
    }


@tried("08b.312", _answers, cases=("answers", "a mark on the first token"))
def answer_loss(fn: Function, i: Any) -> Results:
    logits = i.logits.clone().requires_grad_()
    loss = fn(logits, i.ids, i.counted)
    return {"loss": loss, **slopes(loss, logits=logits)}


@tried("08b.313", _seed, cases=("sessions", "sessions, some of no use"))
def golden_set(fn: Function, i: Any) -> Results:
    rng, told = np.random.default_rng(i.seed), list[int]()
    sessions = [_acts(rng, greedy) for greedy in (True, False, True)]
    sessions[0] = [Step("grayscale"), *sessions[0], Step("saturation", {"amount": 0})]
    if i.kind:
        sessions += [[_step(rng), "undo"], [_step(rng) for _ in range(6)]]
    pictures = [_picture(rng) for _ in sessions]
    logs = [
        EditLog(p, tuple(acts), replayed(p, acts))
        for p, acts in zip(pictures, sessions, strict=True)
    ]
    nameless = logs[2].before

    def naming(log: EditLog) -> Any:
        return () if log.before is nameless else (Want("warmer"),)

    def wording(intent: Any, plan: Any) -> str:
        told.append(len(plan))
        return f"wish {len(told)}"

    found = fn(logs, naming, wording)
    if not isinstance(found, list) or not all(isinstance(g, Golden) for g in found):
        raise BadResult("it must return a list of Golden")
    rows = [_rows(each.plan) for each in found]
    return {
        "how many": count(len(found)),
        "plans": torch.cat(rows) if rows else torch.zeros(0),
        "pictures": torch.tensor([float(g.picture.astype(float).sum()) for g in found]),
        "wishes, by number": torch.tensor([int(g.wish.split()[1]) for g in found]),
        "wishes that were made": count(len(told)),
    }


# MARK generator
