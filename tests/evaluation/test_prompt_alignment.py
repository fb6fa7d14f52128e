"""Does a picture show its prompt? Authorities: hand-counted shares of given readings,
real pictures of the scenes, and real pictures of changed scenes."""

from dataclasses import replace

import numpy as np
import pytest
from changed_scenes import bare, exchanged, wrong

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.pair_reader import BearSeen, PairReading
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader import Reading
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.evaluation import prompt_alignment as module
from coursekit.evaluation.prompt_alignment import (
    binding,
    binding_real,
    prompt_alignment,
    prompt_alignment_real,
)

IMAGES = np.zeros((4, 32, 32, 3), np.uint8)


def reading(place: str, hat: str, count: int = 1, valid: bool = True) -> Reading:
    words = ("brown", hat, "none", "both-down", "none")
    return Reading(place, *words, count, False, valid, {})


def test_shares_counted_by_hand(monkeypatch):
    scenes = [Scene("park", (Bear(hat="red"),))] * 3 + [Scene("snow", (Bear(), Bear()))]
    answers = [
        reading("park", "red"),
        reading("beach", "red", valid=False),
        reading("park", "unreadable"),
        reading("snow", "unreadable", count=2),
    ]
    monkeypatch.setattr(module, "read", lambda images, which: answers)
    assert prompt_alignment(IMAGES, scenes) == pytest.approx(
        {
            **{"place": 3 / 4, "count": 1, "fur": 1, "hat": 2 / 3, "glasses": 1},
            **{"pose": 1, "action": 1, "all": 2 / 4, "valid": 3 / 4},
        }
    )


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize("split", ["test", "heldout"])
def test_real_pictures_show_their_scenes(which, split):
    _, scenes = prompts(200, split, 11)
    found = prompt_alignment_real(scenes, which)
    assert min(found[name] for name in ("place", "count", "fur", "hat")) > 0.98
    assert min(found.values()) == found["all"] > 0.9
    assert prompt_alignment(to_model(render(scenes)), scenes, which) == found


def test_one_wrong_attribute_is_missed_and_the_others_are_not():
    _, scenes = prompts(120, "train", 12)
    asked = [wrong(scene) for scene in scenes]
    real, found = prompt_alignment_real(scenes), prompt_alignment(render(scenes), asked)
    assert found["hat"] < 0.02 and found["all"] < 0.02
    for name in ("place", "fur", "glasses", "pose", "action", "count", "valid"):
        assert found[name] == real[name]


def test_pictures_of_other_prompts_are_right_by_chance():
    _, scenes = prompts(600, "train", 13)
    found = prompt_alignment(render(scenes), scenes[300:] + scenes[:300])
    for name, choices in (("place", 6), ("glasses", 3), ("pose", 4), ("action", 3)):
        chance = 1 / choices
        margin = 5 * (chance * (1 - chance) / 600) ** 0.5
        assert abs(found[name] - chance) < margin, name
    assert found["all"] < 0.02 and found["count"] > 0.98


def test_binding_counted_by_hand(monkeypatch):
    scene = Scene("park", (Bear("brown", "red", x=0.3), Bear("white", "blue", x=0.7)))
    seen = [
        ("brown red", "white blue"),
        ("white blue", "brown red"),  # the other way round, and still bound
        ("brown blue", "white red"),
        ("white red", "brown blue"),
        ("brown red", "white red"),
        ("brown red", "brown red"),
        ("brown red", "white unreadable"),
        ("green red", "white blue"),
    ]
    answers = [
        PairReading(*(BearSeen(*words.split(), True, 0.3) for words in pair))
        for pair in seen
    ]
    monkeypatch.setattr(module, "read_pairs", lambda images: answers)
    found = binding(np.zeros((8, 32, 32, 3), np.uint8), [scene] * 8)
    assert found == {"bound": 2 / 8, "swapped": 2 / 8, "other": 4 / 8}


def mirrored(scene: Scene) -> Scene:
    return replace(scene, bears=tuple(replace(b, x=1 - b.x) for b in scene.bears))


@pytest.mark.parametrize("split", ["test", "heldout"])
def test_real_pairs_are_bound_and_exchanged_hats_are_swapped(split):
    _, scenes = prompts(200, split, 14, "pair")
    assert binding_real(scenes)["bound"] > 0.97
    for change, name in (
        (exchanged, "swapped"),
        (mirrored, "bound"),
        (bare, "other"),
    ):
        drawn = render([change(scene) for scene in scenes])
        assert binding(drawn, scenes)[name] > 0.97, name


def test_misuse_is_refused():
    scenes = [Scene("park", (Bear(),))]
    with pytest.raises(ValueError, match="4 pictures for 1 scenes"):
        prompt_alignment(IMAGES, scenes)
    with pytest.raises(ValueError, match="0 pictures for 0 scenes"):
        prompt_alignment(IMAGES[:0], [])
    with pytest.raises(ValueError, match="which='third'"):
        prompt_alignment(IMAGES[:1], scenes, "third")
    twins = Scene("park", (Bear(hat="red", x=0.3), Bear(hat="blue", x=0.7)))
    for scene in (*scenes, twins):
        with pytest.raises(ValueError, match="different furs and hats"):
            binding(IMAGES[:1], [scene])
