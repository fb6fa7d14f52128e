"""Raters and ratings of lecture 7. Authorities: the known qualities of simulated
models, and what was measured, which must hold with a margin."""

import pytest
from support_lectures import hold

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l07_evaluation import figures
from coursekit.lectures.l07_evaluation.experiments import ratings


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
    [("07.A", ratings.measure), ("07.B", ratings.measure_ways)],
)
def test_a_quick_run_has_the_figures_of_a_full_one(name, measure):
    assert set(measure(quick=True)) == set(load_measured(name))


@pytest.mark.parametrize("draw", [figures.rated_panels, figures.ways_panels])
def test_figures_are_drawn(draw):
    name = "07.A" if draw is figures.rated_panels else "07.B"
    assert draw(load_measured(name)).array().std() > 1
