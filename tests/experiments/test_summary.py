"""How results are summed up. Authority: means and deviations worked out by hand."""

import pytest

from coursekit.experiments.summary import (
    columns,
    curves,
    entries,
    for_seeds,
    log_slope,
    over_seeds,
    prefixed,
    ratios,
)


def test_numbers_and_lists_over_seeds():
    assert over_seeds("a", [1.0, 3.0]) == {
        "a": 2.0,
        "a_std": pytest.approx(2**0.5),
        "a_all": [1.0, 3.0],
    }
    assert curves("c", [[1.0, 2.0]]) == {"c": [1.0, 2.0], "c_std": [0.0, 0.0]}
    found = for_seeds(lambda k, s: {"a": k * s, "c": [s, 2]}, (1, 3), 10)
    assert found == {**over_seeds("a", [10, 30]), **curves("c", [[1, 2], [3, 2]])}


def test_lists_over_settings():
    lists = columns([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    assert lists == {"a": [1, 3], "b": [2, 4]}
    assert entries((5, 10), lists) == {"5_a": 1, "5_b": 2, "10_a": 3, "10_b": 4}
    assert prefixed("x", {"a": 1}) == {"x_a": 1}
    assert ratios([1.0, 6.0], [2.0, 3.0]) == [0.5, 2.0]


def test_the_slope_of_a_power_law_is_its_power():
    assert log_slope([1, 2, 4], [5, 5 / 8, 5 / 64]) == pytest.approx(-3)
