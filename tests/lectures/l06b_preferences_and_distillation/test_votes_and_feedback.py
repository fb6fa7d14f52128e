"""Sections 6.11 to 6.13 of notebook 06b: votes, ReFL and Diffusion-DPO on the plane.

Authority: closed forms, the law of the votes, and the stored figures, whose direction
must hold with a margin."""

import math

import pytest
import torch
from support_lectures import hold, table

from coursekit.experiments.measure import load_measured, plain
from coursekit.lectures.l06b_preferences_and_distillation import figures
from coursekit.lectures.l06b_preferences_and_distillation.experiments import (
    feedback,
    votes,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.rewards import (
    FAVOURITE,
    WIDTH,
    reward,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    RING,
    WEIGHTS,
)
from coursekit.lectures.l06b_preferences_and_distillation.widgets.beta import dpo_reel

CLAIMS = table("""
# A learnt reward foretells no more than the truth does, and orders clear pairs well.
06b.A: all(abs(v - c) < 0.02 for v, c in zip(torn_votes, torn_ceiling))
06b.A: decided_ceiling[-1] < 0.7 and torn_ceiling[-1] < 0.56
06b.A: torn_agree[-1] > 0.98 and inclined_agree[0] > 0.97 > 0.9 > torn_agree[0]
# Few votes of the torn are learnt by heart: worse than knowing nothing.
06b.A: torn_loss[0] > 0.6932 > torn_loss[-1]
# Reward hacking: one cloud is left, or nothing real where nobody voted.
06b.B: alone_reward > 0.85 and alone_on > base_on - 0.02 and alone_entropy < 0.1
06b.B: learnt_alone_reward < 0.02 and learnt_alone_on < 0.05
06b.B: learnt_alone_thought > 5
# Ordinary training beside it holds.
06b.B: learnt_pull_3_reward > 2 * base_reward and learnt_pull_3_on > 0.8
06b.B: pull_1_reward < pull_3_reward < pull_10_reward
06b.B: pull_1_entropy > pull_3_entropy > pull_10_entropy > alone_entropy
# The implicit accuracy is highest where one cloud of eight is left.
06b.B: beta_1_accuracy > beta_10_accuracy > beta_30_accuracy > beta_1000_accuracy
06b.B: beta_1_entropy < 0.1 and beta_1_lost > beta_1_won > 10
06b.B: beta_30_won < 0 < beta_10_won < beta_10_lost and beta_10_on < 0.85
06b.B: beta_10_stop_on > 0.9 and beta_10_stop_reward > base_reward + 0.03
# Winners only: more than a careful DPO, never more than the winners themselves.
06b.B: beta_30_reward < winners_reward < pairs_better + 0.02 < beta_10_reward
# Two noises a pair drown the margin; the model as its own reference runs away.
06b.B: apart_lost < 0.7 * beta_30_lost and apart_reward < beta_30_reward
06b.B: own_won > 1000 and own_loss == approx(0.693147, abs=1e-4)
""")


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(load_measured(name), *CLAIMS[name])


@pytest.fixture(scope="module")
def base():
    return votes.start(0, 30)


def test_the_reward_is_a_bump_at_the_third_lightest_cloud():
    centre = RING.means[FAVOURITE].float()
    assert sorted(WEIGHTS).index(WEIGHTS[FAVOURITE]) == 2
    away = torch.tensor([[0.0, 0.0], [WIDTH, 0.0], [0.0, 2 * WIDTH]])
    wanted = torch.tensor([1, math.exp(-0.5), math.exp(-2)])
    torch.testing.assert_close(reward(centre + away), wanted)


def test_votes_without_doubt_follow_the_reward_and_others_the_law(base):
    sure = votes.votes(base, 500, feedback.CERTAIN, 1)
    assert (reward(sure.better) >= reward(sure.worse) - 1e-5).all()
    heard = votes.votes(base, 20_000, 5.0, 2)
    # E[margin * (win - loss)] under Bradley and Terry: the truth's slope is 5, not 1
    margin = reward(heard.better) - reward(heard.worse)
    expected = (margin.abs() * torch.tanh(5 * margin.abs() / 2)).mean()
    assert float(margin.mean()) == pytest.approx(float(expected), abs=0.006)


def test_the_base_is_its_own_reference(base):
    """No error has risen, all margins are ties, and a loss of log 2 is the start."""
    held = votes.votes(base, 300, 5.0, 3)
    same = feedback.rises(base, feedback.copied(base), held)
    assert same == {"won": 0.0, "lost": 0.0, "accuracy": 0.0}
    loss = feedback.compare(base, held, 100.0)
    stir = torch.Generator().manual_seed(0)
    start = loss(feedback.copied(base), stir)
    assert float(start.detach()) == pytest.approx(math.log(2))


def test_training_leaves_the_base_alone(base):
    before = [p.clone() for p in base.parameters()]
    held = votes.votes(base, 300, 5.0, 3)
    model = feedback.train(base, feedback.compare(base, held, 10.0), 3, 0)
    assert all(map(torch.equal, before, base.parameters()))
    assert not all(map(torch.equal, before, model.parameters()))


@pytest.mark.parametrize("name", ["06b.A", "06b.B"])
def test_quick_runs_have_the_keys_of_the_stored_ones(name):
    module = {"06b.A": votes, "06b.B": feedback}[name]
    assert set(plain(module.measure(quick=True))) == set(load_measured(name))


def test_figures_and_widget_draw_what_is_stored():
    stored = load_measured("06b.B")
    assert figures.vote_panels(load_measured("06b.A")).width > 400
    assert figures.climb_bars(stored).width > 400
    assert figures.pair_panels(stored).width > 400
    reel = dpo_reel(stored)
    assert reel.count == 1 + len(stored["betas"])
    accuracy = next(m for m in reel.meters if m.name == "implicit accuracy")
    assert accuracy.values[1] == stored["beta_1_accuracy_all"][0]
