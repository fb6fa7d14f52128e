"""Questions made from a caption, asked about its picture (TIFA: Hu et al. 2023).

The grammar of captions is closed, so the questions are made by rule and none has to be
filtered. They form a tree (Cho et al. 2024): whether there is a brown bear stands above
how many there are and what it wears, and a child counts only where its parent holds.
Who answers can be chosen: the network of `vqa`, or the scene reader.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from coursekit.datasets.teddy.captions import Words
from coursekit.datasets.teddy.questions import (
    NOBODY,
    NUMBERS,
    Question,
    answer,
    how_many,
    mentioned,
    there_is,
    told_bears,
    where,
    which,
)
from coursekit.datasets.teddy.reader import Pictures
from coursekit.datasets.teddy.scene_reader import read_scenes
from coursekit.evaluation.vqa import Asked, answers
from coursekit.theory.alignment import holds, mean_of_means, tifa_score

Answerer = Callable[[Pictures, Asked], list[list[str]]]


class Item(NamedTuple):
    """A question, the answer that the caption implies, and the place of its parent."""

    question: Question
    answer: str
    parent: int  # -1: it hangs on nothing


def caption_questions(caption: str) -> list[Item]:
    """The questions of a caption, parents before their children.

    For each fur: is there such a bear (yes), and how many; for all that is said of such
    bears a question with several answers, or, where bears of one fur are not alike,
    one of yes and no. Raises ValueError as `told_bears` does.
    """
    facts = told_bears(caption)
    items = [Item(where(), facts.place, -1)]
    if not facts.clauses:
        items.append(Item(how_many(), NUMBERS[0], -1))
    by_fur: dict[str, list[tuple[int, Words]]] = {}
    for count, words in facts.clauses:
        by_fur.setdefault(words.fur, []).append((count, mentioned(words)))
    for fur, kinds in by_fur.items():
        top = len(items)
        items.append(Item(there_is([NOBODY._replace(fur=fur)]), "yes", -1))
        items.append(Item(how_many(fur), NUMBERS[sum(n for n, _ in kinds)], top))
        for _, words in kinds:
            for name in Words._fields[1:]:
                word = getattr(words, name)
                if word and len(kinds) == 1:
                    items.append(Item(which(name, fur), word, top))
                elif word:
                    said = NOBODY._replace(fur=fur, **{name: word})
                    items.append(Item(there_is([said]), "yes", top))
    return list(dict.fromkeys(items))


def by_reader(images: Pictures, asked: Asked) -> list[list[str]]:
    """What the scene reader's readings answer."""
    return [
        [answer(question, seen.place, seen.bears) for question in questions]
        for seen, questions in zip(read_scenes(images), asked, strict=True)
    ]


def tifa(
    images: Pictures, captions: Sequence[str], answerer: Answerer = answers
) -> dict[str, Any]:
    """TIFA of pictures, one for each caption: what of a caption its picture shows.

    "tifa": `tifa_score`; "flat": the same without the tree; "each": of every caption.
    Raises ValueError where there are not as many pictures as captions.
    """
    if len(images) != len(captions) or not len(captions):
        raise ValueError(
            f"{len(images)} pictures for {len(captions)} captions: give one for each"
        )
    trees = [caption_questions(caption) for caption in captions]
    found = answerer(images, [[item.question for item in tree] for tree in trees])
    right, parents, whose = (torch.tensor(column) for column in _table(trees, found))
    counted = holds(right, parents)
    each = [float(counted[whose == i].float().mean()) for i in range(len(trees))]
    return {
        "tifa": float(tifa_score(right, parents, whose)),
        "flat": float(mean_of_means(right, whose)),
        "each": [round(score, 5) for score in each],
    }


def _table(
    trees: Sequence[Sequence[Item]], found: Sequence[Sequence[str]]
) -> tuple[list[bool], list[int], list[int]]:
    """Of all questions in one row: right, the place of the parent, the caption."""
    right: list[bool] = []
    parents: list[int] = []
    whose: list[int] = []
    for number, (tree, said) in enumerate(zip(trees, found, strict=True)):
        start = len(right)
        right += [a == item.answer for a, item in zip(said, tree, strict=True)]
        parents += [-1 if item.parent < 0 else start + item.parent for item in tree]
        whose += [number] * len(tree)
    return right, parents, whose
