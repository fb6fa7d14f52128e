"""Pictures by sampler: the bookkeeping around the samplers.

Authorities: the closed-form predictor of Gaussian pictures (samples must match their
moments), and a ruler fed with real pictures (distance at the floor).
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from coursekit.experiments.cache import Images
from coursekit.experiments.image_ruler import DIMS, Ruler, correlation, reduced
from coursekit.lectures.l01_diffusion.experiments.quality_images import (
    Setting,
    judge,
    plan,
    sample,
)
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULE = make_schedule("cosine", 50)
STD = 0.3  # of every pixel


def gaussian_model(xt: Tensor, t: Tensor) -> Tensor:
    """E[eps | xt] for independent pixels of mean 0 and std STD."""
    alpha_bar = SCHEDULE.alpha_bar[(t * 50).round().long()][:, None, None, None]
    var = alpha_bar * STD**2 + 1 - alpha_bar
    return (xt * (1 - alpha_bar).sqrt() / var).float()


def pixels(images: Images) -> Tensor:
    return torch.from_numpy(images.reshape(len(images), -1)[:, :40].astype(np.float64))


def real(count: int, seed: int) -> Images:
    rng = np.random.default_rng(100 + seed)
    x = STD * rng.standard_normal((count, 8, 8, 1))
    return np.round(127.5 * (x + 1)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("sampler", ["skipped", "ddim_0", "ddim_1"])
def test_samples_have_the_moments_of_the_data(sampler: str) -> None:
    images = sample(gaussian_model, Setting(sampler, 25, 0, 40), SCHEDULE, (1, 8, 8))
    assert images.shape == (40, 8, 8, 1)
    assert images.mean() == pytest.approx(127.5, abs=2.5)
    assert images.std() == pytest.approx(127.5 * STD, rel=0.15)


def test_one_seed_starts_every_length_from_the_same_noise() -> None:
    short, long = (
        sample(gaussian_model, Setting("ddim_0", n, 3, 6), SCHEDULE, (1, 8, 8))
        for n in (10, 50)
    )
    other = sample(gaussian_model, Setting("ddim_0", 10, 4, 6), SCHEDULE, (1, 8, 8))
    assert correlation(short, long) > 0.99
    assert abs(correlation(short, other)) < 0.3


def test_judging_real_pictures_lands_on_the_floor() -> None:
    reference = real(2000, 50)
    features = reduced(pixels, reference)
    white = features(reference)
    assert torch.allclose(torch.cov(white.T), torch.eye(DIMS).double(), atol=1e-6)
    ruler = Ruler(features, white, real, lambda images: 1.0, "pixels")
    images = {
        Setting(name, nfe, seed, 64): real(64, 7 * nfe + seed)
        for name in ("ddim_0", "ddim_1")
        for nfe in (5, 10)
        for seed in (0, 1)
    }
    result = judge(images, ruler)
    assert result["nfes"] == [5, 10]
    assert result["ddim_0_frechet"][1] == result["ddim_0_10_frechet"]
    assert result["ddim_0_5_frechet"] == pytest.approx(result["floor_frechet"], rel=0.5)
    assert abs(result["ddim_1_5_energy"]) < 0.1
    assert result["ddim_1_valid"] == [1.0, 1.0]
    assert abs(result["ddim_0_same"][0]) < 0.2  # independent pictures here


def test_the_plan_compares_equal_counts() -> None:
    settings = plan((0, 1, 2), quick=False)
    assert len(set(settings)) == len(settings)
    assert {s.pictures for s in settings if s.nfe <= 100} == {64}
    assert sum(s.nfe == 1000 for s in settings) == 3
    assert sum(s.nfe * s.pictures for s in plan((0,), quick=True)) < 3000
