"""Authority: the captions of twins, word by word; means and shares written out by hand;
votes whose law is known."""

import numpy as np
import pytest
import torch
from support_lectures import hold

from coursekit.datasets.teddy.captions import caption, tokenize, words_of
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l07_evaluation.experiments import picks, swapped
from coursekit.theory.preferences import agreement


@pytest.mark.parametrize("change", list(swapped.CHANGES))
def test_twins_differ_in_what_they_say(change):
    right, wrong = swapped.CHANGES[change](20, 5)
    assert len(right) == len(wrong) == 20
    for one, twin in zip(right, wrong, strict=True):
        said, other = (tokenize(caption(scene)) for scene in (one, twin))
        assert said != other
        # A bag of words cannot tell who exchanged colours.
        assert (sorted(said) == sorted(other)) == (change != "hat")
        assert one.place == twin.place
    assert swapped.CHANGES[change](20, 5) == (right, wrong)


def test_shares_and_errors_of_twins_by_hand():
    scenes = swapped.two_bears(4, 1)
    given = iter([np.array([1.0, 2, 3, 2]), np.array([0.0, 2, 5, 1])])
    found = swapped.told_apart(lambda images, captions: next(given), scenes, [""] * 4)
    assert found["right"] == 2 and found["wrong"] == 2 and found["gap"] == 0
    assert found["order"] == pytest.approx(2.5 / 4)  # one tie, one the wrong way round
    assert found["gap_error"] == pytest.approx(1.96 * np.std([1, 0, -2, 1], ddof=1) / 2)


def test_so_many_words_are_missed():
    luck = np.random.Generator(np.random.PCG64(0))
    for scene in teddies(20, 16, seed=2)[1]:
        for count in (0, 1, 2):
            new = picks.missing(scene, count, luck)
            before, after = ((s.place, *words_of(s.bears[0])) for s in (scene, new))
            assert sum(a != b for a, b in zip(before, after, strict=True)) == count


def test_people_vote_for_what_misses_less():
    heard = picks.pairs(400, "test", 3)
    first, second = heard.reward.T
    assert (heard.reward == -picks.MIND * (heard.missed + heard.blurred)).all()
    shares = picks.foretold(heard.reward, heard)
    wins = heard.wins.float()
    # The share that the truth foretells is that of its own law.
    want = torch.sigmoid((first - second).abs()).mean()
    assert shares["all"] == pytest.approx(float(want), abs=0.06)
    same = first == second
    assert 0.35 < wins[same].mean() < 0.65
    upside_down = picks.foretold(-heard.reward, heard)
    assert upside_down["all"] == pytest.approx(1 - shares["all"])
    assert agreement(first, first) == 0.5


def test_the_tasks_say_where_to_work_and_tifa_does_not():
    """Claim R7.1, in what was measured."""
    cards = load_measured("07.K")["cards"]
    teacher, flow = cards["teddy-64-prompts"], cards["teddy-64-meanflow"]
    hold(
        {
            "counting": teacher["tasks"]["counting"],
            "others": [v for k, v in teacher["tasks"].items() if k != "counting"],
            "flow": flow["tasks"],
            "gap": teacher["real"]["tifa"] - teacher["tifa"],
        },
        "counting < 0.8 and len(others) == 5 and min(others) == 1",
        "{k for k in flow if flow[k] < 0.8} == {'binding', 'counting'}",
        "abs(gap) < 0.01",
    )
