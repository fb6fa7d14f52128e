"""Histograms in many dimensions, and pairs of pixels.

Authorities: hand-counted cells, the Good-Turing share, independent normal numbers (no
histogram can beat the Gaussian there), and images correlated by design.
"""

import math

import numpy as np
import pytest

from coursekit.lectures.l01_diffusion.experiments.naive_density import (
    correlation_by_lag,
    density_by_dimension,
    gaussian_split,
    histogram_scores,
    pixel_pairs,
    splitter,
    whitened_components,
)


def test_three_points_by_hand() -> None:
    train = np.array([[0.5], [0.6], [1.7]])  # cells of width 0.8: two in one, one alone
    scores = histogram_scores(train, np.array([[0.7], [-3.0]]))
    assert scores["hit"] == 0.5
    unseen = 1 / 3  # one cell was seen once among three points
    seen_mass = (1 - unseen) * 2 / 3 + unseen / 10
    truth = (math.log(seen_mass) + math.log(unseen / 10)) / 2 - math.log(0.8)
    assert scores["log_likelihood"] == pytest.approx(truth)


def test_counting_dies_out_even_for_independent_numbers() -> None:
    result = density_by_dimension(gaussian_split(2000, 300), seeds=(0, 1))
    hit = dict(zip(result["dims"], result["hit"], strict=True))
    gain = dict(zip(result["dims"], result["gain"], strict=True))
    assert hit[2] > 0.98
    assert hit[8] < 0.1
    assert hit[16] == 0
    assert all(value < 0.01 for value in gain.values())  # the Gaussian is the truth
    assert gain[8] < -2
    assert result["half_dims"] < 6


def test_a_two_humped_law_is_where_counting_wins_in_one_dimension() -> None:
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], (3000, 16)) + 0.1 * rng.standard_normal((3000, 16))
    rows = np.round(255 * (x + 2) / 4).clip(0, 255).astype(np.uint8)
    split = splitter(rows.reshape(3000, 4, 4), 500)
    result = density_by_dimension(split, (0,), dims=(1, 16))
    assert result["gain"][0] > -0.05
    assert result["gain"][1] < -3


def test_components_are_white_on_the_training_part() -> None:
    rng = np.random.default_rng(1)
    train = rng.standard_normal((400, 5)) @ rng.standard_normal((5, 5))
    white, _ = whitened_components(train, train[:3], 3)
    assert np.allclose(np.cov(white, rowvar=False), np.eye(3))


def test_pixels_correlated_by_design() -> None:
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
