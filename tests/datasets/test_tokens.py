"""Tokens. Authorities: the round trip of every caption, the grammar's longest
sentences, and hand-written ids."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
import torch
from support_teddy import assert_refused

from coursekit.datasets import emoji
from coursekit.datasets.teddy.captions import caption, tokenize
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.sample import specialise
from coursekit.datasets.teddy.scene import KINDS, PLACES, VOCABULARY, Bear, Scene
from coursekit.datasets.tokens import (
    EMOJI_LENGTH,
    TEDDY_LENGTH,
    Tokenizer,
    emoji_tokenizer,
    teddy_tokenizer,
)


def test_ids_by_hand():
    tok = Tokenizer(["bear", "a", ",", "red", "a"])
    assert tok.words == ("<pad>", "<start>", "<end>", ",", "a", "bear", "red")
    ids = tok.encode(["a red bear", "Red, red", ""], 6)
    assert ids.tolist() == [[1, 4, 6, 5, 2, 0], [1, 6, 3, 6, 2, 0], [1, 2, 0, 0, 0, 0]]
    assert ids.dtype == torch.int64
    assert tok.decode(ids) == ["a red bear", "red, red", ""]
    assert torch.equal(tok.null(2, 6), tok.encode(["", ""], 6))
    assert tok.encode([], 6).shape == (0, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_teddy_captions_come_back(kind):
    tok = teddy_tokenizer()
    for split in ("train", "heldout"):
        texts, scenes = prompts(300, split, 3, kind)
        texts += [caption(specialise(scene)) for scene in scenes[:20]]
        ids = tok.encode(texts, TEDDY_LENGTH[kind])
        assert tok.decode(ids) == [text.lower() for text in texts]


def test_every_emoji_caption_comes_back():
    tok, texts = emoji_tokenizer(), list(emoji.load("all").captions)
    assert tok.decode(tok.encode(texts, EMOJI_LENGTH)) == texts
    used = {word for text in texts for word in tokenize(text)}
    assert used == set(tok.words[3:]), "no word is there for nothing"
    assert max(len(tokenize(text)) for text in texts) + 2 == EMOJI_LENGTH


class Choices:
    """A generator that says what it is told, again and again."""

    def __init__(self, numbers: tuple[float, ...]) -> None:
        self.numbers = numbers

    def random(self, size: int) -> np.ndarray:
        return np.resize(self.numbers, size)


def wordings(scene: Scene) -> Iterator[str]:
    """The first and the last option of every choice, in all combinations."""
    for numbers in product((0.0, 0.9), repeat=8):
        yield caption(scene, Choices(numbers))


def longest(mirror: bool, plain: bool) -> int:
    """The most tokens a caption of one bear with a hat can have."""
    words = [VOCABULARY[name] for name in ("glasses", "pose", "action")]
    if plain:
        words = [("none",), ("both-down",), ("none",)]
    return max(
        len(tokenize(text))
        for place, *others in product(PLACES, *words)
        for text in wordings(
            Scene(place, (Bear("brown", "red", *others),), mirror=mirror)
        )
    )


def test_lengths_are_those_of_the_longest_sentences():
    # A place in front costs a comma; each further bear an "and" and its own clause.
    alone = longest(mirror=False, plain=False)
    plain = longest(mirror=False, plain=True)
    where = max(len(tokenize(caption(Scene(p, ())))) for p in PLACES) - 4
    assert TEDDY_LENGTH == {
        "solo": alone + 2,
        "mirror": longest(mirror=True, plain=False) + 2,
        "hall": longest(mirror=True, plain=True) + 2,
        "pair": plain + 1 + (plain - where - 1) + 2,
        "group": alone + 2 * (1 + alone - where - 1) + 2,
    }


def test_bad_texts_get_one_line_of_advice():
    complaints = {
        "a purpel teddy bear": "unknown word 'purpel'.*did you mean purple",
        "a bear in the parc": "unknown word 'parc'.*park",
        "a bear xqzw": "unknown word 'xqzw'",
        "a bear, a bear, a bear, a bear": "13 tokens, 12 at most",
    }
    assert_refused(lambda text: teddy_tokenizer().encode([text], 12), complaints)


def test_misuse_is_refused():
    tok = Tokenizer(["a"])
    for call, complaint, *given in (
        (tok.encode, "list of texts", "a", 4),
        (tok.null, "length=1", 1, 1),
        (tok.decode, r"\(B, L\)", torch.zeros(3, dtype=torch.long)),
        (tok.decode, "ids run from 0 to 3", torch.tensor([[1, 4, 2]])),
    ):
        with pytest.raises(ValueError, match=complaint):
            call(*given)
    words = ("two words", "Capital", "", "half-way")
    assert_refused(lambda word: Tokenizer([word]), dict.fromkeys(words, "not one word"))
