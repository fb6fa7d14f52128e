"""How the exercises of lecture 7 are tried: fresh inputs, and a look."""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import (
    Results,
    Tries,
    array,
    equals,
    generator,
    number,
    refusal,
    slopes,
)
from coursekit.evaluation.judge_verdict import NoVerdict

PROBES = Tries()
tried = PROBES.tried


# --- 7.1 to 7.3: ratings --------------------------------------------------------------
def _game(seed: int) -> Inputs:
    rng, dtype = generator(seed), (np.float64, np.float32)[seed % 2]
    rating, other = 1000 + 200 * rng.standard_normal((2, 6 + seed % 2))
    score = rng.permutation(np.resize([1.0, 0.5, 0.0], len(rating)))
    named = {"rating": rating, "other": other, "score": score}
    return {k: v.astype(dtype) for k, v in named.items()} | {"k": 16.0 + seed % 5}


@tried(
    "07.2",
    _game,
    cases=("float64 ratings", "float32 ratings"),
    oracles=(
        equals(
            "both together",
            lambda i: i["rating"] + i["other"],
            "what one wins the other loses: their sum stays",
        ),
    ),
)
def elo_update(fn: Function, i: Any) -> Results:
    try:
        new, other = fn(i.rating, i.other, i.score, i.k)
    except (TypeError, ValueError):
        raise BadResult("it must return two tensors: (rating, other)") from None
    return {"both together": new + other, "the first one's": new, "the other's": other}


def _table(seed: int) -> Inputs:
    rng, players = generator(seed), 4 + seed % 2
    wins = rng.integers(1, 9, (2, players, players)) + 0.5 * rng.integers(0, 2)
    return {"wins": wins * (1 - np.eye(players)), "penalty": 0.5 + 0.25 * (seed % 3)}


@tried("07.3", _table, cases=("four players", "five players"))
def fit_wins(fn: Function, i: Any) -> Results:
    one = fn(i.wins[0])
    if not isinstance(one, Tensor):
        return {"ratings": one}
    return {
        "ratings": one,
        "ratings with a penalty": fn(i.wins[0], i.penalty),
        "ratings of several tables at once": fn(i.wins),
    }


# --- 7.4 to 7.6: distances ------------------------------------------------------------
ROOTS = (1e-6, 2e-5)  # of singular matrices: rounding errors come out as their roots


