"""Byte pairs. Authorities: the paper's own example and its algorithm written out, the
round trip of any text, and the `tokenizers` library."""

from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coursekit.datasets.byte_pairs import PIECE, SPECIAL, BytePairs, learn, merge

PROSE = (
    "The bear reads. The bear sits, and the bears read:\n"
    "    def read(bear):\n        return bear.book  # naïve, 7 €\n\n\t🧸🧸 the end\n"
) * 3


def by_recount(text: str, merges: int) -> list[tuple[int, int]]:
    """Algorithm 1 of Sennrich et al. 2016: count all pairs anew before each merge."""
    pieces = [list(piece.encode()) for piece in PIECE.findall(text)]
    learnt: list[tuple[int, int]] = []
    while len(learnt) < merges:
        counts = Counter(pair for ids in pieces for pair in pairwise(ids))
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=(0, 0))
        if counts[best] < 2:
            break
        pieces = [merge(ids, best, 256 + len(learnt)) for ids in pieces]
        learnt.append(best)
    return learnt


def test_the_example_of_the_paper():
    """Algorithm 1's own words and counts: es, est, lo, low come first. (The paper has
    a mark of the end of a word, so est and the mark come between; here, none.)"""
    words = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
    text = "".join(f"{word}\n" * count for word, count in words.items())
    assert learn([text], 4).content[256:] == [b"es", b"est", b"lo", b"low"]


def test_learning_is_the_paper_s_algorithm():
    """The index of pairs changes nothing: the same merges as by counting anew."""
    for merges in (1, 20, 500):
        assert list(learn([PROSE], merges).merges) == by_recount(PROSE, merges)
    assert 0 < len(learn([PROSE], 500).merges) < 500  # no pair is left twice
    assert list(learn(["aaaaa aaaaa"], 9).merges) == by_recount("aaaaa aaaaa", 9)


def test_the_order_of_texts_does_not_matter():
    texts = PROSE.splitlines(keepends=True)
    assert learn(texts, 60).merges == learn(texts[::-1], 60).merges


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(text):
    """Invariant: decode undoes encode, and each character begins in one token."""
    pairs = learn([PROSE], 60)
    ids = pairs.encode(text)
    assert pairs.decode(ids) == text
    assert int(pairs.characters[ids].sum()) == len(text)
    assert "".join(PIECE.findall(text)) == text


def test_merges_are_used_in_the_order_learnt():
    """By hand: with b+c before a+b, "abc" is a, bc."""
    pairs = BytePairs([(98, 99), (97, 98)])
    assert pairs.encode("abc").tolist() == [97, 256]
    assert pairs.encode("ab").tolist() == [257]
    assert merge([1, 1, 1], (1, 1), 9) == [9, 1]


def test_no_text_is_a_special_token():
    """The names of the special tokens, typed, stay ordinary text."""
    pairs = learn([PROSE + "<end><prefix><suffix><middle>" * 9], 100)
    assert len(pairs) == 256 + len(pairs.merges) + 4
    special = [pairs.end, pairs.prefix, pairs.suffix, pairs.middle]
    assert special == list(range(len(pairs) - 4, len(pairs)))
    ids = pairs.encode("".join(SPECIAL))
    assert int(ids.max()) < pairs.end
    assert pairs.decode(ids) == "".join(SPECIAL)
    assert pairs.decode(torch.tensor([pairs.end, len(pairs), 0xE2])) == "<end><?>\ufffd"


def test_saved_and_read(tmp_path):
    pairs = learn([PROSE], 60, "three times the same")
    pairs.save(tmp_path / "pairs.json")
    again = BytePairs.load(tmp_path / "pairs.json")
    assert (again.merges, again.source) == (pairs.merges, "three times the same")


def test_wrong_merges_are_refused():
    with pytest.raises(ValueError, match="come later"):
        BytePairs([(97, 257)])
    with pytest.raises(ValueError, match="twice"):
        BytePairs([(97, 98), (97, 98)])


@pytest.mark.parity
def test_the_same_ids_as_tokenizers():
    """The library, given the same merges and the same pieces, encodes alike."""
    tokenizers = pytest.importorskip("tokenizers")
    from tokenizers import models, pre_tokenizers

    pairs = learn([PROSE], 200)
    # It writes a byte as a printable character: those that are one, then from 256 on.
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    letter = {b: chr(b) for b in shown} | {
        b: chr(256 + i) for i, b in enumerate(hidden)
    }
    names = ["".join(letter[b] for b in token) for token in pairs.content]
    theirs = tokenizers.Tokenizer(
        models.BPE(
            {name: i for i, name in enumerate(names)},
            [(names[a], names[b]) for a, b in pairs.merges],
        )
    )
    pattern = tokenizers.Regex(PIECE.pattern)
    theirs.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    for text in (PROSE, "  two\n\n   under_scores, 12.5 % of the bears' books 🧸\t\n "):
        assert pairs.encode(text).tolist() == theirs.encode(text).ids
