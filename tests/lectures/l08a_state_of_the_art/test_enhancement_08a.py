"""Figure 08a.C. Authorities: a painter who draws exactly what a caption says, and one
who ignores it; the captions' own parser; a network before and after a step."""

import numpy as np
import pytest
import torch

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene_reader import LARGE
from coursekit.lectures.l08a_state_of_the_art.experiments import enhancement
from coursekit.lectures.l08a_state_of_the_art.experiments.enhancement import (
    one_way,
    read_back,
    taught,
    wishes,
)
from coursekit.pipeline.enhance import plain, retrieved, scene_with, shipped_writer
from coursekit.pipeline.loose_phrases import NotUnderstood


class Painter:
    """Draws captions by the renderer; or, deaf, always the same."""

    def __init__(self, deaf: str = "") -> None:
        self.deaf = deaf

    def draw(self, prompts: list[str], seed: int) -> np.ndarray:
        told = [read_back(self.deaf or prompt) for prompt in prompts]
        return render([scene_with(each) for each in told], LARGE)


def test_wishes_say_one_to_three_things_and_none_twice():
    found = wishes(24)
    assert found[0] == {"action": "reading"} and len(found) == 24
    assert {len(each) for each in found} == {1, 2, 3}
    assert len({str(each) for each in found}) == 24


def test_a_painter_who_obeys_is_as_diverse_as_what_he_is_told():
    said = wishes(8)
    found = one_way(Painter(), said, (0, 1, 2), retrieved)
    assert found["adherence"] > 0.95 and found["valid"] > 0.95
    assert found["contradictions"] == found["refused"] == 0
    for name in ("place", "fur", "hat", "action"):
        assert found[f"{name}_bits"] == pytest.approx(found[f"{name}_asked"], abs=0.1)
        assert found[f"{name}_asked"] > 0.5
    bare = one_way(Painter(), said, (0, 1, 2), plain)
    assert bare["hat_asked"] == bare["action_asked"] == 0 < bare["fur_asked"]
    assert bare["distance"] < found["distance"]


def test_a_painter_who_does_not_listen_shows_neither():
    deaf = Painter("a brown bear is sitting in the park")
    found = one_way(deaf, wishes(8), (0, 1), None)
    assert found["adherence"] < 0.5
    assert found["distance"] == found["fur_bits"] == found["fur_asked"] == 0


def test_words_that_were_changed_are_counted():
    def rude(said, seed):
        return plain({**said, "action": "dancing"}, seed)

    found = one_way(Painter(), [{"action": "reading"}, {"fur": "pink"}], (0, 1), rude)
    assert found["contradictions"] == 2 and found["adherence"] == 0.5


def test_where_a_way_gives_up_plain_stands_in():
    def shy(said, seed):
        raise NotUnderstood("no")

    said = wishes(3)
    found = one_way(Painter(), said, (0, 1), shy)
    assert found["refused"] == 6
    same = one_way(Painter(), said, (0, 1), plain)
    assert found["adherence_all"] == same["adherence_all"]
    assert found["distance"] == same["distance"]


def test_the_copy_learns_and_the_shipped_one_does_not_change(monkeypatch):
    def at_once(name, settings, network, train):
        train(network)
        return network

    monkeypatch.setattr(enhancement, "kept_network", at_once)
    before = shipped_writer().state_dict()
    after = taught(quick=True).state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    again = shipped_writer().state_dict()
    assert all(torch.equal(before[name], again[name]) for name in before)
