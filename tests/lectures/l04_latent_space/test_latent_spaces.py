"""Spaces of codes. Authorities: data that one number describes, a KL price that nobody
can pay, two crowds of one law, and the covariance that draws are made from."""

import numpy as np
import pytest
import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.lectures.l04_latent_space.experiments.dense import (
    Dense,
    DenseConfig,
    lesson,
)
from coursekit.lectures.l04_latent_space.experiments.spaces import (
    draws,
    emptiness,
    looked_at,
)
from coursekit.lectures.l04_latent_space.experiments.worlds import (
    FASHION,
    TEDDY,
    recognisable,
)
from coursekit.theory.vae import kl_to_normal


def one_factor(count: int) -> Tensor:
    """Pictures (count, 1, 4, 4) that one number describes."""
    generator = torch.Generator().manual_seed(0)
    basis = torch.linspace(-1, 1, 16).reshape(1, 1, 4, 4)
    return 0.5 * torch.randn(count, 1, 1, 1, generator=generator) * basis


def learnt(beta: float | None, x: Tensor) -> Dense:
    torch.manual_seed(0)
    config = DenseConfig((1, 4, 4), 32, 2, variational=beta is not None)
    net = Dense(config)
    for _ in lesson(net, x, 300, beta or 0.0, noise=0.1, batch=64):
        pass
    return net.eval().requires_grad_(False)  # type: ignore[no-any-return]


def test_one_number_is_enough_and_the_other_is_left_unused() -> None:
    x = one_factor(1000)
    plain, shaped = learnt(None, x), learnt(1.0, x)
    for net in (plain, shaped):
        off = (net.rebuild(net.bells(x).mean) - x).square().mean()
        assert float(off) < 0.1 * float(x.square().mean())
    assert bool((plain.bells(x).log_var == -30).all())
    mean, log_var = shaped.bells(x)
    each = (mean**2 + log_var.exp() - 1 - log_var).mean(0) / 2
    assert float(each.max()) > 20 * float(each.min())  # the second number is unused


def test_a_price_that_nobody_pays_collapses_the_code() -> None:
    x = one_factor(1000) + 0.3
    net = learnt(1e4, x)
    mean, log_var = net.bells(x)
    assert float(kl_to_normal(mean, log_var).mean()) < 0.01
    assert float((net.rebuild(mean) - x.mean(0)).square().mean()) < 0.01


def test_emptiness_of_one_law_and_of_another_place() -> None:
    generator = torch.Generator().manual_seed(0)
    codes, own, random = torch.randn(3, 2000, 2, generator=generator)
    assert emptiness(codes, own, random) == pytest.approx(0.01, abs=0.008)
    assert emptiness(codes, own, random + 50) == 1.0
    spikes = codes * torch.tensor([1.0, 0.001])  # a needle: round it is empty
    assert emptiness(spikes, own * torch.tensor([1.0, 0.001]), random) > 0.9


def test_draws_have_the_moments_they_promise() -> None:
    generator = torch.Generator().manual_seed(0)
    root = torch.tensor([[1.0, 0.0], [2.0, 0.5]])
    codes = torch.randn(4000, 2, generator=generator) @ root.T + 3
    found = draws(codes, 20_000, 0)
    assert torch.allclose(torch.cov(found["normal"].T), torch.eye(2), atol=0.05)
    assert torch.allclose(torch.cov(found["fitted"].T), root @ root.T, atol=0.25)
    scaled = torch.cov(found["scaled"].T)
    assert abs(float(scaled[0, 1])) < 0.1  # each number by itself: no correlation
    assert torch.allclose(scaled.diag(), torch.cov(codes.T).diag(), rtol=0.1)


def test_an_untrained_network_makes_no_scenes() -> None:
    from coursekit.datasets.teddy.sample import teddies

    images, _ = teddies(30, 32, seed=1)
    torch.manual_seed(0)
    net = Dense(DenseConfig(width=16, latent=4))
    found = looked_at(net, TEDDY, to_model(images), images, 0)
    assert found["ok_rebuilt"] == found["ok_normal"] == 0
    assert found["psnr"] < 15 and 0 <= found["void"] <= 1
    assert found["frechet_normal"] > 50


def test_judges_accept_real_pictures_and_refuse_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)
    assert recognisable(FASHION.held_out(200)) > 0.6
    grey = np.full((20, 28, 28, 1), 128, np.uint8)
    assert recognisable(grey) == 0 or recognisable(noise) < 0.5
    assert TEDDY.accepted(TEDDY.held_out(30)) > 0.9
