"""What the network that answers questions learns from: pictures, and what is asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.datasets.teddy.captions import Words, words_of
from coursekit.datasets.teddy.questions import (
    ANSWERS,
    CHOICES,
    NOBODY,
    SIDES,
    Question,
    answer,
    how_many,
    left_of,
    mentioned,
    shows,
    spoken,
    there_is,
    where,
    which,
)
from coursekit.datasets.teddy.reader_data import IGNORE
from coursekit.datasets.teddy.scene import FURS, PLACES
from coursekit.datasets.teddy.scene_card import true_words
from coursekit.datasets.teddy.scene_data import Drawn, corrupt, fresh, in_order
from coursekit.evaluation.vqa import COLUMNS, encoded

POOL, TURNS = 1536, 6  # pictures drawn at a time, and how often each is asked about
SHORT = 4  # questions about a picture; half of the pictures get a long one as well
WORDS = 16  # of a short question at most
SMALL = 0.25  # of the batches are seen at 32 pixels
Luck = np.random.Generator


def one_of(luck: Luck, words: Sequence[str]) -> str:
    """Each equally likely."""
    return words[int(luck.random() * len(words))]


def shaken(who: list[Words], bears: Sequence[Words], luck: Luck) -> list[Words]:
    """One word exchanged: mostly for that of another bear of the picture.

    So that it is not enough to see a red hat anywhere: it must be on this bear.
    """
    at = int(luck.random() * len(who))
    told = [name for name in Words._fields if getattr(who[at], name)]
    if not told:
        return who
    name = one_of(luck, told)
    new, old = list(who), getattr(who[at], name)
    if len(who) > 1 and luck.random() < 0.6:
        other = (at + 1 + int(luck.random() * (len(who) - 1))) % len(who)
        new[at] = who[at]._replace(**{name: getattr(who[other], name)})
        new[other] = who[other]._replace(**{name: old})
        return new
    near = [getattr(mentioned(bear), name) for bear in bears]
    near = [word for word in near if word not in ("", old)]
    far = [word for word in CHOICES[name] if word not in ("none", old)]
    word = one_of(luck, near if near and luck.random() < 0.7 else far)
    new[at] = who[at]._replace(**{name: word})
    return new


def about_all(place: str, bears: Sequence[Words], luck: Luck, share: float) -> Question:
    """Whether the picture shows some or all of its bears, half of the time altered."""
    if not bears:
        return how_many()
    order = luck.permutation(len(bears)) if share < 1 else range(len(bears))
    some = order[: len(bears) if share == 1 else 1 + int(luck.random() * len(bears))]
    who = []
    for bear in (mentioned(bears[i]) for i in some):
        keep = luck.random(5) < share
        keep[0] |= luck.random() < 0.6
        kept = Words(*(w if k else "" for w, k in zip(bear, keep, strict=True)))
        who.append(kept)
    told = place if luck.random() < 0.1 + 0.5 * (share == 1) else ""
    if luck.random() < 0.55:
        if told and luck.random() < 0.2:
            told = one_of(luck, PLACES)
        else:
            who = shaken(who, bears, luck)
    return shows(who, told) if luck.random() < 0.5 or told else there_is(who)


def ask(place: str, bears: Sequence[Words], luck: Luck) -> Question:
    """One short question about a picture of these bears, of any kind."""
    while len((question := _any(place, bears, luck)).text.split()) > WORDS:
        pass
    return question


def _any(place: str, bears: Sequence[Words], luck: Luck) -> Question:
    kind = luck.random()
    if kind < 0.45 and bears:
        return about_all(place, bears, luck, (0.3, 0.6)[int(luck.random() * 2)])
    if kind < 0.58 or not bears:
        if luck.random() < 0.3:
            return where()
        if luck.random() >= 0.5:
            return how_many()
        mine = [b.fur for b in bears] if bears and luck.random() < 0.6 else FURS
        return how_many(one_of(luck, mine))
    if kind < 0.68 and len(bears) > 1:
        i, j = luck.permutation(len(bears))[:2]
        hats = luck.random() < 0.3
        pair = (mentioned(bears[i]), mentioned(bears[j]))
        return left_of(*(NOBODY._replace(fur=b.fur, hat=b.hat * hats) for b in pair))
    bear = spoken(bears[int(luck.random() * len(bears))])
    asks = one_of(luck, Words._fields)
    sides = list(SIDES)[:: 1 if len(bears) == 3 else 2]
    side = one_of(luck, sides) if len(bears) > 1 else ""
    if asks != "fur" and (luck.random() < 0.6 or not side):
        return which(asks, fur=bear.fur)
    return which(asks, side=side)


@dataclass
class Asked:
    """Pictures (B, 3, 64, 64), and what is asked about all or the first of them.

    ids: (N, Q, L), N at most B, and answers (N, Q), short and long ones. looks: the
    bears' pictures and columns, and their words as ANSWERS (M, 5).
    """

    x: Tensor
    ids: list[Tensor]
    answers: list[Tensor]
    looks: tuple[Tensor, Tensor, Tensor]


def asked(drawn: Drawn, x: Tensor, rows: list[int], luck: Luck) -> Asked:
    """Fresh questions about some of the pictures drawn."""
    scenes = [drawn.scenes[row] for row in rows]
    seen = [(scene.place, true_words(scene)) for scene in scenes]
    part = seen[: len(seen) // 2]
    tables = (
        [[ask(*one, luck) for _ in range(SHORT)] for one in seen],
        [[about_all(*one, luck, 1)] for one in part],
    )
    ids, answers = [], []
    for table in tables:
        ids.append(encoded([q for asked in table for q in asked], len(table)))
        said = [targets(qs, *one) for qs, one in zip(table, seen, strict=False)]
        answers.append(torch.tensor(said))
    bears = [(i, bear) for i, scene in enumerate(scenes) for bear in in_order(scene)]
    looks = (
        torch.tensor([row for row, _ in bears]),
        torch.tensor([int(COLUMNS * bear.x) for _, bear in bears]),
        torch.tensor([indices(spoken(words_of(bear))) for _, bear in bears]),
    )
    return Asked(x, ids, answers, looks)


def indices(words: Iterable[str]) -> list[int]:
    """Which of ANSWERS they are; "" counts for nothing."""
    return [ANSWERS.index(word) if word else IGNORE for word in words]


def targets(
    questions: Sequence[Question], place: str, bears: Sequence[Words]
) -> list[int]:
    """The true answers of questions about a picture, as `indices`."""
    return indices(answer(question, place, bears) for question in questions)


def batches(seed: int, batch: int, share: float = 0.5) -> Iterator[Asked]:
    """An endless stream of pictures, half of them corrupted, with fresh questions."""
    luck = np.random.Generator(np.random.PCG64(seed))
    g = torch.Generator().manual_seed(seed)
    while True:
        pool = fresh(POOL, luck, special=0, missing=0.1)
        for _ in range(TURNS):
            for rows in torch.randperm(POOL, generator=g).split(batch):  # type: ignore[no-untyped-call]
                x = pool.x[rows]
                if luck.random() < SMALL:
                    x = F.interpolate(
                        F.avg_pool2d(x, 2), scale_factor=2, mode="bilinear"
                    )
                x, _ = corrupt(x, share, g)
                yield asked(pool, x, rows.tolist(), luck)
