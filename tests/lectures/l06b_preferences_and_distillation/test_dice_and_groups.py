"""Sections 6.14 and 6.15 of notebook 06b: a flow with dice, and who learns by reward.

Authority: exact laws, an optimum in closed form, what holds before the first update,
and the stored figures, whose direction must hold with a margin."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from support_lectures import hold, table

from coursekit.experiments.measure import load_measured, plain
from coursekit.lectures.l06b_preferences_and_distillation import figures, widgets
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    dice,
    reinforce,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    RING,
    base_model,
)
from coursekit.theory.policy_steps import transition
from coursekit.theory.solvers import time_grid

CLAIMS = table("""
# The crowd stays, at four noise levels, against a Gaussian in closed form.
06b.C: abs(level_0_std[1] - 0.4308) < 1e-3 and abs(level_07_std[1] - 0.4795) < 1e-3
06b.C: all(abs(s[-1] - goal) < 0.004 for s in (level_03_std, level_07_std, level_1_std))
06b.C: abs(shaken_std[-1] - 1.0815) < 1e-3
# And against the exact velocity of the ring; without the pull it is lost.
06b.C: min(level_0_on[-1], level_03_on[-1], level_07_on[-1], level_1_on[-1]) > 0.99
06b.C: max(level_0_energy[-1], level_07_energy[-1], level_1_energy[-1]) < 0.01
06b.C: shaken_on[-1] < 0.95 and shaken_energy[-1] > 0.02
# Low noise leaves half to the first draw, 0.7 next to nothing.
06b.C: 0.3 < level_03_dice[1] < 0.6 < 0.9 < level_07_dice[1]
# The optimum in closed form; a std that divides moves it.
06b.C: abs(optimum_1 - 0.25) < 0.01 and abs(spread_1 - 0.5) < 0.01
06b.C: abs(optimum_05 - 0.5) < 0.02 and abs(optimum_2 - 0.125) < 0.01
06b.C: max(abs(r - 1) for r in ratio_float) < 1e-5 and ratio_half[1] > 1.05
# Reward hacking: real points, all of one cloud. What the KL term buys.
06b.D: grpo_0_reward > 0.95 and grpo_0_on > 0.98 and max(grpo_0_entropy_all) < 0.05
06b.D: grpo_1_reward > 3 * base_reward and grpo_1_on > base_on - 0.02
06b.D: grpo_1_entropy > 0.95 * base_entropy > 5 * grpo_03_entropy
06b.D: grpo_3_reward < grpo_1_reward < grpo_03_reward < grpo_0_reward
06b.D: nft_1_reward < nft_03_reward < nft_01_reward < nft_0_reward
06b.D: max(nft_0_entropy_all) < 0.2 and min(hasty_reward_all) < 0.1
# What is learnt on coarse walks holds for fine ones; the first ratio is 1.
06b.D: 3 * base_reward < five_reward < grpo_1_reward < twenty_reward
06b.D: five_seconds < 0.7 * grpo_1_seconds < 0.4 * twenty_seconds
06b.D: max(grpo_0_first_all + grpo_1_first_all + often_first_all) < 1e-6
""")


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(load_measured(name), *CLAIMS[name])


def test_the_exact_velocity_is_that_of_lines_to_the_ring():
    """For one narrow cloud: (x - m) / t nearly. For all: the score, both ways round."""
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double()
    t = torch.full((50,), 0.6).double()
    v = dice.ring_velocity(x, t)
    score = RING.noised(0.4, 0.6).score(x)
    torch.testing.assert_close(-(x + 0.4 * v) / 0.6, score)


def test_a_walk_without_dice_is_eulers():
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).double()
    ts = time_grid(7)
    *_, end = dice.roll(dice.ring_velocity, x, ts, 0.0, torch.Generator())
    for t, s in pairwise(ts):
        x = x + (s - t) * dice.ring_velocity(x, t.expand(20))
    torch.testing.assert_close(end, x)


def test_the_dice_decide_what_a_rollout_says():
    """Monte Carlo: walks from one noise, on a Gaussian; exact share of the variance."""
    n, ts, level = 40_000, time_grid(10), 0.3
    stir = torch.Generator().manual_seed(1)

    def velocity(x, t):
        return dice.gaussian_slope(t, dice.STD)[:, None] * x

    start = torch.full((n, 1), 0.7).double()
    *_, end = dice.roll(velocity, start, ts, level, stir)
    found = dice.gaussian(level, 10)
    wanted = found["dice"] * found["std"] ** 2
    assert float(end.var()) == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize("beta", [0.7, 1.5])
def test_the_optimum_is_reached(beta):
    assert dice.optimum(beta, False) == pytest.approx(0.25 / beta, abs=0.02)
    assert dice.optimum(beta, True) == pytest.approx(0.5 / beta, abs=0.03)


@pytest.fixture(scope="module")
def base():
    return base_model(0, 60)


def test_the_first_ratio_is_1_and_the_start_is_the_base(base):
    plan = replace(reinforce.Plan(1.0), rounds=3, group=32)
    model, seen = reinforce.grpo(base, plan, 0)
    assert [row["first"] for row in seen] == [0, 0, 0]
    assert seen[0]["distance"] == 0 < seen[1]["distance"]
    assert reinforce.path_distance(base, base, 50) == 0
    assert reinforce.path_distance(model, base, 50) > 0


@pytest.mark.parametrize("who", reinforce.TAUGHT)
def test_a_heavy_kl_term_holds_the_policy(base, who):
    far, near = (
        reinforce.path_distance(
            reinforce.TAUGHT[who](
                base, replace(reinforce.Plan(kl), rounds=12, group=64), 0
            )[0],
            base,
            200,
        )
        for kl in (0.0, 10.0)
    )
    assert near < far / 3


def test_nobody_changes_the_base(base):
    before = [p.clone() for p in base.parameters()]
    for learn in reinforce.TAUGHT.values():
        learn(base, replace(reinforce.Plan(0.0), rounds=2, group=8), 0)
    assert all(map(torch.equal, before, base.parameters()))


@pytest.mark.parametrize(
    ("name", "measure"), [("06b.C", dice.measure), ("06b.D", reinforce.measure)]
)
def test_a_quick_run_has_the_figures_of_a_full_one(name, measure):
    found = measure(quick=True)
    assert plain(found) == found and set(found) == set(load_measured(name))


def test_the_widget_says_where_walks_go():
    live = widgets.dice(transition)
    assert "end on 1 of the clouds" in live.scene.text
    live.controls["noise"].value = 1.0
    assert "end on 1 of the clouds" not in live.scene.text
    live = widgets.dice(dice.shaken)
    live.controls["noise"].value = 0.7
    assert live.scene.tone == "warn"


def test_figures_are_drawn():
    assert figures.dice_panels(load_measured("06b.C")).width > 500
    assert figures.reinforce_panels(load_measured("06b.D")).width > 500
