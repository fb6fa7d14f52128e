"""Curated scenes. Authority: the light that scenes are drawn with, and their order."""

from itertools import islice

import numpy as np
import pytest

from coursekit.datasets.teddy.curation import KINDS, curator, golden, world
from coursekit.datasets.teddy.sample import scenes, teddies
from coursekit.training.text_image_data import captioned_images


@pytest.mark.parametrize("kind", ["solo", "group"])
def test_one_in_seven_is_golden_and_nothing_but_light_decides(kind):
    """61 of 201 values of warmth and 13 of 29 of brightness, each equally likely."""
    drawn = list(islice(scenes(3, kind=kind), 4000))
    share = 61 / 201 * 13 / 29
    kept = [scene for scene in drawn if golden(scene)]
    spread = (share * (1 - share) / 4000) ** 0.5
    assert abs(len(kept) / 4000 - share) < 5 * spread
    assert list(islice(scenes(3, kind=kind, only=golden), len(kept))) == kept


def test_golden_pictures_are_warm_and_bright():
    some, best = teddies(300, 16)[0], teddies(300, 16, only=golden)[0]
    red, blue = (best.astype(float)[..., i].mean() for i in (0, 2))
    plain = some.astype(float).mean((0, 1, 2))
    assert red - blue > plain[0] - plain[2] + 10 and best.mean() > some.mean() + 4


@pytest.mark.parametrize("data", [name for name in KINDS if curator(name)])
def test_a_curated_set_is_a_part_of_its_world_in_the_same_words(data):
    few, all_of = captioned_images(data, 5, 16), captioned_images(world(data), 120, 16)
    assert few.cond is not None and all_of.cond is not None
    assert "golden" in few.text and "golden" not in all_of.text
    for picture, words in zip(few.x, few.cond, strict=True):
        same = (all_of.x == picture).flatten(1).all(1)
        assert same.sum() == 1 and np.array_equal(all_of.cond[same][0], words)


def test_worlds_keep_their_names():
    assert [world(name) for name in ("teddy", "bears-golden")] == ["teddy", "bears"]
    assert curator("teddy") is None and curator("bears") is None
