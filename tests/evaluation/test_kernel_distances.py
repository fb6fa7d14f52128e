"""KID and the MMD of CMMD's kind.

Authorities: a pair of points worked out by hand, expectations of polynomials of
Gaussians, unbiasedness, and the expansion of a wide kernel.
"""

import pytest
import torch
from torch.nn.functional import normalize

from coursekit.evaluation.kernel_distances import cmmd, kid


def normal(rows: int, dims: int, seed: int) -> torch.Tensor:
    gen = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dims, generator=gen, dtype=torch.float64)


def test_two_points_by_hand():
    """k is 1, 1, 8 for (0,0)-(0,0), (0,0)-(1,1), (1,1)-(1,1): 1 + 1 - 2 * 11 / 4. With
    the diagonal left in it would be 0."""
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert kid(x, x) == pytest.approx(-3.5, rel=1e-12)


def test_one_feature_of_two_normals_has_its_moments():
    """In one dimension k(a, b) = 1 + 3 ab + 3 a^2 b^2 + a^3 b^3, so the squared MMD is
    3 (m1 - m1')^2 + 3 (m2 - m2')^2 + (m3 - m3')^2 of the raw moments."""
    shift = 0.5
    want = 3 * shift**2 + 3 * shift**4 + (3 * shift + shift**3) ** 2
    got = kid(normal(4000, 1, 0) + shift, normal(4000, 1, 1))
    assert got == pytest.approx(want, rel=0.1)


@pytest.mark.parametrize("distance", [kid, cmmd])
def test_no_bias_and_so_negative_values(distance):
    values = torch.tensor(
        [distance(normal(50, 4, s), normal(60, 4, 1000 + s)) for s in range(200)]
    )
    assert abs(values.mean()) < 3 * values.std() / len(values) ** 0.5
    assert (values < 0).sum() > 40


def test_kid_sees_what_a_mean_does_not():
    x, y = normal(2000, 8, 0), 2 * normal(2000, 8, 1)
    assert kid(x, y) > 100 * abs(kid(x, normal(2000, 8, 2)))


def test_kid_wants_two_rows_of_as_many_features():
    x = normal(5, 3, 0)
    for wrong in (x[:1], x[:, :2], x[0]):
        with pytest.raises(ValueError, match="two rows or more"):
            kid(x, wrong)
    single, double = kid(x.float(), x.float() + 1), kid(x, x + 1)
    assert single == pytest.approx(double, rel=1e-4)


def test_a_wide_kernel_is_a_straight_line_in_the_means():
    """1000 * 2 (1 - exp(-d^2 / 200)) is 10 d^2, for the distance d of two points; and
    10 |mean difference|^2 for two crowds of unit vectors."""
    x, y = normal(500, 16, 0), normal(500, 16, 1) + 0.1
    a, b = normalize(x, dim=1), normalize(y, dim=1)
    count = len(a)  # the same pairs left out of the squared length of the means
    inside = sum(float(v.sum(0).square().sum() - count) for v in (a, b))
    shift = inside / (count * (count - 1)) - 2 * float(a.mean(0) @ b.mean(0))
    assert cmmd(x, y) == pytest.approx(10 * shift, rel=0.02)
    assert cmmd(7 * x, y / 3) == pytest.approx(cmmd(x, y), rel=1e-9), "lengths are lost"


def test_equal_means_are_nearly_equal_laws_for_the_wide_kernel():
    """Two crowds on the circle: four points, or all of it; both have the mean 0."""
    turn = 2 * torch.pi * torch.rand(2000, generator=torch.Generator().manual_seed(0))
    circle = torch.stack([turn.cos(), turn.sin()], dim=1)
    four = (
        torch.eye(2).repeat(1000, 1)
        * torch.tensor([1.0, -1.0]).repeat_interleave(1000)[:, None]
    )
    assert abs(cmmd(circle, four)) < 0.02
    assert cmmd(circle, four, sigma=0.2) > 50
