"""Raters and ratings of lecture 7. Authorities: the known qualities of simulated
models, and what was measured, which must hold with a margin."""

import math

import pytest
from support.theory import seeded
from support_lectures import hold

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l07_evaluation import figures
from coursekit.lectures.l07_evaluation.experiments import ratings, sittings
from coursekit.lectures.l07_evaluation.widgets import sitting
from coursekit.theory.raters import Rater


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_the_rate_swings_and_the_rating_does_not():
    hold(
        load_measured("07.A"),
        "min(weakest_rate_all) > max(strongest_rate_all) + 0.3",
        "weakest_rating - strongest_rating < weakest_half + strongest_half",
        "all_holds + weakest_holds + strongest_holds > 2.5",
        "0.90 < covered < 0.97",
        "elo_spread[0] < elo_spread[1] < elo_spread[2] < elo_spread[3]",
    )


def test_severity_hurts_grades_and_leaves_pairs_alone():
    found = load_measured("07.B")
    hold(found, "min(lead_1_all) > 0.05", "abs(lead_0) < 0.05")
    assert found["pairs_0"] == found["pairs_1"]


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("07.A", ratings.measure),
        ("07.B", ratings.measure_ways),
        ("07.M", sittings.measure),
    ],
)
def test_a_quick_run_has_the_figures_of_a_full_one(name, measure):
    assert set(measure(quick=True)) == set(load_measured(name))


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("07.A", figures.rated_panels),
        ("07.B", figures.ways_panels),
        ("07.M", figures.sitting_panels),
    ],
)
def test_figures_are_drawn(name, draw):
    assert draw(load_measured(name)).array().std() > 1


def test_a_favourite_side_stays_and_sides_by_chance_cure_it():
    """The chances are the mean logistic of the gap with the side for and against."""
    found = load_measured("07.M")
    gap, side, noise = found["gap"], found["side"], found["noise"]
    by_chance = (logistic(gap + side) + logistic(gap - side)) / 2
    k = range(found["sitting"])
    tired = [logistic(gap / (1 + found["fatigue"] * i)) for i in k]
    hold(
        {**found, "pairs": by_chance, "dull": logistic(gap / noise)},
        "abs(leaning_wins - pairs) < 0.002 and abs(noisy_wins - dull) < 0.002",
        "one_side_right[0] > one_side_right[3] > one_side_right[-1]",
        "one_side_right[-1] < 0.01 and leaning_right[-1] > 0.99",
        "tired_right[-1] < tired_right[3] - 0.03 and shared_right[-1] > 0.98",
        "noisy_right[2] < calm_right[2] - 0.1 and noisy_right[-1] > 0.98",
        "max(tired_kept + noisy_kept) < 0.5 and 0.8 < leaning_kept[2] < 0.9",
        "noisy_grades[0] < calm_grades[0] - 0.3",
    )
    assert abs(found["tired_wins"] - sum(tired) / len(tired)) < 0.002


@pytest.mark.parametrize("random_sides", [True, False])
def test_votes_go_to_the_better_model_wherever_it_stands(random_sides):
    """Voters who cannot err, and voters who take the left picture whatever it is."""
    sure, left = Rater(noise=1e-9), Rater(side=1e9)
    assert sittings.right_votes(sure, 500, seeded(), random_sides).all()
    share = sittings.right_votes(left, 500, seeded(), random_sides).double().mean()
    assert share == 0 if not random_sides else 0.4 < share < 0.6


def test_the_widget_shows_what_each_fault_does():
    """Calm people see the gap, logistic; side and noise do what `Rater` says."""
    calm, side, noisy = (
        sitting.sat(Rater(*faults)) for faults in ((), (1, 0, 1, 0, 1.0), (4,))
    )
    ends = [
        {name: rate[-1] for name, rate in rates.items()}
        for rates, _ in (calm, side, noisy)
    ]
    gap = sittings.GAP
    for end, chance, right in (
        (ends[0], logistic(gap), logistic(gap)),
        (ends[1], (logistic(gap + 1) + logistic(gap - 1)) / 2, logistic(gap - 1)),
        (ends[2], logistic(gap / 4), logistic(gap / 4)),
    ):
        assert end["sides by chance"] == pytest.approx(chance, abs=0.02)
        assert end["always on the right"] == pytest.approx(right, abs=0.02)
    assert side[1] == calm[1], "a single picture has no side"
    assert noisy[1]["grades"][0] < calm[1]["grades"][0] - 0.3
    assert (
        sitting.draw(1, 0, 1.0).tone == "bad" and sitting.draw(1, 0, 0).tone == "good"
    )
