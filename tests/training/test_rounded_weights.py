"""Rounding weights before they ship, against the definition of a float."""

import torch

from coursekit.training.publish import rounded


def test_seven_bits_are_those_of_bf16() -> None:
    """Peer: torch's own rounding to bfloat16 (to nearest, ties to even)."""
    x = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) * 3
    torch.testing.assert_close(rounded(x, 7), x.bfloat16().float(), rtol=0, atol=0)


def test_three_bits_move_a_number_by_a_sixteenth_at_most() -> None:
    """Closed form: half a step of 2^-3, relative to the power of two below."""
    x = torch.randn(10_000, generator=torch.Generator().manual_seed(1))
    near = rounded(x, 3)
    assert ((near - x).abs() <= x.abs() / 16).all()
    assert len(torch.frexp(near.abs())[0].unique()) == 8  # 1, 9/8, .. 15/8, halved
    assert torch.equal(rounded(near, 3), near)
    assert torch.equal(rounded(torch.zeros(3), 3), torch.zeros(3))
