"""Prompt enhancement by retrieval, in numbers: all that it can answer to a wish."""

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.pipeline.enhance import training_words
from coursekit.pipeline.loose_phrases import ORDER

UNSAID = -1


def completions(said: Tensor, pool: Tensor) -> Tensor:
    """The full descriptions that retrieval can make of a wish, (M, A).

    said: (A,) whole numbers, the word of each attribute, UNSAID (-1) where nothing was
    said; pool: (N, A), full descriptions, N of 1 or more. Rows of the pool are taken
    that contradict the wish in as few attributes as any row does, in their order, equal
    ones as often as they are there. What was said then takes the place of what stood
    there. The pool stays as it is.
    """
    told = said != UNSAID
    wrong = ((pool != said) & told).sum(dim=1)
    return torch.where(told, said, pool[wrong == wrong.min()])


def coded(words: Mapping[str, str]) -> Tensor:
    """Words by attribute as numbers in the order of ORDER, (A,) long."""
    options = [VOCABULARY[name] for name in ORDER]
    return torch.tensor(
        [
            each.index(words[name]) if name in words else UNSAID
            for name, each in zip(ORDER, options, strict=True)
        ]
    )


@lru_cache(maxsize=1)
def training_pool() -> Tensor:
    """The training scenes that retrieval looks through, (N, A) in numbers."""
    rows = training_words().tolist()
    return torch.stack([coded(dict(zip(ORDER, row, strict=True))) for row in rows])
