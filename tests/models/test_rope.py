"""Authority: Su et al. 2021, eqs. 15 and 16 (rotation matrices), and symmetry."""

import math
from dataclasses import replace

import pytest
import torch
from support_models import EXACT, SHAPE, TEXT, T, X, awake, gap, normal

from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.positions import (
    grid_positions,
    joint_positions,
    sincos,
    sincos_2d,
)
from coursekit.models.rope import axial_angles, rope_angles, rotate


def rotation_matrix(place, dim):
    """R of eq. 15, for i = 1..d/2."""
    blocks = []
    for i in range(1, dim // 2 + 1):
        angle = place * 10_000 ** (-2 * (i - 1) / dim)
        c, s = math.cos(angle), math.sin(angle)
        blocks.append(torch.tensor([[c, -s], [s, c]], dtype=torch.float64))
    return torch.block_diag(*blocks)


def test_turning_is_the_matrix_of_the_paper():
    places, x = [0.0, 1.0, 2.5, -7.0, 300.0], normal(3, 5, 10)
    turned = rotate(x, rope_angles(torch.tensor(places, dtype=torch.float64), 10))
    for i, place in enumerate(places):
        want = x[:, i] @ rotation_matrix(place, 10).T
        torch.testing.assert_close(turned[:, i], want, **EXACT)


def test_only_the_difference_of_places_is_seen():
    q, k = normal(4, 8), normal(4, 8, seed=1)
    p, r = torch.tensor([0.0, 3.0, 11.5, -2.0]), torch.tensor([5.0, 1.0, 0.5, -9.0])
    p, r = p.double(), r.double()
    for shift in (0.0, 1.0, -17.25, 1000.0):
        a = rotate(q, rope_angles(p + shift, 8))
        b = rotate(k, rope_angles(r + shift, 8))
        alone = (q * rotate(k, rope_angles(r - p, 8))).sum(-1)
        torch.testing.assert_close((a * b).sum(-1), alone, rtol=0, atol=1e-10)


def test_lengths_stay_and_angles_add_up():
    x, p, r = normal(2, 6, 12), normal(6, 6), normal(6, 6, seed=2)
    torch.testing.assert_close(rotate(x, p).norm(dim=-1), x.norm(dim=-1), **EXACT)
    torch.testing.assert_close(rotate(rotate(x, p), r), rotate(x, p + r), **EXACT)
    torch.testing.assert_close(rotate(rotate(x, p), -p), x, **EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_narrow_numbers_are_turned_in_float32(dtype):
    x, angles = normal(2, 3, 7, 8).to(dtype), normal(7, 4)
    turned = rotate(x, angles)
    assert turned.dtype == dtype
    want = rotate(x.double(), angles).to(dtype)
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(turned, want, rtol=2 * eps, atol=2 * eps)


def test_turning_back_is_its_gradient():
    x = normal(2, 5, 6).requires_grad_()
    angles, weight = normal(5, 3), normal(2, 5, 6, seed=3)
    (slope,) = torch.autograd.grad((rotate(x, angles) * weight).sum(), x)
    torch.testing.assert_close(slope, rotate(weight, -angles), **EXACT)


def test_axes_turn_shares_of_their_own():
    grid = grid_positions(3, 4)
    angles = axial_angles(grid, (4, 6))
    torch.testing.assert_close(angles[:, :2], rope_angles(grid[:, 0], 4), **EXACT)
    torch.testing.assert_close(angles[:, 2:], rope_angles(grid[:, 1], 6), **EXACT)


def test_a_centred_grid_matters_only_beside_other_tokens():
    """A common shift of all patches cancels; a shift against a prompt does not."""
    for told, text in (("adaln", None), ("context", TEXT)):
        config = DiTConfig(**SHAPE, depth=2, told=told, text=text, positions="rope")
        corner = awake(DiT(config), 0.2)
        centre = DiT(replace(config, positions="rope-centred"))
        centre.load_state_dict(corner.state_dict())
        moved = gap(corner(X, T), centre(X, T))
        assert moved < 1e-5 if told == "adaln" else moved > 1e-3


def test_centred_grids_share_their_middle():
    assert torch.equal(
        grid_positions(2, 3).T, torch.tensor([[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]])
    )
    for height, width in ((1, 1), (3, 4), (8, 8), (9, 2)):
        grid = grid_positions(height, width, centred=True)
        torch.testing.assert_close(grid.mean(0), torch.zeros(2).double(), **EXACT)
        torch.testing.assert_close(grid, -grid.flip(0), **EXACT)
    small = {tuple(p) for p in grid_positions(3, 4, centred=True).tolist()}
    large = {tuple(p) for p in grid_positions(7, 6, centred=True).tolist()}
    assert small < large


def test_words_go_on_along_the_diagonal():
    places = joint_positions(3, 4, 6)
    assert places.dtype == torch.float64
    torch.testing.assert_close(places[3:], grid_positions(4, 6, centred=True), **EXACT)
    assert places[:3].tolist() == [[3.5, 3.5], [4.5, 4.5], [5.5, 5.5]]
    for height, width in ((8, 8), (5, 2), (1, 9)):
        words = joint_positions(4, height, width)[:4]
        corner = max(grid_positions(height, width, centred=True).max(0).values)
        assert float(words[0, 0] - corner) == 1
        assert (words[:, 0] == words[:, 1]).all()
        assert (words.diff(dim=0) == 1).all()
    square = joint_positions(5, 8, 8)
    assert len({tuple(p) for p in square.tolist()}) == 5 + 64


def test_sinusoids_against_the_formula_written_out():
    places = torch.tensor([0.0, 1.0, 5.5], dtype=torch.float64)
    angles = torch.stack([places / 10_000 ** (2 * i / 6) for i in range(3)], dim=1)
    want = torch.cat([angles.sin(), angles.cos()], dim=1)
    torch.testing.assert_close(sincos(places, 6), want, rtol=0, atol=1e-14)


def test_columns_first_then_rows():
    """DiT's get_2d_sincos_pos_embed goes by column first ("here w goes first")."""
    grid = grid_positions(3, 5)
    got = sincos_2d(grid, 12)
    torch.testing.assert_close(got[:, :6], sincos(grid[:, 1], 6), **EXACT)
    torch.testing.assert_close(got[:, 6:], sincos(grid[:, 0], 6), **EXACT)
    assert len({tuple(row) for row in got.tolist()}) == 15


def test_sizes_that_cannot_be():
    for call, *args in (
        (rope_angles, torch.zeros(3), 5),
        (sincos, torch.zeros(3), 5),
        (sincos_2d, torch.zeros(3, 2), 6),
        (axial_angles, torch.zeros(3, 2), (4, 4, 4)),
        (axial_angles, torch.zeros(3, 2), (3, 5)),
    ):
        with pytest.raises(ValueError):
            call(*args)
