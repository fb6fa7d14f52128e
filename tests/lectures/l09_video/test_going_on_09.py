"""Sections 9.9 and 9.10. Authorities: the simulator of the ball, invariants of the
changes, and what was measured, which must hold with a margin."""

import numpy as np
import pytest
import torch
from support_lectures import hold

from coursekit.datasets.bouncing_ball import ball_clips, ball_states
from coursekit.evaluation.clip_changes import CHANGES
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l09_video import figures
from coursekit.lectures.l09_video.experiments import clip_distances
from coursekit.lectures.l09_video.widgets import ball_roll_out
from coursekit.plots.images import Picture


def test_what_a_past_costs_as_measured():
    hold(
        load_measured("09.F"),
        "teacher_last_true < min(noisy_last_true, half_last_true, own_last_true)",
        "noisy_last_own < 0.75 * teacher_last_own",
        "max(free_last_own_all) > min(free_last_own_all) > teacher_last_own",
        "half_last_own > teacher_last_own",
        # the ratio falls, the error does not
        "own_ratio < 0.6 * teacher_ratio",
        "min(own_last_own_all) < teacher_last_own < max(own_last_own_all)",
        # nor is it better in the frames that self-forcing learnt on
        "own_short_own > teacher_short_own > noisy_short_own",
        "min(teacher_last_own, free_last_own, half_last_own) > centre[-1]",
        "own_last_own > centre[-1] > noisy_last_own",
        "start_back == approx(1, abs=1e-3)",
        "start_both == approx(start_both_exact, abs=0.05)",
    )


def test_the_shown_balls_are_the_simulators():
    stored = load_measured("09.P")
    truth = torch.tensor(stored["truth"], dtype=torch.float64)
    clips = ball_clips(len(truth), 20, torch.Generator().manual_seed(7)).double()
    assert truth == pytest.approx(clips, abs=6e-4)
    for way in figures.SHOWN:
        own = torch.tensor(stored[way], dtype=torch.float64)
        assert torch.equal(own[:, : stored["given"]], truth[:, : stored["given"]])
        assert not torch.equal(own, truth)


def test_the_widget_says_how_far_off_the_ball_is():
    shown, stored = ball_roll_out(), load_measured("09.P")
    shown.controls["way"].value, shown.controls["ball"].value = "free", 2
    shown.controls["frame"].value = 12
    gap = np.subtract(stored["truth"][1][12], stored["free"][1][12])
    assert f"Frame 12: {np.linalg.norm(gap):.2f} box" in shown.scene.text
    shown.controls["frame"].value = 1
    assert shown.scene.text == "Frame 1 is given."


def test_small_errors_grow_as_the_notebook_says():
    """A random walk of the second difference: the sum of k^2 up to n."""
    steps = torch.randn(4000, 17, generator=torch.Generator().manual_seed(0)).double()
    sizes = steps.cumsum(1).cumsum(1).square().mean(0).sqrt()
    n = torch.arange(1, 18).double()
    assert sizes == pytest.approx((n * (n + 1) * (2 * n + 1) / 6).sqrt(), rel=0.05)
    straight, _ = ball_states(torch.zeros(1, 2), torch.full((1, 2), 0.01), 5)
    second = straight[:, 2:] - 2 * straight[:, 1:-1] + straight[:, :-2]
    assert second.abs().max() < 1e-6


def test_hats_of_strangers_flicker_and_frozen_ones_do_not():
    clips, rng = clip_distances.real_clips(24, 5), np.random.default_rng(0)
    assert clip_distances.hat_flicker(CHANGES["frozen"](clips, rng)) == 0
    assert clip_distances.hat_flicker(clips) < 0.05
    foreign = CHANGES["every second frame foreign"](clips, rng)
    assert clip_distances.hat_flicker(foreign) > 0.4


def test_what_distances_notice_as_measured():
    hold(
        load_measured("09.I"),
        # the crowd of frames is the same in any order
        "frames_shuffled == approx(1, abs=1e-3)",
        "frames_backwards == approx(1, abs=1e-3)",
        "frames_foreign == approx(1, abs=1e-3)",
        "motion_frozen > 3 * motion_blurred",
        "frames_blurred > 1.5 * frames_frozen",
        "min(motion_shuffled, motion_half_speed) > 5",
        "max(content_shuffled, content_half_speed) < 1.5",
        "motion_backwards < 2",
        "motion_floors[0] > 5 * motion_floors[-1]",
        "moves_frozen == 0 == hats_frozen",
        "hats_foreign > 0.5 > 0.02 > hats_real",
        "moves_noisy > 2 * moves_real",
    )


@pytest.mark.parametrize("name", ["forcing_panels", "distance_panels"])
def test_the_figures_are_drawn(name):
    assert isinstance(getattr(figures, name)(), Picture)


def test_the_tables_have_a_row_for_everything():
    assert list(figures.forcing_table().rows) == list(figures.SHOWN.values())
    assert list(figures.judges_table().rows) == ["real", *figures.TITLES.values()]
