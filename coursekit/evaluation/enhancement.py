"""What prompt enhancement does to pictures: is what was said shown, and what varies?

An enhancer must not trade one for the other, so both are measured: adherence to the
words that were said, and how different the pictures of one wish are in all that it left
open. Readers err too: adherence belongs beside that of real pictures.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.datasets.teddy.scene_reader import SceneReading
from coursekit.evaluation.neighbours import apart

Words = Mapping[str, str]  # attribute of the one bear, or "place" -> its word


def seen_words(reading: SceneReading) -> dict[str, str]:
    """What is read of a picture, unreadable words left out.

    A wish names one bear: where there is another number, only the place is read.
    """
    bears = [bear._asdict() for bear in reading.bears]
    found = {"place": reading.place, **(bears[0] if len(bears) == 1 else {})}
    return {name: word for name, word in found.items() if word != UNREADABLE}


def adherence(said: Sequence[Words], seen: Sequence[Words]) -> float:
    """The share of all words that were said which their pictures show, 0 to 1.

    said, seen: one for each picture. What is not read counts as missed; 1 where nothing
    was said. Raises ValueError unless there are as many of both.
    """
    hits = [
        shown.get(name) == word
        for told, shown in zip(said, seen, strict=True)
        for name, word in told.items()
    ]
    return sum(hits) / len(hits) if hits else 1.0


def contradictions(said: Sequence[Words], told: Sequence[Words]) -> int:
    """How many captions say another word where something was said. Errors as above."""
    return sum(
        any(text[name] != word for name, word in words.items() if name in text)
        for words, text in zip(said, told, strict=True)
    )


def word_bits(words: Sequence[str]) -> float:
    """The entropy of the shares of the words, in bits: 0 for none, or all alike.

    From few draws it falls short of the law's own: `even_bits` says what dice give.
    """
    shares = [n / len(words) for n in Counter(words).values()]
    return math.fsum(p * math.log2(1 / p) for p in shares)


def even_bits(options: int, draws: int) -> float:
    """The mean of `word_bits` of `draws` fair throws among equal options.

    Each option has a binomial count k, and adds k/n log2 n/k. options and
    draws: 1 or more.
    """
    p, n = 1 / options, draws
    return options * math.fsum(
        math.comb(n, k) * p**k * (1 - p) ** (n - k) * k / n * math.log2(n / k)
        for k in range(1, n + 1)
    )


def unsaid_bits(
    said: Sequence[Words], seen: Sequence[Sequence[Words]], name: str
) -> list[float]:
    """`word_bits` of an attribute for each wish that leaves it open.

    said: one for each wish; seen: for each wish its pictures, or its captions. Where a
    word is missing, it is left out.
    """
    return [
        word_bits([each[name] for each in group if name in each])
        for told, group in zip(said, seen, strict=True)
        if name not in told
    ]


def mean_distance(features: Tensor) -> float:
    """The mean Euclidean distance of two different rows, (N, D) with N of 2 or more."""
    count = len(features)
    return float(apart(features, features).sum() / (count * (count - 1)))
