"""What distances of clips notice.

Authorities: invariants of each change (frames kept, order lost, motion 0), and that a
distance by frames is blind to their order.
"""

from collections import Counter

import numpy as np
import pytest
import torch

from coursekit.evaluation.clip_changes import (
    CHANGES,
    floors,
    frame_wise,
    sensitivity,
)
from coursekit.evaluation.clip_measures import motion
from coursekit.evaluation.frechet import frechet

SIDE = 6


def clips(count: int = 40, seed: int = 0) -> np.ndarray:
    """Smooth clips with a drift of their own, so that order and speed matter."""
    rng = np.random.default_rng(seed)
    start, rate = rng.random((2, count, 1, 1, 1, 3))
    grid = np.arange(SIDE)[:, None, None] / 9
    time = np.arange(9)[:, None, None, None] / 9
    wave = np.sin(3 * (start + (0.5 + rate) * time + grid)) * np.ones((SIDE, SIDE, 3))
    return np.rint(127.5 + 120 * wave).astype(np.uint8)


def changed(name: str) -> np.ndarray:
    return CHANGES[name](clips(), np.random.default_rng(0))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_keeps_shape_and_type_and_changes(name):
    before = clips()
    after = CHANGES[name](before, np.random.default_rng(0))
    assert after.shape == before.shape and after.dtype == np.uint8
    assert not np.array_equal(after, before)
    assert np.array_equal(before, clips()), "the clips themselves stay"


def frames_of(found: np.ndarray) -> list[Counter[bytes]]:
    return [Counter(frame.tobytes() for frame in clip) for clip in found]


@pytest.mark.parametrize("name", ["shuffled", "backwards"])
def test_order_changes_leave_every_clip_its_frames(name):
    assert frames_of(changed(name)) == frames_of(clips())


def test_foreign_frames_are_real_frames_of_others():
    after, before = changed("every second frame foreign"), clips()
    assert np.array_equal(after[:, ::2], before[:, ::2])
    assert np.array_equal(after[1:, 1::2], before[:-1, 1::2])
    assert sum(frames_of(after), Counter()) == sum(frames_of(before), Counter())


def test_frozen_clips_do_not_move_and_slow_ones_stand_every_second_time():
    assert motion(changed("frozen")) == 0
    slow = changed("half speed").astype(int)
    steps = np.abs(np.diff(slow, axis=1)).sum((0, 2, 3, 4))
    assert (steps[::2] == 0).all() and (steps[1::2] > 0).all()


def test_blur_keeps_what_is_even_and_noise_has_its_size():
    even = np.full((2, 3, 64, 64, 3), 90, np.uint8)
    rng = np.random.default_rng(0)
    assert np.array_equal(CHANGES["blurred"](even, rng), even)
    noise = CHANGES["noisy"](even, rng).astype(float) - 90
    assert noise.std() == pytest.approx(0.05 * 255, rel=0.02)
    dot = np.zeros((1, 1, 5, 5, 3), np.uint8)
    dot[:, :, 2, 2] = 90
    assert (CHANGES["blurred"](dot, rng)[0, 0, 1:4, 1:4] == 10).all()


def pictures(frames: np.ndarray) -> torch.Tensor:
    flat = torch.from_numpy(frames.astype(np.float64)).flatten(1)
    mix = torch.randn(flat.shape[1], 5, generator=torch.Generator().manual_seed(0))
    return torch.tanh(flat @ mix.double() / 500)


def moves(found: np.ndarray) -> torch.Tensor:
    """Two features of a clip that know its motion."""
    step = torch.from_numpy(np.diff(found.astype(np.float64), axis=1)).flatten(1)
    return torch.stack([step.abs().mean(1), step.mean(1)], dim=1)


def test_frames_do_not_know_their_order_and_clips_do():
    real, other = clips(seed=1), clips(seed=2)
    by_frames = frame_wise(pictures)
    exact = frechet(by_frames(other), by_frames(real))
    mixed = CHANGES["shuffled"](other, np.random.default_rng(0))
    assert exact > 1e-4
    assert frechet(by_frames(mixed), by_frames(real)) == pytest.approx(exact, abs=1e-10)
    found = sensitivity(moves, other, real)
    assert set(found) == {"floor", *CHANGES}
    assert min(found["frozen"], found["shuffled"], found["half speed"]) > 5
    assert sensitivity(by_frames, other, real)["shuffled"] == pytest.approx(1)


def test_floors_fall_like_one_over_n():
    x, y = torch.randn(2, 20_000, 4, generator=torch.Generator().manual_seed(0))
    small = np.mean([floors(x[i:], y[i:], [100])[0] for i in range(0, 6000, 100)])
    large = np.mean([floors(x[i:], y[i:], [1000])[0] for i in range(0, 19_000, 1000)])
    assert small / large == pytest.approx(10, rel=0.2)
