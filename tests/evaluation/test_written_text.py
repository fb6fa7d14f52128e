"""Bits of text and pages. Authorities: closed forms, counts."""

import math

import numpy as np
import pytest
import torch

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.library_text import Corpus
from coursekit.evaluation.written_text import (
    WINDOW,
    held_out_rows,
    page,
    text_bits,
    text_figures,
)
from coursekit.models.token_transformer import TokenConfig, TokenTransformer

PAIRS = BytePairs([])  # bytes alone: a token is a character
NAMES = [f"{i}.py" for i in range(40)]
CORPUS = Corpus("code", "made up", {name: "x = 1\n" * 100 for name in NAMES})


@pytest.fixture
def uniform() -> TokenTransformer:
    """A network that finds all tokens alike."""
    torch.manual_seed(0)
    net = TokenTransformer(TokenConfig(len(PAIRS), WINDOW + 1, 16, 1, 2)).eval()
    torch.nn.init.zeros_(net.norm.weight)
    torch.nn.init.zeros_(net.norm.bias)
    return net


def test_every_held_out_character_counts_once():
    texts = CORPUS.split(held_out=True)
    rows, counted = held_out_rows(CORPUS, PAIRS, 10_000)
    assert int(PAIRS.characters[rows[counted]].sum()) == sum(map(len, texts))
    assert (rows[:, 0] == PAIRS.end).all() and not counted[:, 0].any()


@pytest.mark.parametrize("kind", ["left-to-right", "masked"])
def test_a_uniform_model_needs_the_log_of_its_words(uniform, kind):
    """Closed form: log2 V a token, exactly for both ways."""
    rows, counted = held_out_rows(CORPUS, PAIRS, 5)
    bits = text_bits(uniform, kind, rows, counted, draws=3)
    assert bits.shape == (1 if kind == "left-to-right" else 3, len(rows))
    expected = counted.sum(1).double() * math.log2(len(PAIRS))
    torch.testing.assert_close(bits.mean(0), expected, rtol=1e-5, atol=1e-4)


def test_the_figures_of_a_card_are_bits_a_character(uniform):
    found = text_figures(uniform, "left-to-right", CORPUS, PAIRS)
    texts = CORPUS.split(held_out=True)
    characters = sum(map(len, texts))
    assert found["characters"] == characters
    tokens = characters + len(texts)  # an end after each document
    rate = tokens / characters * math.log2(len(PAIRS))
    assert found["bits_a_character"]["mean"] == pytest.approx(rate, rel=1e-5)


def test_a_page_shows_its_lines_and_each_pixel_twice():
    sheet = page(["def f():\n    return 1", "x"])
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 3
    np.testing.assert_array_equal(sheet[::2, ::2], sheet[1::2, 1::2])
    assert (sheet < 128).any() and sheet.shape[0] > page(["x"]).shape[0]
