"""The time embedding, zero initialisation, the MLP and the score network.

Authorities: the formula of Vaswani et al. 2017; a count of weights on paper; geometric
sequences.
"""

import pytest
import torch
from support_models import EXACT, normal

from coursekit.models.layers import TimeEmbedding, timestep_embedding, zero_init
from coursekit.models.mlp import EpsMLP
from coursekit.models.score_net import ScoreNet, sigma_ladder
from coursekit.models.unet import count_parameters


def test_every_entry_is_the_formula():
    t = torch.tensor([0.0, 0.013, 0.5, 1.0], dtype=torch.float64)
    angles = torch.stack([1000 * t / 10_000 ** (i / 3) for i in range(3)], dim=1)
    want = torch.cat([angles.cos(), angles.sin()], dim=1)
    torch.testing.assert_close(timestep_embedding(t, 6), want, **EXACT)
    with pytest.raises(ValueError, match="even"):
        timestep_embedding(t, 5)


def test_neighbouring_steps_of_a_long_chain_differ():
    rows = timestep_embedding(torch.arange(1, 1001) / 1000, 64)
    assert (rows[1:] - rows[:-1]).norm(dim=1).min() > 0.5


def test_zero_init_gives_zero_and_the_time_mlp_reads_t():
    layer = zero_init(torch.nn.Linear(3, 2))
    assert not layer(torch.randn(4, 3)).any()
    torch.manual_seed(0)
    out = TimeEmbedding(8, 16)(torch.tensor([0.1, 0.1, 0.9]))
    assert torch.equal(out[0], out[1]) and not torch.allclose(out[0], out[2])


def test_the_mlp_counts_its_parameters_and_is_blind_to_time_if_told_so():
    """Closed form: (2 + 64) w + w + (w w + w) + 2 w + 2 for two layers of width w."""
    w = 10
    assert count_parameters(EpsMLP(width=w, depth=2)) == 66 * w + w + w * w + w + 22
    x, t, blind = normal(5, 2).float(), torch.rand(5), EpsMLP(width=16, time=False)
    assert torch.equal(blind(x, t), blind(x, 1 - t))


def test_the_ladder_falls_in_equal_ratios_from_end_to_end():
    sigmas = sigma_ladder(10.0, 0.01, 7)
    torch.testing.assert_close(sigmas, 10 * 1e-3 ** (torch.arange(7.0).double() / 6))


def test_what_is_learnt_is_the_noise_with_its_sign_turned():
    """sigma * score is the raw network: of size one at every level."""
    torch.manual_seed(0)
    net = ScoreNet(sigma_min=0.01, sigma_max=10.0)
    for level in (0.01, 0.3, 10.0):
        sigma = torch.full((64,), level)
        assert (sigma[:, None] * net(torch.zeros(64, 2), sigma)).abs().max() < 5
