"""Measures of prompt enhancement. Authorities: shares and entropies by hand, all throws
of dice enumerated, real pictures."""

import itertools
import math

import pytest
import torch

from coursekit.datasets.teddy.captions import Words
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene_reader import LARGE, SceneReading, read_scenes
from coursekit.evaluation.enhancement import (
    adherence,
    contradictions,
    even_bits,
    mean_distance,
    seen_words,
    unsaid_bits,
    word_bits,
)

RED = Words("brown", "red", "none", "both-up", "unreadable")


def test_of_several_bears_only_the_place_is_read():
    one = SceneReading("park", (RED,), (0.5,), True)
    assert seen_words(one) == {
        **{"place": "park", "fur": "brown", "hat": "red"},
        **{"glasses": "none", "pose": "both-up"},
    }
    assert seen_words(SceneReading("snow", (RED, RED), (0.3, 0.7), True)) == {
        "place": "snow"
    }
    assert seen_words(SceneReading("unreadable", (), (), False)) == {}


def test_adherence_and_contradictions_by_hand():
    said = [{"fur": "brown", "hat": "red"}, {"place": "snow"}, {}]
    seen = [{"fur": "brown", "hat": "blue", "place": "park"}, {}, {"fur": "pink"}]
    assert adherence(said, seen) == 1 / 3
    assert adherence([{}], [{}]) == 1
    assert contradictions(said, seen) == 1, "what is not read contradicts nothing"
    for measure in (adherence, contradictions):
        with pytest.raises(ValueError, match="shorter"):
            measure(said, seen[:2])


def test_adherence_of_real_pictures():
    _, scenes = prompts(60, "test", 11)
    said = [{"fur": s.bears[0].fur, "place": s.place} for s in scenes]
    seen = [seen_words(each) for each in read_scenes(render(scenes, LARGE))]
    assert adherence(said, seen) > 0.98
    wrong = [{**each, "place": "beach"} for each in said]
    beaches = sum(scene.place == "beach" for scene in scenes)
    assert adherence(wrong, seen) == pytest.approx(0.5 + beaches / 120, abs=0.02)


def test_bits_by_hand():
    assert word_bits([]) == word_bits(["a"] * 5) == 0
    assert word_bits(list("abcd")) == 2
    assert word_bits(list("aabc")) == pytest.approx(1.5)


@pytest.mark.parametrize(("options", "draws"), [(1, 3), (2, 2), (3, 4), (6, 3)])
def test_what_dice_give_is_the_mean_over_all_throws(options, draws):
    throws = itertools.product("abcdef"[:options], repeat=draws)
    every = [word_bits(throw) for throw in throws]
    assert even_bits(options, draws) == pytest.approx(math.fsum(every) / len(every))


def test_many_dice_give_the_entropy_of_the_law():
    assert even_bits(6, 1000) == pytest.approx(math.log2(6), abs=0.01)


def test_bits_of_what_a_wish_leaves_open():
    said = [{"fur": "brown"}, {"hat": "red"}, {}]
    seen = [
        [{"fur": "brown"}, {"fur": "pink"}],
        [{"fur": "brown"}, {"fur": "pink"}],
        [{"fur": "brown"}, {}],
    ]
    assert unsaid_bits(said, seen, "fur") == [1, 0]
    assert unsaid_bits(said, seen, "hat") == [0, 0]


def test_mean_distance_of_a_right_triangle():
    corners = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert mean_distance(corners) == pytest.approx((3 + 4 + 5) / 3)
