"""How the exercises of extension 10 are tried: fresh inputs, and a look."""

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
    slopes,
)
from coursekit.models.token_transformer import TokenConfig

PROBES = Tries()
tried = PROBES.tried


# --- N1: 10.1, 10.2 -------------------------------------------------------------------


# --- N2: 10.3 to 10.5 -----------------------------------------------------------------


# --- N3: 10.6 to 10.8 -----------------------------------------------------------------
WORDS = 5  # of the small network below


class Looker:
    """A network without weights to learn: a token adds up what it may look at."""

    def __init__(self, words: Tensor, places: Tensor) -> None:
        """words: (WORDS + 1, WORDS), the last row is the mask's; places: (P, WORDS)."""
        self.words, self.places = words, places

    def __call__(
        self,
        ids: Tensor,
        places: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        """Logits (B, T, WORDS)."""
        count = ids.shape[1]
        where = torch.arange(count) if places is None else places
        seen = torch.ones(count, count) if mask is None else mask
        seen = (seen.tril() if causal else seen).to(self.words)
        told = self.words[ids] * (1 + self.places[where])
        return seen @ told / seen.sum(1, keepdim=True) + self.places[where]


def _blocks(seed: int) -> Inputs:
    """Blocks of one size after a prompt, or without one; the last may be short."""
    rng, short = generator(seed), seed % 2
    size, blocks = (3, 3) if short else (2, 4)
    length, prompt, rows = size * blocks - short, 2 * short, 4
    row = rng.integers(0, WORDS, (rows, prompt + length))
    t = rng.uniform(0.4, 1.0, (rows, blocks)).repeat(size, axis=1)[:, :length]
    t = np.concatenate([np.ones((rows, prompt)), t], axis=1)
    masked = rng.random(t.shape) < t
    masked[:, :prompt] = False
    return {
        "x0": row,
        "xt": np.where(masked, WORDS, row),
        "masked": masked,
        "t": t,
        **{"prompt": prompt, "length": length, "size": size},
        "words": rng.standard_normal((WORDS + 1, WORDS)),
        "places": rng.standard_normal((prompt + length, WORDS)),
        "passes": rng.integers(1, 5, blocks),
    }


KINDS = ("no prompt", "a prompt, and a short last block")


@tried("10.20", _blocks, cases=KINDS)
def block_mask(fn: Function, i: Any) -> Results:
    found = fn(i.prompt, i.length, i.size)
    if array(found).dtype != np.bool_:
        raise BadResult(f"the dtype is {found.dtype}, and must be bool: who may look")
    return {
        "mask": found.int(),
        "mask of blocks of one": fn(i.prompt, i.length, 1).int(),
        "blocks of size 0 are refused": refusal(lambda: fn(i.prompt, i.length, 0)),
    }


@tried("10.22", _blocks, cases=KINDS)
def block_bound(fn: Function, i: Any) -> Results:
    words = i.words.requires_grad_()
    given = (i.x0, i.xt, i.masked, i.t, i.prompt, i.size)
    bound = fn(Looker(words, i.places), *given)
    return {"bound": bound, **slopes(bound, words=words)}


@tried("10.23", _blocks, cases=KINDS)
def block_flops(fn: Function, i: Any) -> Results:
    config = TokenConfig(vocabulary=31, length=64, width=12, depth=3, heads=2)
    given = (config, i.prompt, i.length, i.size)
    passes = [int(each) for each in i.passes]
    return {
        "FLOPs": number(fn(*given, passes)),
        "FLOPs of one pass a block": number(fn(*given, [1] * len(passes))),
        "FLOPs of a text that ends early": number(fn(*given, passes[:2])),
    }


def _laws_of_two(seed: int) -> Inputs:
    rng, shape = generator(seed), (3, 4, 5)
    p = rng.dirichlet(np.ones(5), shape[:2])
    return {
        "logits": 2 * rng.standard_normal(shape),
        "log_p": np.log(p),
        "where": rng.random(shape[:2]) < (0.8 if seed % 2 else 0.4),
    }


@tried("10.26", _laws_of_two, cases=("few hidden tokens", "many hidden tokens"))
def reverse_kl(fn: Function, i: Any) -> Results:
    logits = i.logits.requires_grad_()
    found = fn(logits, i.log_p, i.where)
    equal = fn(i.log_p + 3.0, i.log_p, i.where)
    nothing = fn(i.logits, i.log_p, torch.zeros_like(i.where))
    return {
        "divergence": found,
        "divergence of equal laws": equal,
        "divergence where nothing is hidden": nothing,
        **slopes(found, logits=logits),
    }


# --- N4: 10.9 to 10.11 ----------------------------------------------------------------
