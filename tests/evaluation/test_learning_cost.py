"""Costs read off a curve. Authority: an error that is a straight line over the
logarithm of the cost, for which the cost of each error is known."""

import math

import pytest

from coursekit.evaluation.learning_cost import cost_at

COSTS = [3.0, 10.0, 40.0, 1000.0]
ERRORS = [20 - 2 * math.log(c) for c in COSTS]


@pytest.mark.parametrize("cost", [3.0, 5.0, 10.0, 11.0, 500.0, 1000.0])
def test_a_straight_line_gives_each_cost_back(cost):
    assert cost_at(COSTS, ERRORS, 20 - 2 * math.log(cost)) == pytest.approx(cost)


def test_units_of_cost_do_not_matter():
    level = 13.0
    flops = [1e12 * c for c in COSTS]
    assert cost_at(flops, ERRORS, level) == pytest.approx(
        1e12 * cost_at(COSTS, ERRORS, level)
    )


def test_the_ends_and_a_rise():
    assert cost_at(COSTS, ERRORS, 25.0) == 3.0
    assert cost_at(COSTS, ERRORS, 1.0) == math.inf
    assert cost_at(COSTS, [9.0, 1.0, 7.0, 0.5], 1.0) == pytest.approx(10.0)
