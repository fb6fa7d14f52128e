"""How the exercises of lecture 7 are tried: fresh inputs, and a look."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Function, Inputs
from coursekit.checks.tried import Results, Tries, array, generator, slopes

PROBES = Tries()
tried = PROBES.tried

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------


# --- 7.7 to 7.9: alignment ------------------------------------------------------------
def _pairs(seed: int) -> Inputs:
    """Pictures and texts that fit, hardly fit or contradict, of any length."""
    rng = generator(seed)
    images, noise = rng.standard_normal((2, 7, 5))
    fits = np.array([1, 1, 0.4, 0.1, -0.3, -1, 0])[:, None]
    long = rng.uniform(0.3, 3, (2, 7, 1))
    return {"images": long[0] * images, "texts": long[1] * (fits * images + noise)}


@tried("07.40", _pairs, cases=("pairs",))
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


@tried("07.42", _picks, cases=("votes and ties",))
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


@tried("07.44", _trees, cases=("a chain", "a chain against the order"))
def holds(fn: Function, i: Any) -> Results:
    return {
        "answers that count": _yes(fn(i.right, i.parents)),
        "right, unchanged": _yes(i.right),
        "all right": _yes(fn(torch.ones_like(i.right), i.parents)),
    }


def _groups(seed: int) -> Inputs:
    rng = generator(seed)
    groups = np.array([4, 9, 9, 4, 9, 9, 0, 9, 4])
    return {"values": rng.random(9), "right": rng.random(9) < 0.6, "groups": groups}


@tried("07.45", _groups, cases=("three groups",))
def mean_of_means(fn: Function, i: Any) -> Results:
    return {
        "mean of means": fn(i.values, i.groups),
        "of answers that are bool": fn(i.right, i.groups),
        "of one group": fn(i.values, torch.full_like(i.groups, 3)),
    }


# --- 7.10 to 7.11: judges -------------------------------------------------------------
