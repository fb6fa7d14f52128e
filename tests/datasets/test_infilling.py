"""Gaps. Authorities: rows written by hand after Bavarian et al. 2022, and counts."""

import pytest
import torch

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.infilling import (
    Gap,
    arrange,
    arrange_rows,
    draw_gaps,
    is_exact,
    training_rows,
)

PAIRS = BytePairs([(97, 98)])
P, S, M, E = PAIRS.prefix, PAIRS.suffix, PAIRS.middle, PAIRS.end
GAP = Gap(torch.tensor([1, 2, 3, 4, 5, 6]), 2, 5)
TEXT = torch.randint(0, 257, (4000,), generator=torch.Generator().manual_seed(1))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("order", "row", "first"),
    [
        ("plain", [1, 2, 3, 4, 5, 6], 2),
        ("psm", [P, 1, 2, S, 6, M, 3, 4, 5, E], 6),
        ("spm", [P, S, 6, M, 1, 2, 3, 4, 5, E], 6),
    ],
)
def test_rows_by_hand(order, row, first):
    ids, begin = arrange(GAP, PAIRS, order)
    assert ids.tolist() == row
    assert begin == first
    rows = arrange_rows([GAP], PAIRS, [order], 12)
    assert rows.ids[0].tolist() == row + [E] * (12 - len(row))
    assert rows.ids[rows.answer].tolist() == [3, 4, 5]
    assert rows.used.sum().item() == len(row)


def test_rows_that_cannot_be():
    with pytest.raises(ValueError, match="order must be"):
        arrange(GAP, PAIRS, "mps")
    with pytest.raises(ValueError, match="10 tokens, 9 at most"):
        arrange_rows([GAP], PAIRS, ["psm"], 9)


def test_gaps_have_the_size_asked_for_and_text_on_both_sides():
    gaps = draw_gaps(TEXT, PAIRS, 300, (8, 12), 2, seeded())
    assert {len(gap.middle) for gap in gaps} == {2}
    assert {len(gap.window) for gap in gaps} == {8, 9, 10, 11, 12}
    assert min(len(gap.prefix) for gap in gaps) == 1
    assert min(len(gap.suffix) for gap in gaps) == 1
    assert all(torch.equal(gap.filled(gap.middle), gap.window) for gap in gaps)


def test_the_sizes_around_do_not_tell_where_to_stop():
    """With one window length they do: n - prefix - suffix is the answer's length."""

    def answers(lengths):
        told: dict[tuple[int, int], set[int]] = {}
        for gap in draw_gaps(TEXT, PAIRS, 3000, lengths, None, seeded()):
            around = (len(gap.prefix), len(gap.suffix))
            told.setdefault(around, set()).add(len(gap.middle))
        return told

    assert {len(sizes) for sizes in answers((9, 9)).values()} == {1}
    assert len(answers((6, 12))[(2, 2)]) == 7


def test_two_cuts_anywhere():
    """Closed form: of two uniform cuts in 0..n, the first piece, the middle and the
    last have the same mean but for the rounding: E|a - b| = n (n + 2) / (3 (n + 1))."""
    n = 8
    gaps = draw_gaps(TEXT, PAIRS, 4000, (n, n), None, seeded())
    middle = sum(len(gap.middle) for gap in gaps) / len(gaps)
    assert middle == pytest.approx(n * (n + 2) / (3 * (n + 1)), abs=0.1)
    empty = sum(len(gap.middle) == 0 for gap in gaps) / len(gaps)
    assert empty == pytest.approx(1 / (n + 1), abs=0.02)


def test_no_gap_spans_two_documents():
    ids = TEXT.clone()
    ids[::20] = E
    for gap in draw_gaps(ids, PAIRS, 100, (6, 16), 1, seeded()):
        assert int(gap.window.max()) < E
    with pytest.raises(ValueError, match="shorter windows"):
        draw_gaps(ids, PAIRS, 1, (30, 40), 1, seeded())
    with pytest.raises(ValueError, match="no gap of 5"):
        draw_gaps(ids, PAIRS, 1, (6, 16), 5, seeded())


def test_training_rows_mix_the_orders():
    rows = training_rows(TEXT, PAIRS, 400, 32, 0.25, "spm", seeded())
    moved = rows.ids[:, 0] == P
    assert moved.float().mean().item() == pytest.approx(0.25, abs=0.07)
    used = rows.used.sum(1)
    assert used[moved].max() == 32 and used[~moved].max() == 28
    assert used[~moved].min() == 8
    ends = ((rows.ids == E) & rows.used).sum(1)  # an end is learnt after a middle only
    assert torch.equal(ends, moved.long())


def test_exact_is_about_text():
    ab, a_b = torch.tensor([256]), torch.tensor([97, 98])
    gap = Gap(torch.tensor([99, 256, 100]), 1, 2)
    assert is_exact(ab, gap, PAIRS)
    assert is_exact(a_b, gap, PAIRS)  # the same letters in other tokens
    assert not is_exact(a_b[:1], gap, PAIRS)
    # A special id is never right, even where the text spells its name.
    spelt = PAIRS.encode("c<end>d")
    gap = Gap(spelt, 1, len(spelt) - 1)
    assert is_exact(PAIRS.encode("<end>"), gap, PAIRS)
    assert not is_exact(torch.tensor([E]), gap, PAIRS)
