"""Lecture 1's experiments on pictures: histograms of pixels, and pictures by sampler.

Authorities: hand-counted cells, the Good-Turing share, independent normal numbers (no
histogram can beat the Gaussian there), images correlated by design, the closed-form
predictor of Gaussian pictures (samples must match their moments), and a ruler fed with
real pictures (distance at the floor).
"""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from coursekit.experiments.cache import Images
from coursekit.experiments.image_ruler import DIMS, Ruler, correlation, reduced
from coursekit.lectures.l01_diffusion.experiments.naive_density import (
    correlation_by_lag,
    density_by_dimension,
    gaussian_split,
    histogram_scores,
    pixel_pairs,
    splitter,
    whitened_components,
)
from coursekit.lectures.l01_diffusion.experiments.quality_images import (
    Setting,
    judge,
    plan,
    sample,
)
from coursekit.theory.ddpm_schedule import make_schedule

# --- histograms in many dimensions, and pairs of pixels ------------------------------


def test_three_points_by_hand():
    train = np.array([[0.5], [0.6], [1.7]])  # cells of width 0.8: two in one, one alone
    scores = histogram_scores(train, np.array([[0.7], [-3.0]]))
    assert scores["hit"] == 0.5
    unseen = 1 / 3  # one cell was seen once among three points
    seen_mass = (1 - unseen) * 2 / 3 + unseen / 10
    truth = (math.log(seen_mass) + math.log(unseen / 10)) / 2 - math.log(0.8)
    assert scores["log_likelihood"] == pytest.approx(truth)


def test_counting_dies_out_even_for_independent_numbers():
    result = density_by_dimension(gaussian_split(2000, 300), seeds=(0, 1))
    hit = dict(zip(result["dims"], result["hit"], strict=True))
    gain = dict(zip(result["dims"], result["gain"], strict=True))
    assert hit[2] > 0.98 and hit[8] < 0.1 and hit[16] == 0
    assert all(value < 0.01 for value in gain.values())  # the Gaussian is the truth
    assert gain[8] < -2
    assert result["half_dims"] < 6


def test_a_two_humped_law_is_where_counting_wins_in_one_dimension():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], (3000, 16)) + 0.1 * rng.standard_normal((3000, 16))
    rows = np.round(255 * (x + 2) / 4).clip(0, 255).astype(np.uint8)
    split = splitter(rows.reshape(3000, 4, 4), 500)
    result = density_by_dimension(split, (0,), dims=(1, 16))
    assert result["gain"][0] > -0.05
    assert result["gain"][1] < -3


def test_components_are_white_on_the_training_part():
    rng = np.random.default_rng(1)
    train = rng.standard_normal((400, 5)) @ rng.standard_normal((5, 5))
    white, _ = whitened_components(train, train[:3], 3)
    assert np.allclose(np.cov(white, rowvar=False), np.eye(3))


def test_pixels_correlated_by_design():
    rng = np.random.default_rng(2)
    base = rng.standard_normal((4000, 9, 12))
    smooth = base[:, :, :-1] + base[:, :, 1:]  # lag 1 shares half, lag 2 nothing
    images = (128 + 25 * smooth).clip(0, 255).astype(np.uint8)
    near, far = correlation_by_lag(images, (1, 4))["correlation"]
    assert near == pytest.approx(0.5, abs=0.02)
    assert far == pytest.approx(0, abs=0.02)
    pair = pixel_pairs(images, 1)
    assert pair["correlation"] == pytest.approx(0.5, abs=0.06)
    assert len(pair["a"]) == 4000
    with pytest.raises(ValueError, match="do not fit"):
        pixel_pairs(images, 11)


# --- pictures by sampler -------------------------------------------------------------

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
def test_samples_have_the_moments_of_the_data(sampler):
    images = sample(gaussian_model, Setting(sampler, 25, 0, 40), SCHEDULE, (1, 8, 8))
    assert images.shape == (40, 8, 8, 1)
    assert images.mean() == pytest.approx(127.5, abs=2.5)
    assert images.std() == pytest.approx(127.5 * STD, rel=0.15)


def test_one_seed_starts_every_length_from_the_same_noise():
    short, long = (
        sample(gaussian_model, Setting("ddim_0", n, 3, 6), SCHEDULE, (1, 8, 8))
        for n in (10, 50)
    )
    other = sample(gaussian_model, Setting("ddim_0", 10, 4, 6), SCHEDULE, (1, 8, 8))
    assert correlation(short, long) > 0.99
    assert abs(correlation(short, other)) < 0.3


def test_judging_real_pictures_lands_on_the_floor():
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


def test_the_plan_compares_equal_counts():
    settings = plan((0, 1, 2), quick=False)
    assert len(set(settings)) == len(settings)
    assert {s.pictures for s in settings if s.nfe <= 100} == {64}
    assert sum(s.nfe == 1000 for s in settings) == 3
    assert sum(s.nfe * s.pictures for s in plan((0,), quick=True)) < 3000
