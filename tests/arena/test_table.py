"""Authority: ln 3 for three wins to one; a rating without an end is no number."""

import random

import pytest

from coursekit.arena.store import Vote
from coursekit.arena.table import table


def votes(*games):
    """Votes from "a b left" and the like."""
    return [Vote("", "a bear", 0, *game.split()) for game in games]


def by_name(found):
    return {row.name: row for row in found.rows}


def test_a_tie_is_half_a_win_whatever_the_side():
    rows = by_name(table(votes("a b left", "b a tie"), []))  # 1.5 to .5
    assert rows["a"].rating - rows["b"].rating == pytest.approx(400 * 0.4771212547)
    assert rows["a"].rating + rows["b"].rating == pytest.approx(2000)
    rows = by_name(table(votes("a b right", "b a tie"), []))
    assert rows["b"].rating - rows["a"].rating == pytest.approx(400 * 0.4771212547)
    even = by_name(table(votes(*["a b tie", "b a tie"] * 9), []))
    assert even["a"].rating == even["b"].rating == pytest.approx(1000)


def test_who_has_no_finite_rating_is_named_and_gets_no_number():
    games = ["a b left", "b a left", "c a left", "d a right", "e f left", "f e left"]
    found = table(votes(*games * 5, "x a left", "a x left"), ["nobody"])
    rows = by_name(found)
    assert {n for n, row in rows.items() if row.rating is not None} == {"a", "b", "x"}
    assert rows["c"].said == "won every vote: no finite rating"
    assert rows["d"].said == "lost every vote: no finite rating"
    assert rows["e"].said == "no chain of wins to the others and back"
    assert (rows["nobody"].said, rows["nobody"].games) == ("no vote yet", 0)
    assert [row.rating is None for row in found.rows] == [False] * 3 + [True] * 5
    assert all(row.rating is None for row in table(votes("a b left"), []).rows)
    assert "nobody" in table([], ["nobody"]).as_text() and table([], []).rows == []


def test_few_votes_have_no_intervals_and_no_bar_of_thousands():
    games = [
        f"{x} {y} {side}" for x, y in ("ab", "bc", "ca") for side in ("left", "right")
    ]
    found = table(votes(*games), [])
    assert found.lost > 0.1 and "too few for intervals" in found.caption
    assert all(
        row.low is None and row.rating == pytest.approx(1000) for row in found.rows
    )


def test_many_votes_have_intervals_that_hold_the_rating_and_the_truth():
    rng, strength = random.Random(0), {"a": 1.0, "b": 0.0, "c": -1.0}
    games = []
    for _ in range(600):
        x, y = rng.sample("abc", 2)
        chance = 1 / (1 + 2.718281828 ** (strength[y] - strength[x]))
        games.append(f"{x} {y} {'left' if rng.random() < chance else 'right'}")
    found = table(votes(*games), [])
    assert [row.name for row in found.rows] == ["a", "b", "c"] and found.lost == 0
    for row in found.rows:
        truth = 1000 + 173.7178 * strength[row.name]
        assert row.low < row.rating < row.high and row.low < truth < row.high
        assert 20 < row.high - row.low < 120
    assert sum(row.games for row in found.rows) == 1200
    assert table(votes(*games), []) == found  # the same votes, the same table
