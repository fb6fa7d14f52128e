"""The time embedding and zero initialisation.

Authorities: the formula of Vaswani et al. 2017, written out entry by entry; the
identities of sine and cosine; the definition of zero.
"""

import math

import pytest
import torch

from coursekit.models.layers import TimeEmbedding, timestep_embedding, zero_init


def test_every_entry_is_the_formula() -> None:
    t = torch.tensor([0.0, 0.013, 0.5, 1.0], dtype=torch.float64)
    got = timestep_embedding(t, 6)
    assert got.shape == (4, 6) and got.dtype == torch.float64
    for row, time in enumerate(t.tolist()):
        for i in range(3):
            angle = 1000 * time / 10_000 ** (i / 3)
            assert got[row, i].item() == pytest.approx(math.cos(angle), abs=1e-12)
            assert got[row, 3 + i].item() == pytest.approx(math.sin(angle), abs=1e-12)


def test_a_shift_in_time_is_a_rotation() -> None:
    """cos(a + b) = cos a cos b - sin a sin b, for every frequency at once."""
    t = torch.rand(5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    h = torch.tensor([0.1], dtype=torch.float64)
    cos_t, sin_t = timestep_embedding(t, 8).chunk(2, dim=1)
    cos_h, sin_h = timestep_embedding(h, 8).chunk(2, dim=1)
    moved = torch.cat([cos_t * cos_h - sin_t * sin_h, sin_t * cos_h + cos_t * sin_h], 1)
    torch.testing.assert_close(timestep_embedding(t + h, 8), moved)


def test_neighbouring_steps_of_a_long_chain_differ() -> None:
    rows = timestep_embedding(torch.arange(1, 1001) / 1000, 64)
    assert (rows[1:] - rows[:-1]).norm(dim=1).min() > 0.5


def test_an_odd_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        timestep_embedding(torch.zeros(2), 5)


def test_zero_init_gives_zero_and_the_time_mlp_reads_t() -> None:
    layer = zero_init(torch.nn.Linear(3, 2))
    assert not layer(torch.randn(4, 3)).any()
    torch.manual_seed(0)
    out = TimeEmbedding(8, 16)(torch.tensor([0.1, 0.1, 0.9]))
    assert torch.equal(out[0], out[1]) and not torch.allclose(out[0], out[2])
