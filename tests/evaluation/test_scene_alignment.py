"""Do pictures of several bears show their prompts? Authorities: shares counted by hand,
real pictures of the scenes, and real pictures of scenes with one planted fault."""

from dataclasses import replace

import numpy as np
import pytest
from changed_scenes import wrong

from coursekit.datasets.teddy.captions import Words, words_of
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.scene_reader import SceneReading
from coursekit.evaluation.scene_alignment import (
    kept,
    scene_alignment,
    scene_alignment_real,
    scene_hits,
)

BROWN, WHITE = Bear("brown", "red", x=0.3), Bear("white", "blue", x=0.7)


def reading(*bears: Bear, place: str = "park") -> SceneReading:
    return SceneReading(place, tuple(map(words_of, bears)), (0.5,) * len(bears), True)


def test_one_picture_counted_by_hand():
    scene = Scene("park", (BROWN, WHITE))
    here = scene_hits(scene, reading(BROWN, WHITE))
    assert here == {name: float(name != "swapped") for name in here}
    assert scene_hits(scene, reading(WHITE, BROWN)) == here
    swapped = replace(BROWN, hat="blue"), replace(WHITE, hat="red")
    found = scene_hits(scene, reading(*swapped))
    assert found == {**here, "all": 0, "bears": 0, "swapped": 1}
    found = scene_hits(scene, reading(BROWN, replace(WHITE, hat="none")))
    assert found == {**here, "all": 0, "bears": 0.5, "hat": 0}
    found = scene_hits(scene, reading(BROWN, WHITE, place="snow"))
    assert found == {**here, "all": 0, "place": 0}
    found = scene_hits(scene, reading(BROWN))
    names = ("fur", "hat", "glasses", "pose", "action", "count", "all")
    assert found == {**here, **dict.fromkeys(names, 0), "bears": 0.5}
    assert "swapped" not in scene_hits(Scene("park", (BROWN,)), reading(BROWN))


@pytest.mark.parametrize("split", ["test", "heldout"])
def test_real_pictures_show_their_scenes(split):
    _, scenes = prompts(150, split, 21, "group")
    found = scene_alignment_real(scenes)
    assert found["all"] > 0.96 and found["swapped"] == 0 and found["count"] > 0.98
    assert set(found["by_count"]) == {"1", "2", "3"}
    parts = found["by_count"].values()
    assert sum(part["pictures"] for part in parts) == 150
    together = sum(part["pictures"] * part["all"] for part in parts) / 150
    assert together == pytest.approx(found["all"])
    assert "swapped" not in found["by_count"]["1"]


def rotated(scene: Scene) -> Scene:
    """Every bear with the glasses of its neighbour."""
    glasses = [bear.glasses for bear in scene.bears]
    bears = zip(scene.bears, [*glasses[1:], glasses[0]], strict=True)
    return replace(scene, bears=tuple(replace(b, glasses=g) for b, g in bears))


def test_planted_faults_are_counted_as_such():
    _, scenes = prompts(200, "test", 22, "group")
    scenes = [s for s in scenes if len({b.glasses for b in s.bears}) > 1]
    real = scene_alignment_real(scenes)
    found = scene_alignment(render([*map(rotated, scenes)], 64), scenes)
    assert found["swapped"] > 0.95 and found["all"] < 0.05
    assert found["glasses"] > 0.95 and abs(found["fur"] - real["fur"]) < 0.03
    found = scene_alignment(render([*map(wrong, scenes)], 64), scenes)
    assert found["hat"] < 0.25 and found["all"] < 0.03 and found["swapped"] < 0.1
    assert found["fur"] > 0.95 and found["valid"] > 0.95
    fewer = [
        replace(s, bears=(replace(s.bears[0], x=0.5, y=0.94, scale=0.6),))
        for s in scenes
    ]
    found = scene_alignment(render(fewer, 64), scenes)
    assert found["count"] < 0.1 and found["all"] < 0.02 and found["place"] > 0.95


def test_kept_says_what_changed():
    _, scenes = prompts(60, "test", 23, "group")
    images = render(scenes, 64)
    assert kept(images, images) == dict.fromkeys(
        ("place", "count", *Words._fields, "all"), 1
    )
    found = kept(images, render([*map(wrong, scenes)], 64))
    assert found["hat"] < 0.05 and found["all"] < 0.05 and found["fur"] > 0.95


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="2 pictures for 1 scenes"):
        scene_alignment(np.zeros((2, 64, 64, 3), np.uint8), [Scene()])
    with pytest.raises(ValueError, match="0 pictures for 0 scenes"):
        scene_alignment(np.zeros((0, 64, 64, 3), np.uint8), [])
