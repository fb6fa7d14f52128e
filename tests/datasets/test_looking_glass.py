"""Halls with a blank mirror. Authority: the renderer, asked twice."""

from dataclasses import replace

import numpy as np
import pytest

from coursekit.datasets.teddy.looking_glass import glass, halls, reflection_at
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene


def test_all_that_a_reflection_can_change_is_inside_the_glass():
    """Dress the bear otherwise: in the mirror's half only the glass may differ."""
    pictures, masks, scenes = halls(60, 32, seed=3)
    dressed = [
        replace(s, bears=(replace(s.bears[0], fur="white", hat="red"),)) for s in scenes
    ]
    changed = (render(dressed, 32) != pictures).any(-1)
    for number, scene in enumerate(scenes):
        right = reflection_at(scene) > 0.5
        half = np.s_[:, 16:] if right else np.s_[:, :16]
        seen = changed[number][half] & ~masks[number][half]
        # A bear close to its mirror reaches into the other half by itself.
        reach = 0.62 * scene.bears[0].scale
        if abs(scene.bears[0].x - 0.5) > reach:
            assert not seen.any()
        assert changed[number][masks[number]].any()


def test_the_other_half_is_given_and_the_glass_is_a_rectangle():
    _, masks, scenes = halls(40, 24, seed=1)
    for mask, scene in zip(masks, scenes, strict=True):
        other = mask[:, :12] if reflection_at(scene) > 0.5 else mask[:, 12:]
        assert not other.any()
        rows, columns = mask.any(1), mask.any(0)
        assert mask.sum() == rows.sum() * columns.sum() > 0


def test_the_room_is_always_the_same_and_a_scene_does_not_depend_on_the_size():
    small, _, scenes = halls(20, 16, seed=5)
    large, _, same = halls(30, 48, seed=5)
    assert scenes == same[:20] and small.shape[1:] == (16, 16, 3)
    assert {(s.place, s.brightness, s.drift) for s in scenes} == {("room", 1.0, 0.5)}
    assert len({s.distance for s in same}) > 5
    assert large.shape == (30, 48, 48, 3)


def test_a_scene_without_a_mirror_is_refused():
    with pytest.raises(ValueError, match="no mirror"):
        glass([Scene()])
