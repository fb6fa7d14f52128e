"""Calibration. Authorities: counts by hand, the score equations and the odds ratio of a
two by two table, and a judge whose fault is known."""

import math

import pytest
import torch
from support.theory import normal, seeded

from coursekit.evaluation.judge_calibration import (
    agreement_with_help,
    calibration_error,
    chance_of_yes,
    fit_logistic,
    log_odds,
    reliability,
)


def crowd(n: int, slope: float, shift: float) -> tuple[torch.Tensor, torch.Tensor]:
    """What a judge says whose log odds are slope * true + shift, and what is so."""
    true = 1.5 * normal(n)
    so = torch.rand(n, generator=seeded(9)) < true.sigmoid()
    return (slope * true + shift).sigmoid(), so


def test_reliability_by_hand():
    chances = torch.tensor([0.0, 0.1, 0.5, 0.6, 1.0])
    truth = torch.tensor([False, True, True, False, True])
    found = reliability(chances, truth, bins=2)
    assert found["count"].tolist() == [2, 3]
    torch.testing.assert_close(found["said"], torch.tensor([0.05, 0.7]).double())
    torch.testing.assert_close(found["so"], torch.tensor([1 / 2, 2 / 3]).double())
    wanted = (2 * 0.45 + 3 * (0.7 - 2 / 3)) / 5
    assert calibration_error(chances, truth, bins=2) == pytest.approx(wanted)


def test_an_empty_bin_says_nothing():
    found = reliability(torch.tensor([0.95, 1.0]), torch.tensor([True, True]))
    assert found["said"].isnan().sum() == 9
    error = calibration_error(torch.tensor([0.95, 1.0]), torch.tensor([True, True]))
    assert error == pytest.approx(0.025)


def test_who_says_a_half_of_a_coin_is_calibrated_and_who_says_1_is_not():
    coin = torch.tensor([True, False] * 50)
    assert calibration_error(torch.full((100,), 0.5), coin) == 0
    assert calibration_error(torch.ones(100), coin) == 0.5


def test_a_table_of_two_by_two():
    """Closed form: with one binary feature the fit gives the two shares, of targets
    that stand for counts (n + 1) / (n + 2)."""
    feature = torch.tensor([0.0] * 10 + [1.0] * 10)
    said = torch.tensor([True] * 3 + [False] * 7 + [True] * 8 + [False] * 2)
    yes, no = 1 - 1 / 13, 1 / 11  # 11 were yes, 9 were no
    shares = [(3 * yes + 7 * no) / 10, (8 * yes + 2 * no) / 10]
    found = chance_of_yes(fit_logistic(feature, said), torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(found, torch.tensor(shares).double())


def test_nothing_is_left_to_explain():
    """The score equations: residuals are orthogonal to all features and to one."""
    x, said = normal(300, 2) * torch.tensor([1.0, 40.0]), normal(300, seed=1) > 0.3
    left = chance_of_yes(fit_logistic(x, said), x)
    yes = said.double()
    target = yes * (1 - 1 / (yes.sum() + 2)) + (1 - yes) / ((1 - yes).sum() + 2)
    residual = target - left
    assert abs(residual.mean()) < 1e-6
    assert ((residual[:, None] * x).mean(0).abs() < 1e-4).all()


def test_a_judge_who_is_always_right_gets_finite_weights():
    """Plain likelihood would send the weight to infinity."""
    odds = torch.tensor([-3.0, -2.0, 1.0, 4.0])
    found = fit_logistic(odds, odds > 0)
    assert found.isfinite().all() and 0 < found[1] < 20
    assert fit_logistic(torch.zeros(5), torch.ones(5) > 0).isfinite().all()


def test_a_known_fault_is_mended():
    """A judge three times too sure who likes to say yes: the repair of log odds is
    1 / 3 of them, less a third of the shift; the error falls to that of the truth."""
    chances, so = crowd(20_000, slope=3.0, shift=1.5)
    weights = fit_logistic(log_odds(chances, 1e-9)[:500], so[:500])
    assert float(weights[1]) == pytest.approx(1 / 3, abs=0.08)
    assert float(weights[0]) == pytest.approx(-0.5, abs=0.35)
    mended = chance_of_yes(weights, log_odds(chances[500:], 1e-9))
    before = calibration_error(chances[500:], so[500:])
    assert before > 0.15 and calibration_error(mended, so[500:]) < 0.04


def test_calibration_does_not_change_who_is_before_whom():
    chances, so = crowd(400, slope=3.0, shift=1.5)
    mended = chance_of_yes(fit_logistic(log_odds(chances), so), log_odds(chances))
    assert torch.equal(mended.argsort(), log_odds(chances).argsort())


def test_log_odds_of_certainty_are_finite():
    found = log_odds(torch.tensor([0.0, 0.5, 1.0])).tolist()
    assert found == pytest.approx([-math.log(9999), 0, math.log(9999)])


def test_help_by_hand():
    """Yes, yes, no, no; people say yes, no, no, yes. The wrong ones are 0.6 and 0.1."""
    chances = torch.tensor([0.9, 0.6, 0.3, 0.1])
    people = torch.tensor([True, False, False, True])
    unsure = agreement_with_help(chances, people)
    assert unsure.tolist() == [0.5, 0.75, 0.75, 0.75, 1.0]
    anywhere = agreement_with_help(chances, people, unsure_first=False)
    assert anywhere.tolist() == [0.5, 0.5, 0.75, 0.75, 1.0]


def test_help_where_one_is_unsure_is_worth_more():
    chances, so = crowd(5000, slope=1.0, shift=0.0)
    unsure = agreement_with_help(chances, so)
    anywhere = agreement_with_help(chances, so, unsure_first=False)
    assert unsure[0] == anywhere[0] and unsure[-1] == anywhere[-1] == 1
    assert unsure[1500] > anywhere[1500] + 0.03
    assert (unsure.diff() >= 0).all()
