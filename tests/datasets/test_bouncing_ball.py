"""A ball in a box.

Authorities: conserved energy, time reversal, a simulator that goes from wall to wall,
and the laws that the clips are drawn by.
"""

import pytest
import torch

from coursekit.datasets.bouncing_ball import (
    FASTEST,
    SLOWEST,
    ball_clips,
    ball_states,
)


def start(count: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    both = torch.rand(count, 4, generator=generator, dtype=torch.float64) * 2 - 1
    return both[:, :2], both[:, 2:]


def test_energy_is_conserved_and_the_ball_stays_in_the_box():
    place, velocity = start()
    places, velocities = ball_states(place, 5 * velocity, 40)
    energy = velocities.square().sum(-1) / 2
    assert torch.equal(energy, energy[:, :1].expand(-1, 40))
    assert places.abs().max() <= 1
    assert torch.equal(places[:, 0], place)


def test_backwards_in_time_is_a_ball_too():
    place, velocity = start()
    places, velocities = ball_states(place, velocity, 30)
    back, _ = ball_states(places[:, -1], -velocities[:, -1], 30)
    assert back.flip(1) == pytest.approx(places, abs=1e-12)


def test_the_same_as_going_from_wall_to_wall():
    place, velocity = start(20)
    places, velocities = ball_states(place, velocity, 12)
    for row in range(20):
        for axis in range(2):
            x, v = float(place[row, axis]), float(velocity[row, axis])
            for frame in range(1, 12):
                left = 1.0
                while (wall := (1 if v > 0 else -1) - x) / v < left:
                    left, x, v = left - wall / v, x + wall, -v
                x += v * left
                assert float(places[row, frame, axis]) == pytest.approx(x, abs=1e-9)
                assert float(velocities[row, frame, axis]) == v


def test_a_later_beginning_is_the_rest_of_the_clip():
    place, velocity = start(5)
    whole, _ = ball_states(place, velocity, 10)
    rest, _ = ball_states(place, velocity, 6, first=4)
    assert torch.equal(whole[:, 4:], rest)


def test_clips_start_anywhere_and_go_anywhere_at_every_speed():
    x = ball_clips(20_000, 2, torch.Generator().manual_seed(0))
    assert x.shape == (20_000, 2, 2) and x.dtype == torch.float32
    assert x[:, 0].mean(0) == pytest.approx([0, 0], abs=0.02)
    assert x[:, 0].var(0) == pytest.approx([1 / 3] * 2, abs=0.01)
    inside = x[x[:, 0].abs().amax(1) < 1 - FASTEST]
    step = inside[:, 1] - inside[:, 0]
    speed = step.norm(dim=1)
    assert SLOWEST - 1e-6 <= speed.min() and speed.max() <= FASTEST + 1e-6
    assert speed.mean() == pytest.approx((SLOWEST + FASTEST) / 2, abs=0.002)
    assert (step / speed[:, None]).mean(0) == pytest.approx([0, 0], abs=0.03)
