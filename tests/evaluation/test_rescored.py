"""Rows with gaps and rescoring. Authorities: rows written out by hand; a chain of two
neighbours, whose best middle is known without any model."""

import pytest
import torch

from coursekit.datasets.infilling import Gap
from coursekit.evaluation.infilling import hidden_row, rescored

WINDOW = torch.tensor([5, 6, 7, 8, 9])


def test_a_row_of_masks_by_hand():
    row, masked = hidden_row(Gap(WINDOW, 2, 3), 2, 9, mask_id=99, end=50)
    assert row.tolist() == [50, 5, 6, 99, 99, 8, 9, 50, 50]
    assert masked.nonzero().flatten().tolist() == [3, 4]
    row, masked = hidden_row(Gap(WINDOW, 0, 5), 3, 4, mask_id=99, end=50)
    assert row.tolist() == [50, 99, 99, 99] and masked.sum() == 3
    # A mask that somebody typed is no gap.
    typed = torch.tensor([99, 6, 7])
    _, masked = hidden_row(Gap(typed, 1, 2), 1, 6, mask_id=99, end=50)
    assert masked.nonzero().flatten().tolist() == [2]
    with pytest.raises(ValueError, match="6 tokens in a row of 5"):
        hidden_row(Gap(WINDOW, 2, 3), 1, 5, mask_id=99, end=50)


def test_of_all_words_the_one_that_a_chain_finds_likeliest_between_two():
    """p(l, w, r) is largest where p(w | l) p(r | w) is."""
    cost = -torch.rand(9, 9, generator=torch.Generator().manual_seed(0)).log2().double()
    everyone = torch.arange(9)[:, None]
    for left in range(9):
        for right in range(9):
            gap = Gap(torch.tensor([3, left, 0, right, 1]), 2, 3)
            best = (cost[left] + cost[:, right]).argmin()
            found = rescored(
                lambda rows: cost[rows[:, :-1], rows[:, 1:]].sum(1), gap, everyone
            )
            assert found.tolist() == [best]
