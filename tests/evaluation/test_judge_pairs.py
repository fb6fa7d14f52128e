"""Judges that lean. Authorities: verdicts counted by hand, judges with known faults,
and the law of Bradley and Terry that they follow."""

import json
import math

import numpy as np
import pytest
import torch
from support.theory import normal, seeded

from coursekit.evaluation.judge_calibration import fit_logistic
from coursekit.evaluation.judge_pairs import (
    LeaningJudge,
    both_orders,
    judge_pair,
    side_report,
)

NAN = math.nan
# (A on the left, B on the left) -> who wins; each verdict is about the left side
TABLE = {
    **{(1, -1): 1, (-1, 1): -1},  # the same winner twice
    **{(1, 1): 0, (-1, -1): 0},  # the same side twice
    **{(0, 0): 0, (0, 1): 0, (1, 0): 0, (0, -1): 0, (-1, 0): 0},
    **{(NAN, 1): NAN, (1, NAN): NAN, (NAN, NAN): NAN, (0, NAN): NAN},
}


def both(**faults: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Verdicts in both orders about 40,000 pairs, and by how much A is better."""
    better, g = normal(40_000), seeded(3)
    judge, none = LeaningJudge(**faults), torch.zeros(40_000)
    straight = judge.verdicts(better, none, g)
    return straight, judge.verdicts(-better, none, g), better


def test_who_wins_in_both_orders():
    straight, swapped = torch.tensor(list(TABLE), dtype=torch.float64).T
    wanted = torch.tensor(list(TABLE.values()), dtype=torch.float64)
    torch.testing.assert_close(both_orders(straight, swapped), wanted, equal_nan=True)


def test_one_who_always_says_left_tells_nothing():
    """1,000 pairs: every side vote is for the left, every pair is a tie."""
    left = torch.ones(1000)
    assert both_orders(left, left).abs().max() == 0
    assert side_report(left, left) == {"left": 1, "consistent": 0, "no_verdict": 0}


def test_one_who_always_wants_a_says_so_from_both_sides():
    """1,000 to 0, wherever A stands. The side is not the player."""
    a = torch.ones(1000)
    assert both_orders(a, -a).sum() == 1000
    assert side_report(a, -a) == {"left": 0.5, "consistent": 1, "no_verdict": 0}


def test_no_verdict_is_counted():
    straight, swapped = torch.tensor([1, NAN, 1]), torch.tensor([-1, 1, 1])
    found = side_report(straight, swapped)
    assert found["no_verdict"] == 1 and found["consistent"] == 0.5


def test_a_leaning_judge_leans_by_what_it_says():
    """Equal pictures: the left one wins with probability sigmoid(left)."""
    n, g = 40_000, seeded(1)
    zero = torch.zeros(n)
    for left, longer in ((0.0, 0.0), (0.8, 0.0), (0.8, 2.0)):
        said = LeaningJudge(left=left, wordy=0.5).verdicts(zero, zero + longer, g)
        p = 1 / (1 + math.exp(-left - 0.5 * longer))
        share = float((said > 0).double().mean())
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n)


def test_asking_twice_removes_the_side_and_leaves_ties():
    """A and B are equally good on average, so A must win half: a leaning judge who is
    asked once with A on the left gives it far more."""
    straight, swapped, _ = both(sharpness=2.0, left=1.5)
    once = float((straight + 1).mean() / 2)
    twice = float((both_orders(straight, swapped) + 1).mean() / 2)
    assert once > 0.65 and abs(twice - 0.5) < 0.01
    found = side_report(straight, swapped)
    assert found["left"] == pytest.approx(once, abs=0.01)
    assert found["consistent"] < side_report(*both(sharpness=2.0)[:2])["consistent"]


def test_the_pulls_are_found_again_by_regression():
    """Bias = pull of the left side, second weight = pull of the words: consistent
    estimates, so within 4 of their standard errors (about 0.015 at 40,000 pairs)."""
    better, longer = normal(40_000), normal(40_000, seed=1)
    judge = LeaningJudge(sharpness=1.5, left=0.7, wordy=0.4)
    said = judge.verdicts(better, longer, seeded(2)) > 0
    found = fit_logistic(torch.stack([better, longer], 1), said)
    wanted = torch.tensor([0.7, 1.5, 0.4]).double()
    assert (found - wanted).abs().max() < 0.06


def test_words_are_not_removed_by_asking_twice():
    """The explanation goes with the picture: B's is twice as long in both orders."""
    zero, g = torch.zeros(40_000), seeded(5)
    judge = LeaningJudge(wordy=1.0)
    straight = judge.verdicts(zero, zero - 1, g)
    swapped = judge.verdicts(zero, zero + 1, g)
    wins = float((both_orders(straight, swapped) + 1).mean() / 2)
    assert wins == pytest.approx(1 / (1 + math.e), abs=0.01)


class Scripted:
    def __init__(self, reply: str) -> None:
        self.reply = reply

    def answer(self, pictures, prompt):
        self.pictures, self.prompt = pictures, prompt
        return self.reply


def scores(left: object, right: object) -> str:
    names = {"left": "", "right": ""}
    return json.dumps({"evidence": names, "scores": {"left": left, "right": right}})


@pytest.mark.parametrize(
    "reply, wanted",
    [
        *((scores(9, 4), 1), (scores(4, 9), -1), (scores(5, 5.0), 0)),
        *((scores(5, 90), NAN), ("left", NAN), ("", NAN)),
    ],
)
def test_a_pair_is_shown_left_first(reply, wanted):
    left, right = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    judge = Scripted(reply)
    found = judge_pair(judge, left, right, "a bear")
    assert found == wanted or (math.isnan(found) and math.isnan(wanted))
    assert judge.pictures[0].max() == 0 and judge.pictures[1].min() == 255
    assert "'a bear'" in judge.prompt
