"""Free text as numbers, with no list of words: each word is a bag of letter triples.

A word with < and > around it is cut into all runs of three letters, and the whole word
is one more; each is hashed into a bucket (after Bojanowski et al. 2017, who take runs
of other lengths, too). So a misspelt word still shares pieces with the right one, and
none is unknown.
"""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1024  # 0 is for padding, no piece falls there
WORDS, PIECES = 28, 12  # of a text, of a word
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+(?:\.\d+)?|[^\sa-z\d]")


class TooLong(ValueError):
    """A text of too many words; one line says so."""


def words_of(text: str) -> list[str]:
    """Words, numbers and signs of a text, in lower case."""
    return _WORD.findall(text.lower().replace("’", "'"))


def pieces(word: str) -> list[int]:
    """The buckets of a word, the whole word first, PIECES at most."""
    closed = f"<{word}>"
    grams = [closed, *(closed[i : i + 3] for i in range(len(closed) - 2))]
    return [1 + crc32(gram.encode()) % (BUCKETS - 1) for gram in grams][:PIECES]


def encoded(texts: Sequence[str]) -> NDArray[np.int16]:
    """Texts as buckets (N, WORDS, PIECES), 0 where nothing is.

    Raises TooLong for more than WORDS words.
    """
    rows = np.zeros((len(texts), WORDS, PIECES), dtype=np.int16)
    for row, text in zip(rows, texts, strict=True):
        found = words_of(text)
        if len(found) > WORDS:
            raise TooLong(f"{len(found)} words and signs: {WORDS} at most")
        for place, word in enumerate(found):
            ids = pieces(word)
            row[place, : len(ids)] = ids
    return rows
