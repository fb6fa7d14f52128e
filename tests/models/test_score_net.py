"""The score network and its ladder. Authority: geometric sequences, the scaling law
that a score of noise sigma grows like 1 / sigma, and gradients that arrive."""

import math

import torch

from coursekit.models.score_net import ScoreNet, sigma_ladder


def test_the_ladder_falls_in_equal_ratios_from_end_to_end() -> None:
    sigmas = sigma_ladder(10.0, 0.01, 7)
    assert math.isclose(sigmas[0], 10.0) and math.isclose(sigmas[-1], 0.01)
    ratios = sigmas[1:] / sigmas[:-1]
    torch.testing.assert_close(ratios, ratios[:1].expand(6))
    assert ratios[0] < 1


def test_what_is_learnt_is_the_noise_with_its_sign_turned() -> None:
    """sigma * score is the raw network: of size one at every level."""
    torch.manual_seed(0)
    net = ScoreNet(sigma_min=0.01, sigma_max=10.0)
    x0 = torch.zeros(64, 2)
    for level in (0.01, 0.3, 10.0):
        sigma = torch.full((64,), level)
        raw = sigma[:, None] * net(x0 + 0 * sigma[:, None], sigma)
        assert raw.abs().max() < 5


def test_each_sample_is_asked_at_its_own_level() -> None:
    torch.manual_seed(1)
    net = ScoreNet()
    x, sigma = torch.randn(4, 2), torch.tensor([0.02, 0.2, 2.0, 9.0])
    one_by_one = torch.cat([net(x[i : i + 1], sigma[i]) for i in range(4)])
    torch.testing.assert_close(net(x, sigma), one_by_one)
    net(x, sigma).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
