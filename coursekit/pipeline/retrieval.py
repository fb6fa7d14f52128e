"""Prompt enhancement by retrieval, in numbers: all that it can answer to a wish."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

import torch
from torch import Tensor

from coursekit.datasets.teddy.captions import words_of
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.pipeline.loose_phrases import ORDER

Attributes = dict[str, str]  # of a bear, and "place"; all of ORDER, or what was said
POOL = 4000  # training scenes that are looked through
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


def attributes_of(scene: Scene) -> Attributes:
    """The attributes of a scene of one bear."""
    return words_of(scene.bears[0])._asdict() | {"place": scene.place}


def coded(words: Mapping[str, str]) -> Tensor:
    """Words by attribute as numbers in the order of ORDER, (A,) long."""
    options = [VOCABULARY[name] for name in ORDER]
    return torch.tensor(
        [
            each.index(words[name]) if name in words else UNSAID
            for name, each in zip(ORDER, options, strict=True)
        ]
    )


def named(row: Tensor) -> Attributes:
    """A full description in words again: (A,) numbers of `coded`, none UNSAID."""
    pairs = zip(ORDER, row.tolist(), strict=True)
    return {name: VOCABULARY[name][word] for name, word in pairs}


@lru_cache(maxsize=1)
def training_pool() -> Tensor:
    """The first POOL training scenes in numbers, (POOL, A)."""
    return torch.stack([coded(attributes_of(each)) for each in islice(scenes(0), POOL)])
