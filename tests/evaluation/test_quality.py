"""Sampling, feature spaces and the figures of a recipe.

Authorities: an exact denoiser (samples must follow its Gaussian), real pictures against
real pictures, and damage whose order is known beforehand.
"""

import numpy as np
import pytest
import torch
from support.pixels import ExactPixels

from coursekit.datasets import fashion
from coursekit.evaluation import quality
from coursekit.evaluation.features import (
    NAMES,
    FashionClassifier,
    fashion_classes,
    features,
    load_classifier,
)
from coursekit.evaluation.sampling import Walk, image_grid, sample_images
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.paths import DDPMPath
from coursekit.training.objectives import Chain

EXACT = ExactPixels(DDPMPath(make_schedule("cosine", 100)), 0.2, 0.1, "eps")


def walk(eta: float) -> Walk:
    """The walk of a chain with another eta."""
    chain = Chain("cosine", 100)
    chain.eta = eta
    return chain.walk


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_samples_follow_the_law_of_an_exact_model(eta):
    images = sample_images(EXACT, walk(eta), (1, 8, 8), 120, 100, seed=0)
    assert images.shape == (120, 8, 8, 1)
    pixels = images / 127.5 - 1
    # 7680 pixels: five standard errors of the mean.
    assert abs(pixels.mean() - 0.2) < 0.006
    # 100 steps leave an error of their own. It is larger for eta = 1, which adds the
    # smaller of DDPM's two variances: right for a point, too little for all else.
    assert 0.1 - (0.009 if eta == 0 else 0.016) < pixels.std() < 0.106


def test_a_seed_means_the_same_pictures_and_more_pictures_begin_alike():
    one = sample_images(EXACT, walk(0.0), (1, 4, 4), 5, 4, seed=3)
    two = sample_images(EXACT, walk(0.0), (1, 4, 4), 9, 4, seed=3)
    other = sample_images(EXACT, walk(0.0), (1, 4, 4), 5, 4, seed=4)
    assert np.array_equal(one, two[:5]) and not np.array_equal(one, other)


def test_the_grid_puts_every_pixel_where_it_belongs():
    images = np.arange(3 * 2 * 2, dtype=np.uint8).reshape(3, 2, 2, 1)
    grid = image_grid(images, columns=2, zoom=1)[..., 0]
    assert grid.shape == (5, 5)
    assert np.array_equal(grid[:2, 3:], images[1, ..., 0])
    assert np.array_equal(grid[3:, :2], images[2, ..., 0])
    assert (grid[3:, 3:] == 255).all() and (grid[2] == 255).all()


def test_the_classifier_reads_held_out_clothes_as_its_card_says():
    images, labels = fashion.load("test")
    accuracy = float((fashion_classes(images) == labels).mean())
    assert accuracy > 0.87
    assert accuracy == pytest.approx(load_classifier()[1]["test_accuracy"], abs=0.03)


def test_the_distance_grows_with_noise_and_is_small_for_real():
    a, b = quality.held_out_images("fashion", 400, seed=0)
    assert not {x.tobytes() for x in a} & {x.tobytes() for x in b}
    rng = np.random.default_rng(0)

    def distance(noise: float) -> float:
        worse = b + rng.normal(0, noise, b.shape)
        images = worse.clip(0, 255).astype(np.uint8)
        x, y = quality.vectors("fashion", images), quality.vectors("fashion", a)
        return quality.frechet(x, y)

    distances = [distance(noise) for noise in (0, 20, 60, 120)]
    assert distances == sorted(distances) and distances[-1] > 5 * distances[0]


def test_the_figures_of_a_model_are_worse_than_those_of_real_pictures():
    figures = quality.measure(
        EXACT, walk(1.0), "a name", "fashion", (1, 28, 28), 60, 3, seeds=(0, 1)
    )
    assert figures["frechet"]["mean"] > 5 * figures["frechet_real"]["mean"]
    assert len(figures["frechet"]["values"]) == 2
    assert figures["sampler"] == "a name"
    assert figures["feature_space"] == NAMES["fashion"]


def test_spread_is_mean_and_standard_deviation():
    found = quality.spread([1.0, 3.0])
    assert (found["mean"], found["std"]) == (2.0, pytest.approx(2**0.5))
    assert quality.spread([4.0])["std"] == 0


def test_features_know_their_data_sets():
    with pytest.raises(ValueError, match="fashion, teddy"):
        features("cats", np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="held-out"):
        quality.held_out_images("fashion", 6000, 0)
    assert FashionClassifier()(torch.zeros(1, 1, 28, 28)).shape == (1, 10)
