"""Whether somebody comes back in the same shirt.

Authorities: scipy's Wilson interval; a perfect guesser, a blind one and one with a
favourite; drawn clips, of which the truth is known, and clips without him.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from coursekit.datasets.teddy.clip_drawing import draw_clips, hidden_frames
from coursekit.datasets.teddy.clip_scene import SHIRTS
from coursekit.datasets.teddy.clips import returning_clips
from coursekit.evaluation.recall import (
    GONE,
    pedestrian_recall,
    seen_shirts,
    shirt_shares,
    wilson_interval,
)

FRAMES = 33


@pytest.mark.parametrize(("right", "count"), [(0, 1), (0, 30), (7, 30), (30, 30)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_interval_is_that_of_scipy(right, count, confidence):
    peer = binomtest(right, count).proportion_ci(confidence, "wilson")
    ours = wilson_interval(right, count, confidence)
    assert ours == pytest.approx((peer.low, peer.high), abs=1e-12)


def test_wilson_interval_wants_a_share():
    for right, count in ((-1, 3), (4, 3), (0, 0)):
        with pytest.raises(ValueError, match="right of"):
            wilson_interval(right, count)


def truths(count: int = 6000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 6, count)


def test_a_perfect_guesser_a_blind_one_and_one_with_a_favourite():
    truth = truths()
    perfect = pedestrian_recall(truth, truth)
    assert (perfect.right, perfect.returned) == (1, 1)
    blind = pedestrian_recall(np.random.default_rng(1).integers(0, 6, 6000), truth)
    assert blind.right_between[0] < 1 / 6 < blind.right_between[1]
    assert blind.chance == pytest.approx(1 / 6, abs=0.002)
    favourite = pedestrian_recall(np.full(6000, 2), truth)
    assert favourite.right == favourite.chance == (truth == 2).mean()


def test_chance_is_the_mean_over_shuffled_truths():
    rng = np.random.default_rng(2)
    truth, seen = rng.integers(0, 3, 40), rng.integers(-1, 2, 40)
    back = seen != GONE
    shuffles = [
        (rng.permutation(truth[back]) == seen[back]).mean() for _ in range(4000)
    ]
    chance = pedestrian_recall(seen, truth).chance
    assert chance == pytest.approx(np.mean(shuffles), abs=0.005)


def test_who_does_not_return_is_counted_and_not_judged():
    seen = np.array([0, GONE, GONE, 3])
    found = pedestrian_recall(seen, np.array([0, 1, 2, 4]))
    assert (found.count, found.returned, found.right) == (4, 0.5, 0.5)
    nobody = pedestrian_recall(np.full(3, GONE), np.array([0, 1, 2]))
    assert nobody.returned == 0 and np.isnan(nobody.right)
    assert nobody.right_between == (0, 1)


@pytest.fixture(scope="module")
def returning():
    clips = returning_clips(60, 0, split="test")
    return clips, draw_clips(clips, FRAMES)


def test_the_true_clips_are_read_right(returning):
    clips, drawn = returning
    truth = np.array([SHIRTS.index(clip.shirt) for clip in clips])
    seen = seen_shirts(shirt_shares(drawn, clips)[:, 17:])
    found = pedestrian_recall(seen, truth)
    assert found.returned == 1
    assert found.right == 1


def test_nobody_is_seen_where_he_is_hidden_or_was_never_there(returning):
    clips, drawn = returning
    shares = shirt_shares(drawn, clips)
    hidden = np.stack([hidden_frames(clip, FRAMES) for clip in clips])
    assert shares.max(-1)[hidden].max() < 0.5
    alone = [replace(clip, shirt="none") for clip in clips]
    empty = shirt_shares(draw_clips(alone, FRAMES), clips)
    assert (seen_shirts(empty[:, 17:]) == GONE).all()
