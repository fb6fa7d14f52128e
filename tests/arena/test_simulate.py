"""Authority: real pictures hold what the scene says; a vote is what the marks say."""

import numpy as np

from coursekit.arena.simulate import marks, simulate
from coursekit.arena.store import Store
from coursekit.arena.table import table
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render


def test_real_pictures_get_all_marks_and_those_of_other_scenes_fewer():
    _, scenes = prompts(40, "heldout", 0)
    for side in (32, 64):
        real = render(scenes, side)
        assert 7.7 < np.mean(marks(real, scenes)) <= np.max(marks(real, scenes)) == 8
        assert np.mean(marks(np.roll(real, 1, 0), scenes)) < 5.5


def test_the_rater_takes_the_better_picture_on_either_side(tmp_path):
    store = Store(tmp_path / "votes.sqlite")
    asked = [f"prompt {i}" for i in range(20)]
    good, bad = np.arange(20.0) + 1, np.arange(20.0)
    bad[:5] = good[:5]
    simulate(store, {"good": good, "bad": bad}, asked, 600)
    votes = store.votes()
    assert len(votes) == 600
    for vote in votes:
        i = asked.index(vote.prompt)
        best = "tie" if i < 5 else "left" if vote.left == "good" else "right"
        assert vote.won == best
    assert 240 < sum(vote.left == "good" for vote in votes) < 360
    ties = sum(vote.won == "tie" for vote in votes) / 600
    rows = {row.name: row.rating for row in table(votes, []).rows}
    want = 400 * np.log10((1 - ties / 2) / (ties / 2))  # ties are half a win each
    assert np.isclose(rows["good"] - rows["bad"], want)