def _two_numbers(found: Any, names: tuple[str, str]) -> dict[str, Tensor]:
    """A pair of numbers by name. Raises BadResult, in words, for anything else."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise BadResult(f"it must return two numbers: ({', '.join(names)})")
    return {name: number(each) for name, each in zip(names, found, strict=True)}


def _gaussians(seed: int) -> Inputs:
    rng, made = generator(seed), Inputs()
    for name in ("1", "2"):
        # with three samples of five features a covariance is singular
        rows = rng.standard_normal((3 if seed % 3 == 1 else 9, 5)) * rng.uniform(
            0.5, 2, 5
        )
        cov = np.cov(rows.T)
        made[f"mean{name}"] = rng.standard_normal(5)
        made[f"cov{name}"] = np.diag(np.diag(cov)) if seed % 3 == 2 else cov
    return made


@tried(
    "07.5",
    _gaussians,
    cases=("full covariances", "fewer samples than features", "diagonal covariances"),
    tolerances={"distance": ROOTS, "distance of equal Gaussians": ROOTS},
)
def frechet_distance(fn: Function, i: Any) -> Results:
    one, two = (i.mean1, i.cov1), (i.mean2, i.cov2)
    equal = number(fn(*one, *one))
    if float(equal) < 0:
        raise BadResult("of equal Gaussians it is negative, by rounding: make it 0")
    return {"distance": number(fn(*one, *two)), "distance of equal Gaussians": equal}


def _crowds(seed: int) -> Inputs:
    rng, dims = generator(seed), (3, 2, 4)[seed % 3]
    counts = ((64, 64), (70, 61), (61, 90))[seed % 3]
    x, y = (rng.standard_normal((n, dims)) for n in counts)
    sizes = ([10, 20, 60], [61, 12], [15, 20, 30, 60])[seed % 3]
    return {"x": x, "y": 1.3 * y + 0.2, "sizes": np.array(sizes)}


@tried(
    "07.8",
    _crowds,
    cases=("three sizes", "two sizes, and more of x", "four sizes, and more of y"),
    tolerances={
        "limit": (1e-6, 1e-7),
        "slope": (1e-6, 1e-6),
        "limit of a crowd beside itself": (1e-6, 1e-7),
    },
)
def frechet_at_infinity(fn: Function, i: Any) -> Results:
    names, sizes = ("limit", "slope"), i.sizes.tolist()
    found = _two_numbers(fn(i.x, i.y, sizes), names)
    # at full size it is 0, below it is not: the line meets 1 / N = 0 below 0
    itself = _two_numbers(fn(i.x, i.x.flip(0), sizes), names)
    return {
        **found,
        "limit of a crowd beside itself": itself["limit"],
        "two equal sizes are refused": refusal(lambda: fn(i.x, i.y, [9, 9])),
    }


def _features(seed: int) -> Inputs:
    rng, dims = generator(seed), (5, 3, 1)[seed % 3]
    x, y = rng.standard_normal((7, dims)), 0.7 * rng.standard_normal((11, dims)) + 0.3
    return {"x": x, "y": y, "single": (x + 4).astype(np.float32)}


@tried("07.10", _features, cases=("five features", "three features", "one feature"))
def kid(fn: Function, i: Any) -> Results:
    return {
        "kid": number(fn(i.x, i.y)),
        "kid of a crowd beside itself": number(fn(i.x, i.x)),
        "kid of float32 features": number(fn(i.single, i.single * 1.01)),
        "one row is refused": refusal(lambda: fn(i.x, i.y[:1])),
    }


def _places(seed: int) -> Inputs:
    rng, k = generator(seed), (3, 1, 2)[seed % 3]
    real, drawn = rng.standard_normal((14, 2)), 1.2 * rng.standard_normal((11, 2)) + 0.5
    if seed % 3 == 1:  # whole numbers: many features lie on the edge of a ball
        real, drawn = np.round(2 * real), np.round(2 * drawn)
        real = np.unique(real, axis=0)
    return {"real": real, "drawn": drawn, "k": k}


@tried(
    "07.12",
    _places,
    cases=("three neighbours", "on the edge of balls", "two neighbours"),
)
def precision_recall(fn: Function, i: Any) -> Results:
    names = ("precision", "recall")
    found = _two_numbers(fn(i.real, i.drawn, i.k), names)
    three = _two_numbers(fn(i.real, i.drawn), names)
    copies = _two_numbers(fn(i.real, i.real[:2].repeat(6, 1)), names)
    return {
        **found,
        "precision with k left out": three["precision"],
        "recall of two copied features": copies["recall"],
        "k = N is refused": refusal(lambda: fn(i.real, i.drawn, len(i.drawn))),
    }


def _pictures(seed: int) -> Inputs:
    rng, shape = (
        generator(seed),
        ((2, 3, 14, 13), (3, 1, 12, 17), (2, 2, 13, 13))[seed % 3],
    )
    scale = (1.0, 255.0, 2.0)[seed % 3]
    x = np.cumsum(rng.standard_normal(shape), axis=-1)
    x = (x - x.min()) / (x.max() - x.min())
    y = np.clip(0.8 * x + 0.15 * rng.uniform(size=shape), 0, 1)
    if scale == 255:
        return {
            "x": np.round(255 * x).astype(np.uint8),
            "y": np.round(255 * y).astype(np.uint8),
            "data_range": scale,
        }
    low = 0.0 if scale == 1 else -1.0
    return {"x": low + scale * x, "y": low + scale * y, "data_range": scale}


@tried("07.13", _pictures, cases=("values in [0, 1]", "bytes", "values in [-1, 1]"))
def ssim(fn: Function, i: Any) -> Results:
    flat = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    found = fn(i.x, i.y, i.data_range)
    return {
        "ssim": found,
        "ssim of equal pictures": fn(i.x, i.x, i.data_range),
        "ssim of flat pictures": fn(0.2 * flat, 0.4 * flat, i.data_range),
        "ssim of a picture and its negative": fn(
            i.x, i.x.max() + i.x.min() - i.x, i.data_range
        ),
    }


# --- 7.7 to 7.9: alignment ------------------------------------------------------------
def _pairs(seed: int) -> Inputs:
    """Pictures and texts that fit, hardly fit or contradict, of any length."""
    rng = generator(seed)
    images, noise = rng.standard_normal((2, 7, 5))
    fits = np.array([1, 1, 0.4, 0.1, -0.3, -1, 0])[:, None]
    long = rng.uniform(0.3, 3, (2, 7, 1))
    return {"images": long[0] * images, "texts": long[1] * (fits * images + noise)}


@tried("07.16", _pairs, cases=("some pairs", "other pairs"))
def clip_score(fn: Function, i: Any) -> Results:
    return {
        "scores": fn(i.images, i.texts),
        "scores of opposites": fn(i.images, -i.images),
        "scores of a picture with itself": fn(i.images, 3 * i.images),
    }


def _picks(seed: int) -> Inputs:
    rng = generator(seed)
    first, second, texts = rng.standard_normal((3, 7, 5))
    votes = np.array([1, 0, 0.5, 1, 0.5, 0, 0.8])
    return {
        **{"first": 2 * first, "second": second, "texts": texts},
        **{"votes": votes, "log_scale": rng.uniform(0.5, 1.5, ())},
    }


@tried("07.18", _picks, cases=("votes and ties", "other votes and ties"))
def pick_loss(fn: Function, i: Any) -> Results:
    first, scale = i.first.requires_grad_(), i.log_scale.requires_grad_()
    loss = fn(first, i.second, i.texts, i.votes, scale)
    one, sure = torch.eye(2)[:1], torch.tensor(100.0).log()
    nobody = torch.tensor([0.5])
    return {
        "loss": loss,
        **slopes(loss, first=first, log_scale=scale),
        "loss of a tie that is met": fn(one, one, one, nobody, sure),
        "loss of a sure and wrong pair": fn(-one, one, one, torch.ones(1), sure),
    }


def _trees(seed: int) -> Inputs:
    """Two trees in one row, one of them with children in front of their parents."""
    rng = generator(seed)
    parents = np.array([-1, 0, 1, 2, 5, 7, -1, -1, 4, 6, -1])
    right = rng.random(11) < 0.8
    right[seed % 2 * 7] = False  # the root of one of the chains
    right[[1, 2, 3, 4, 5, 8]] = True
    right[[9, 10]] = False
    return {"right": right, "parents": parents}


def _yes(found: Any) -> Tensor:
    """Answers that are bool as 0 and 1."""
    kind = array(found).dtype
    if kind != np.bool_:
        raise BadResult(f"the dtype is {kind}, and must be bool: which answers count")
    return torch.as_tensor(found).int()


@tried("07.20", _trees, cases=("a chain", "a chain against the order"))
def holds(fn: Function, i: Any) -> Results:
    return {
        "answers that count": _yes(fn(i.right, i.parents)),
        "right, unchanged": _yes(i.right),
        "all right": _yes(fn(torch.ones_like(i.right), i.parents)),
        "a wrong and a right one, side by side": _yes(
            fn(torch.tensor([False, True]), torch.tensor([-1, -1]))
        ),
    }


def _as(dtype: torch.dtype, found: Any) -> Any:
    """For results that are as right in float64 as in float32: in one of them."""
    if isinstance(found, Tensor) and found.dtype in (torch.float32, torch.float64):
        return found.to(dtype)
    return found


def _groups(seed: int) -> Inputs:
    rng = generator(seed)
    groups = np.array([4, 9, 9, 4, 9, 9, 0, 9, 4])
    return {"values": rng.random(9), "right": rng.random(9) < 0.6, "groups": groups}


@tried("07.21", _groups, cases=("three groups", "three other groups"))
def mean_of_means(fn: Function, i: Any) -> Results:
    found = {
        "mean of means": fn(i.values, i.groups),
        "of answers that are bool": fn(i.right, i.groups),
        "of one group": fn(i.values, torch.full_like(i.groups, 3)),
    }
    return {name: _as(torch.float32, mean) for name, mean in found.items()}


# --- 7.10 to 7.11: judges -------------------------------------------------------------


def _marks(seed: int) -> Inputs:
    rng = generator(seed)
    return {"consistency": rng.uniform(1, 10, 5), "quality": rng.uniform(1, 10, 3)}


@tried("07.26", _marks, cases=("some marks", "other marks"))
def overall(fn: Function, i: Any) -> Results:
    consistency, quality = i.consistency.tolist(), i.quality.tolist()
    return {
        "overall mark": number(fn(consistency, quality)),
        "overall mark, one fact missing": number(fn([*consistency, 0.0], quality)),
        "overall mark, all at 10": number(fn([10.0] * 4, [10.0])),
        "refuses a part without marks": refusal(lambda: fn([], quality)),
        "refuses the other part without marks": refusal(lambda: fn(consistency, [])),
    }


def _judged(seed: int) -> Inputs:
    return {"scores": np.round(generator(seed).uniform(1, 9, 3), 2)}


def _unread(fn: Function, text: str, names: list[str], top: float = 10.0) -> Tensor:
    """1 for NoVerdict, 0.5 for another error, 0 where something was read."""
    return refusal(lambda: fn(text, names, top), NoVerdict)


@tried("07.27", _judged, cases=("replies", "replies with other scores"))
def parse_verdict(fn: Function, i: Any) -> Results:
    names = ["hat", "place", "fur"]
    scores = dict(zip(names, i.scores.tolist(), strict=True))
    good = {"evidence": dict.fromkeys(names, "seen {so}"), "scores": scores}
    text = json.dumps(good)

    def read(reply: str, asked: list[str] = names) -> Any:
        found = fn(reply, asked)
        if not isinstance(found, dict):
            raise BadResult("it must return the verdict as a dictionary")
        if set(found) != {"evidence", "scores"}:
            raise BadResult("return the whole verdict: evidence and scores")
        return torch.tensor([float(found["scores"][name]) for name in names])

    def read_or_not(reply: str, asked: list[str] = names) -> Any:
        """-1 for each score where a verdict is refused."""
        try:
            return read(reply, asked)
        except NoVerdict:
            return torch.full((len(names),), -1.0)

    def with_score(value: object) -> str:
        return json.dumps(good | {"scores": scores | {"hat": value}})

    wrong = {
        "an empty reply": "",
        "a word": "INCORRECT",
        "an error message with digits": "Error 429: wait 9 s",
        "an error message in JSON": '{"error": {"code": 9}}',
        "a bare number": "9",
        "a list": f"[{text}]",
        "true": "true",
        "a reply that was cut": text[:-1],
        "a whole verdict inside a cut object": f'{{"verdict": {text}',
        "two verdicts": f"{text}\n{text}",
        "a draft object among the thoughts": f'I say {{"hat": 9}}.\n{text}',
        "words behind the verdict": f"{text}\nBut I may be wrong.",
        "a verdict in the middle of a line": f"Verdict: {text}",
        "scores before evidence": json.dumps(dict(reversed(good.items()))),
        "a third key": json.dumps(good | {"overall": 9}),
        "a score too few": json.dumps(good | {"scores": {"hat": 9}}),
        "a score too many": json.dumps(good | {"scores": scores | {"hut": 9}}),
        "evidence that is one text": json.dumps(good | {"evidence": "all seen"}),
        "scores that are one number": json.dumps(good | {"scores": 9}),
        "a score in quotes": with_score("9"),
        "a score that is true": with_score(True),
        "a score that is null": with_score(None),
        "evidence that is a number": json.dumps(
            good | {"evidence": dict.fromkeys(names, 9)}
        ),
        "a score of 90": with_score(90),
        "a score below 0": with_score(-1),
        "a score that is NaN": with_score(math.nan),
    }
    return {
        "scores": read(text),
        "scores after thoughts with braces": read(f"A {{red}} hat? 9 of 10 {{\n{text}"),
        "scores in a fence": read(f"```json\n{json.dumps(good, indent=2)}\n```"),
        "scores, names asked for in another order": read_or_not(text, names[::-1]),
        "scores of 0 and of 10": read_or_not(
            json.dumps(good | {"scores": scores | {"hat": 0, "fur": 10}})
        ),
        **{f"no verdict: {n}": _unread(fn, reply, names) for n, reply in wrong.items()},
        "no verdict: 9 on a scale to 1": _unread(fn, text, names, 1.0),
    }


NONE = 9.0  # stands for NaN among inputs


def _sides(seed: int) -> Inputs:
    rng, words = generator(seed), (1, 0, -1, NONE)
    both = np.array([(a, b) for a in words for b in words])
    rows = rng.permutation(np.concatenate([both, both[:5]]))
    straight, swapped = rows.T.astype((np.float64, np.float32)[seed % 2])
    return {"straight": straight.copy(), "swapped": swapped.copy()}


@tried("07.29", _sides, cases=("float64 verdicts", "float32 verdicts"))
def both_orders(fn: Function, i: Any) -> Results:
    none = (i.straight == NONE) | (i.swapped == NONE)
    sure = fn(i.straight[~none], i.swapped[~none])
    if not isinstance(sure, Tensor):
        return {"who wins": sure}
    one = torch.ones(6, dtype=i.straight.dtype)
    both = (v.masked_fill(v == NONE, math.nan) for v in (i.straight, i.swapped))
    with_none = torch.as_tensor(fn(*both))
    return {
        "who wins": _as(one.dtype, sure) + 0.0,  # -0 is 0
        "where there is no verdict": with_none.isnan().to(one),
        "who wins, a judge who always says left": _as(one.dtype, fn(one, one)) + 0.0,
        "who wins, a judge who always wants A": _as(one.dtype, fn(one, -one)),
    }
