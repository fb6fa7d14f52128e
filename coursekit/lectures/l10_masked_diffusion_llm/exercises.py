"""How the exercises of extension 10 are tried: fresh inputs, and a look."""

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
    generator,
    number,
    refusal,
)
from coursekit.theory.unmasking import Guess

PROBES = Tries()
tried = PROBES.tried


# --- N1: 10.1, 10.2 -------------------------------------------------------------------


# --- N2: 10.3 to 10.5 -----------------------------------------------------------------
def _holes(seed: int) -> Inputs:
    """Rows with many, few and no holes, and what was guessed for them."""
    rng, shape = generator(seed), (4, 9)
    masked = rng.random(shape) < 0.7
    masked[0], masked[1], masked[2] = True, False, np.arange(9) == 3 + seed % 4
    entropy = rng.uniform(0.05, 1.5, shape)
    confidence = rng.uniform(0.05, 0.95, shape)
    if seed % 2:  # many guesses are alike
        entropy, confidence = np.round(4 * entropy) / 4, np.round(confidence, 1)
    entropy = np.maximum(1, np.round(64 * entropy)) / 64  # so that sums are exact
    return {
        "masked": masked,
        "entropy": np.where(masked, entropy, 0.0),
        "confidence": np.where(masked, confidence, 1.0),
        "steps": 4 + seed % 3,
        "nats": float(rng.uniform(0.6, 1.2)),
    }


def _bool(found: Any) -> Tensor:
    """Places that are bool, as 0 and 1."""
    kind = array(found).dtype
    if kind != np.bool_:
        raise BadResult(
            f"the dtype is {kind}, and must be bool: which places are shown"
        )
    return torch.as_tensor(found).int()


@tried("10.10", _holes, cases=("holes", "other holes"))
def share_now(fn: Function, i: Any) -> Results:
    last = i.steps - 1
    return {
        "the first step's counts": fn(i.masked, i.steps, 0),
        "the second step's counts": fn(i.masked, i.steps, 1),
        "the last step's counts": fn(i.masked, i.steps, last),
        "counts after the last step": fn(i.masked, i.steps, i.steps + 2),
        "counts of more steps than holes": fn(i.masked, 20, 3),
    }


def _rule(made: Any) -> Any:
    if not hasattr(made, "reveal"):
        raise BadResult("it must return a rule: keep the class as it was handed out")
    return made


def _guess(i: Any) -> Guess:
    return Guess(torch.zeros_like(i.masked).long(), i.confidence, i.entropy)


@tried("10.11", _holes, cases=("guesses", "guesses of equal confidence"))
def by_confidence(fn: Function, i: Any) -> Results:
    rule, guess = _rule(fn(i.steps)), _guess(i)
    return {
        "shown in the first step": _bool(rule.reveal(guess, i.masked, 0)),
        "shown in the third step": _bool(rule.reveal(guess, i.masked, 2)),
        "shown in the last step": _bool(rule.reveal(guess, i.masked, i.steps - 1)),
    }


@tried("10.12", _holes, cases=("entropies", "equal entropies"))
def entropy_bound(fn: Function, i: Any) -> Results:
    guess = _guess(i)

    def shown(nats: float) -> Tensor:
        return _bool(_rule(fn(nats)).reveal(guess, i.masked, 0))

    return {
        "shown": shown(i.nats),
        "shown with a large bound": shown(3 * i.nats),
        "shown with a bound that is met": shown(
            float(i.entropy[0].sort().values[:2].sum())
        ),
        "shown with a bound of 0": shown(0.0),
        "shown with an infinite bound": shown(math.inf),
        "entropies, unchanged": guess.entropy,
    }


def _times(seed: int) -> Inputs:
    rng = generator(seed)
    t = float(rng.uniform(0.3, 0.6) if seed % 2 else rng.uniform(0.6, 0.95))
    s = t * float(rng.uniform(0.5, 0.8))
    return {"t": t, "s": s, "share": float(rng.uniform(0.2, 0.7))}


@tried("10.15", _times, cases=("a late step", "an early step"))
def step_chances(fn: Function, i: Any) -> Results:
    most = min(1.0, i.s / (1 - i.t))

    def both(t: float, s: float, sigma: float) -> tuple[Tensor, Tensor]:
        try:
            hide, show = fn(t, s, sigma)
        except (TypeError, ValueError):
            raise BadResult("it must return two numbers: (hide, show)") from None
        return number(hide), number(show)

    hide, show = both(i.t, i.s, i.share * most)
    still = both(i.t, i.t, i.share * min(1.0, i.t / (1 - i.t)))
    return {
        "hide": hide,
        "show": show,
        "show without taking back": both(i.t, i.s, 0.0)[1],
        "show while time stands still": still[1],
        "show in the first step": both(1.0, i.s, 0.5)[1],
        "a sigma that is too large is refused": refusal(
            lambda: fn(0.3, 0.14, 0.21), ValueError
        ),
    }


def _laws(seed: int) -> Inputs:
    rng, vocabulary = generator(seed), 5 + seed % 2
    law = rng.dirichlet(np.ones(vocabulary), (3, 4))
    if seed % 2:  # x0 is known
        law = np.eye(vocabulary)[rng.integers(vocabulary, size=(3, 4))]
    t = np.array([1.0, *rng.uniform(0.5, 0.9, 2)])
    s = t * np.array([*rng.uniform(0.3, 0.8, 2), 0.0])
    return {"law": law, "xt": rng.integers(vocabulary, size=(3, 4)), "t": t, "s": s}


@tried("10.16", _laws, cases=("a network's laws", "laws of one token"))
def posterior(fn: Function, i: Any) -> Results:
    found = fn(i.law, i.xt, i.t, i.s)
    array(found)
    return {"law at s": found, "its sum over tokens": found.sum(-1)}


# --- N3: 10.6 to 10.8 -----------------------------------------------------------------


# --- N4: 10.9 to 10.11 ----------------------------------------------------------------
