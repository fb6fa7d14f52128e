"""Reflections judged. Authority: scenes whose answers are known, and counting."""

import numpy as np
import pytest
from changed_scenes import wrong

from coursekit.datasets.teddy.looking_glass import halls
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.evaluation.mirror import BINS, chance, mirror_figures, reflections

PICTURES, MASKS, SCENES = halls(120, 24, seed=8, split="test")


def test_real_reflections_agree():
    found = mirror_figures(PICTURES, SCENES)
    assert found["hat"] > 0.98 and found["fur"] > 0.98 and found["readable"] > 0.98
    assert len(found["hat_by_distance"]) == len(BINS) - 1


def test_somebody_else_in_the_mirror_is_noticed():
    """The mirror of a bear with a hat that the reflection does not wear."""
    strangers = render([wrong(scene) for scene in SCENES], 24)
    mixed = np.where(MASKS[..., None], strangers, PICTURES)
    found = mirror_figures(mixed, SCENES)
    assert found["hat"] < 0.03 and found["fur"] > 0.95


def test_grey_glass_is_unreadable_and_counts_for_nothing():
    blank = np.where(MASKS[..., None], np.uint8(128), PICTURES)
    found = mirror_figures(blank, SCENES)
    assert found["readable"] < 0.1
    assert np.isnan(reflections(blank, SCENES)["hat"]).mean() > 0.9


def test_chance_by_counting():
    bears = [("brown", "red"), ("brown", "blue"), ("pink", "red"), ("pink", "red")]
    scenes = [Scene(bears=(Bear(fur, hat),)) for fur, hat in bears]
    found = chance(scenes)
    assert found["blind"] == pytest.approx((3 / 4) ** 2 + (1 / 4) ** 2)
    assert found["fur"] == pytest.approx((1 / 2 + 1) / 2)
