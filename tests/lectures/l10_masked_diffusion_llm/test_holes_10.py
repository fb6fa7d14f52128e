"""Spoilt programs, and the words of a program with holes."""

import math

import pytest
import torch

from coursekit.datasets.teddy.program_tokens import PROMPT, program_rows, program_tokens
from coursekit.datasets.tokens import END, MARKS
from coursekit.lectures.l10_masked_diffusion_llm.experiments.two_ways import (
    WAYS,
    spoilt,
    unnoticed,
)
from coursekit.lectures.l10_masked_diffusion_llm.widgets.hidden import chances
from coursekit.lectures.l10_masked_diffusion_llm.widgets.words import Word, word_sheet
from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)
from coursekit.plots.draw import Text
from coursekit.theory.masked_diffusion import masked_bound


@pytest.mark.parametrize("way", WAYS)
def test_one_token_of_each_program_is_spoilt(way):
    """Invariant: one id before the end is another, and it is a word, or the mask."""
    before, after = spoilt(way, 300, 5)
    changed = before != after
    assert (changed.sum(1) == 1).all()
    assert not (before[changed] == END).any()
    mask = len(program_tokens())
    fits = after[changed] == mask if way == "mask" else after[changed] < mask
    assert fits.all() and (after[changed] >= len(MARKS)).all()


def test_a_mask_never_runs():
    assert unnoticed("mask", 50, 0) == 0


def test_chances_are_those_of_the_bound():
    """At t = 1 the bits of a canvas are the masked bound: the package's own sum."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TokenTransformer(TokenConfig(295, 76, width=16, depth=1, heads=2))
    rows, _ = program_rows(1, 0, "test")
    hidden = torch.zeros_like(rows, dtype=torch.bool)
    hidden[:, PROMPT:] = True
    bits = -chances(model, rows[0], hidden[0])[hidden[0]].log2().sum()
    xt = rows.masked_fill(hidden, model.config.mask_id)
    with torch.no_grad():
        logits = model(xt, mask=prompt_mask(PROMPT, rows.shape[1]))
    bound = masked_bound(logits, rows, hidden, torch.ones(1)) / math.log(2)
    assert float(bits) == pytest.approx(float(bound), rel=1e-5)


def test_every_word_is_on_the_sheet_once_and_inside():
    words = [Word(f"word{i}", f"{i}%") for i in range(60)]
    sheet = word_sheet(words, "words", "a title")
    said = [mark for mark in sheet.marks() if isinstance(mark, Text)]
    assert [m.text for m in said if m.text.startswith("word")] == [
        word.text for word in words
    ]
    assert all(0 <= m.x < sheet.width and 0 < m.y < sheet.height for m in said)
