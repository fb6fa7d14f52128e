"""What is counted in clips.

Authorities: counts by hand, a frozen clip, bytes that would wrap around.
"""

import math

import numpy as np
import pytest

from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.evaluation.clip_measures import (
    flicker_rate,
    flicker_rates,
    frame_error,
    motion,
)


def test_flicker_by_hand():
    words = np.array([["red", "red", "blue", "blue"], ["none", "red", "none", "red"]])
    assert flicker_rate(words) == pytest.approx(4 / 6)


def test_what_cannot_be_read_is_no_flicker():
    words = np.array([["red", UNREADABLE, "red", "red", "blue"]])
    assert flicker_rate(words) == pytest.approx(1 / 2)
    assert math.isnan(flicker_rate(np.array([[UNREADABLE, "red"]])))


def test_told_words_are_named_apart():
    steady, unsteady = np.array([["red", "red"]]), np.array([["red", "blue"]])
    words = {"hat": unsteady, "fur": steady}
    assert flicker_rates(words, ["fur"]) == {"untold hat": 1.0, "told fur": 0.0}
    with pytest.raises(ValueError, match="place"):
        flicker_rates(words, ["place"])


def clips(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 5, 8, 8, 3), np.uint8)


def test_a_frozen_clip_neither_flickers_nor_moves():
    frozen = np.repeat(clips()[:, :1], 5, axis=1)
    assert motion(frozen) == 0
    seen = frozen.reshape(3, 5, -1)[..., 0].astype(str)
    assert flicker_rate(seen) == 0
    assert motion(clips()) > 0


def test_motion_and_error_of_black_and_white():
    black_white = np.zeros((1, 2, 4, 4, 3), np.uint8)
    black_white[:, 1] = 255
    assert motion(black_white) == motion(black_white[:, ::-1]) == 1
    truth = np.zeros_like(black_white)
    assert frame_error(black_white, truth) == pytest.approx([0, 1])
    assert frame_error(truth, black_white) == pytest.approx([0, 1])
    assert frame_error(truth + 51, truth) == pytest.approx([0.2, 0.2])
    with pytest.raises(ValueError, match="beside"):
        frame_error(truth, truth[:, :1])
