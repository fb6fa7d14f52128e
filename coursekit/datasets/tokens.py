"""Texts as numbers: one id for each word, fixed lengths, one prompt that says nothing.

A caption becomes `<start> word word ... <end> <pad> ...`. Both worlds of captions are
small and closed, so a word is a token, and an unknown word is an error of the writer.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import torch
from torch import Tensor

from coursekit.datasets.teddy.captions import tokenize

PAD, START, END = 0, 1, 2
MARKS = ("<pad>", "<start>", "<end>")
# The longest caption of each kind of scene, in any wording, with <start> and <end>.
TEDDY_LENGTH = {"solo": 28, "mirror": 33, "hall": 23, "pair": 29, "group": 70}
EMOJI_LENGTH = 13  # the longest caption of an emoji, likewise
# How many ids the two tokenizers have. Written down, so that a network's shape is known
# without reading any file.
TEDDY_WORDS, EMOJI_WORDS = 62, 1088


class Tokenizer:
    """Words to ids and back: 0 <pad>, 1 <start>, 2 <end>, then the words, sorted."""

    def __init__(self, words: Sequence[str], more: Sequence[str] = ()) -> None:
        """`words`: the vocabulary, in any order; repeated words count once.

        more: words that came later. Their ids follow in sorted order, so that those of
        `words` stay what they were. Raises ValueError for words that `tokenize` would
        cut or change.
        """
        for word in (*words, *more):
            if tokenize(word) != [word]:
                raise ValueError(f"{word!r} is not one word in lower case")
        later = sorted(set(more) - set(words))
        self.words: tuple[str, ...] = (*MARKS, *sorted(set(words)), *later)
        self.ids: dict[str, int] = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        """How many ids there are, the three marks included."""
        return len(self.words)

    def encode(self, texts: Sequence[str], length: int) -> Tensor:
        """B texts as int64 ids (B, length): <start>, words, <end>, <pad> to the end.

        Raises ValueError, in one line, for an unknown word or too long a text.
        """
        if isinstance(texts, str):
            raise ValueError("encode takes a list of texts: write [text]")
        result = self.null(len(texts), length)
        for row, text in enumerate(texts):
            ids = [START, *(self._id(word, text) for word in tokenize(text)), END]
            if len(ids) > length:
                raise ValueError(
                    f"{len(ids)} tokens, {length} at most: say less than {text!r}"
                )
            result[row, : len(ids)] = torch.tensor(ids)
        return result

    def decode(self, ids: Tensor) -> list[str]:
        """Texts of ids (B, L), in lower case: the words before the first <end>.

        Raises ValueError for other shapes and for numbers that are no ids.
        """
        if ids.ndim != 2:
            raise ValueError(f"decode takes ids (B, L), not {tuple(ids.shape)}")
        texts = []
        for row in ids.tolist():
            row = row[: row.index(END)] if END in row else row
            if not all(0 <= i < len(self) for i in row):
                raise ValueError(f"ids run from 0 to {len(self) - 1}, got {row}")
            words = [self.words[i] for i in row if i not in (PAD, START)]
            texts.append(" ".join(words).replace(" ,", ","))
        return texts

    def null(self, batch: int, length: int) -> Tensor:
        """The prompt that says nothing, `batch` times: <start> <end> <pad> ..."""
        if length < 2:
            raise ValueError(f"length={length}: <start> and <end> take 2 already")
        ids = torch.full((batch, length), PAD)
        ids[:, 0], ids[:, 1] = START, END
        return ids

    def _id(self, word: str, text: str) -> int:
        found = self.ids.get(word)
        if found is None:
            near = get_close_matches(word, self.words[len(MARKS) :], 3, 0.5)
            advice = f"did you mean {' or '.join(near)}?" if near else "leave it out"
            raise ValueError(f"unknown word {word!r} in {text!r}: {advice}")
        return found


def teddy_tokenizer() -> Tokenizer:
    """The words of the teddy world's captions, commas included."""
    from coursekit.datasets.teddy.captions import vocabulary

    return Tokenizer(vocabulary())


def emoji_tokenizer() -> Tokenizer:
    """The words of all emoji captions, held-out ones included."""
    from coursekit.datasets.emoji import STYLES, caption, names

    words = {w for name in names() for w in tokenize(caption(name, STYLES[0]))}
    words |= {w for style in STYLES for w in tokenize(caption("", style))}
    return Tokenizer(sorted(words))
