"""Precision and recall, density and coverage.

Authorities: points on a line counted by hand, and what must hold for crowds that are
equal, far apart, or one within the other.
"""

import pytest
import torch

from coursekit.evaluation.neighbours import apart, density_coverage, precision_recall


def line(*places: float) -> torch.Tensor:
    return torch.tensor(places, dtype=torch.float64)[:, None]


def normal(rows: int, dims: int, seed: int) -> torch.Tensor:
    gen = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dims, generator=gen, dtype=torch.float64)


def test_points_on_a_line_by_hand():
    """k = 1. Real 0, 1, 3, 10: radii 1, 1, 2, 7, so the region is [-1, 17]. Drawn
    -2, 0.5, 3.5, 18: radii 2.5, 2.5, 3, 14.5, so it is [-4.5, 6.5] and [3.5, 32.5]."""
    real, drawn = line(0, 1, 3, 10), line(-2, 0.5, 3.5, 18)
    assert precision_recall(real, drawn, 1) == (0.5, 1.0)
    assert precision_recall(drawn, real, 1) == (1.0, 0.5), "the roles are exchanged"


def test_the_edge_belongs_to_the_ball():
    assert precision_recall(line(0, 1), line(2, 50), 1) == (0.5, 1.0)


def test_density_and_coverage_by_hand():
    """Real balls [-1, 1], [0, 2], [1, 5], [3, 17]: -2 lies in none, 0.5 in two, 3.5
    in two; each ball but none is empty of them."""
    assert density_coverage(line(0, 1, 3, 10), line(-2, 0.5, 3.5, 18), 1) == (1, 1)
    assert density_coverage(line(0, 1, 3, 10), line(0.5, 0.6), 1) == (2, 0.5)


def test_a_crowd_beside_itself_and_a_crowd_far_away():
    x = normal(100, 5, 0)
    assert precision_recall(x, x) == (1, 1) and density_coverage(x, x)[1] == 1
    assert precision_recall(x, x + 100) == (0, 0) == density_coverage(x, x + 100)


def test_half_of_the_law_is_precise_and_not_complete():
    real, drawn = normal(1000, 2, 0), normal(2000, 2, 1)
    half = drawn[drawn[:, 0] > 0][:1000]
    precision, recall = precision_recall(real, half)
    assert precision > 0.95 and 0.5 < recall < 0.65
    assert density_coverage(real, half)[1] < 0.65


def test_memorised_copies_are_precise_and_cover_little():
    """Ten real ones, a hundred copies each: the balls of the drawn have radius 0."""
    real = normal(1000, 4, 0)
    copies = real[:10].repeat(100, 1)
    assert precision_recall(real, copies) == (1.0, 0.01)
    assert density_coverage(real, copies)[1] < 0.1


def test_other_units_and_single_precision_change_nothing():
    real, drawn = normal(200, 6, 0), 1.2 * normal(150, 6, 1)
    want = precision_recall(real, drawn), density_coverage(real, drawn)
    assert want == (
        precision_recall(1000 * real, 1000 * drawn),
        density_coverage(1000 * real, 1000 * drawn),
    )
    assert float(apart(real.float(), real.float()).diagonal().max()) == 0


@pytest.mark.parametrize("k", [0, 4, 5])
def test_k_neighbours_need_as_many_others(k):
    with pytest.raises(ValueError, match="fewer neighbours"):
        precision_recall(normal(9, 2, 0), normal(4, 2, 1), k)
