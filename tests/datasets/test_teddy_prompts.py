"""Captions for training and prompts for judging. Authority: the grammar's inverse, the
splits' own rule, and exact repeatability."""

import pytest

from coursekit.datasets.teddy.captions import (
    caption,
    facts,
    parse_caption,
    tokenize,
)
from coursekit.datasets.teddy.prompts import captions_of, prompts
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import KINDS, Bear, Scene
from coursekit.datasets.teddy.splits import SPLITS, split_of


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", SPLITS)
def test_prompts_say_what_their_scenes_show(kind: str, split: str) -> None:
    texts, scenes = prompts(120, split, 4, kind)
    assert [parse_caption(text) for text in texts] == [facts(s) for s in scenes]
    assert {split_of(scene) for scene in scenes} == {split}
    assert scenes == teddies(120, 16, 4, split, kind)[1]


def test_wording_varies_and_belongs_to_the_scene() -> None:
    texts, scenes = prompts(400, "test", 5)
    assert captions_of(scenes[::-1], 5) == texts[::-1]
    assert prompts(100, "test", 5)[0] == texts[:100]
    other = captions_of(scenes, 6)
    changed = sum(a != b for a, b in zip(texts, other, strict=True))
    plain = sum(a == caption(s) for a, s in zip(texts, scenes, strict=True))
    assert changed > 300 and 0 < plain < 60
    front = sum(text.startswith(("in ", "on ")) for text in texts)
    assert abs(front - 100) < 5 * (400 * 3 / 16) ** 0.5


def test_exchanged_hats_are_another_caption_of_the_same_words() -> None:
    left = Bear("brown", "red", x=0.3)
    right = Bear("white", "blue", x=0.7)
    scene = Scene("park", (left, right))
    swapped = Scene("park", (Bear("brown", "blue", x=0.3), Bear("white", "red", x=0.7)))
    assert caption(scene) == (
        "a brown teddy bear with a red hat is sitting and "
        "a white teddy bear with a blue hat is sitting in the park"
    )
    assert sorted(tokenize(caption(scene))) == sorted(tokenize(caption(swapped)))
    assert facts(scene) != facts(swapped)


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ValueError, match="split='dev'"):
        prompts(1, "dev")
    with pytest.raises(ValueError, match="kind='crowd'"):
        prompts(1, kind="crowd")
