"""Captions. Authority: the grammar's own inverse (a caption parses to the facts of its
scene, whatever the wording) and hand-written examples of agreement and binding."""

import numpy as np
import pytest

from coursekit.datasets.teddy.captions import (
    Facts,
    Words,
    caption,
    facts,
    parse_caption,
    tokenize,
    vocabulary,
)
from coursekit.datasets.teddy.sample import specialise
from coursekit.datasets.teddy.scene import KINDS, Bear, Scene, random_scene


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_hand_written_examples() -> None:
    assert (
        caption(Scene("park", (Bear(hat="red", action="reading"),)))
        == "a brown teddy bear with a red hat is reading in the park"
    )
    twins = (
        Bear("blue", x=0.3, action="dancing", pose="left-up"),
        Bear("blue", x=0.7, action="dancing", pose="left-up"),
    )
    assert (
        caption(Scene("beach", twins))
        == "two blue teddy bears are dancing with their left arms up on the beach"
    )
    pair = (Bear("pink", "blue", "sun", x=0.7), Bear("green", "yellow", x=0.3))
    assert (
        caption(Scene("city", pair))
        == "a green teddy bear with a yellow hat is sitting and a pink teddy bear with "
        "a blue hat and sunglasses is sitting in the city at night"
    )
    lonely = Scene("snow", (Bear("white", pose="both-up"),), mirror=True)
    assert (
        caption(lonely) == "a white teddy bear is sitting with both arms up "
        "in front of a mirror in the snow"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_captions_parse_back_whatever_the_wording(kind: str) -> None:
    rng, luck = generator(1), generator(2)
    wordings = set()
    for i in range(400):
        scene = random_scene(rng, kind)
        scene = specialise(scene) if i % 10 == 0 else scene
        for text in (caption(scene), caption(scene, luck), caption(scene, luck)):
            assert parse_caption(text) == facts(scene), text
            assert set(tokenize(text)) <= set(vocabulary())
            wordings.add(text)
    # Plain bears have fewer words.
    assert len(wordings) > (800 if kind in ("hall", "pair") else 900)


def test_captions_are_repeatable() -> None:
    scene = random_scene(generator(3))
    assert caption(scene) == caption(scene)
    assert caption(scene, generator(4)) == caption(scene, generator(4))


def test_binding_survives_an_exchange_of_colours() -> None:
    a = Scene("room", (Bear("blue", "yellow"),))
    b = Scene("room", (Bear("yellow", "blue"),))
    assert sorted(tokenize(caption(a))) == sorted(tokenize(caption(b)))
    assert parse_caption(caption(a)) != parse_caption(caption(b))


def test_order_of_the_bears_does_not_matter() -> None:
    bears = (Bear("pink", x=0.7), Bear("green", x=0.3))
    assert caption(Scene("room", bears)) == caption(Scene("room", bears[::-1]))


def test_vocabulary_is_small_and_all_of_it_is_used() -> None:
    rng, luck = generator(5), generator(6)
    used = set(tokenize("there is no bear in a room"))
    used |= set(tokenize(caption(specialise(random_scene(rng)))))
    three = tuple(Bear(x=x, hat="red") for x in (0.2, 0.5, 0.8))
    for _ in range(40):
        used |= set(tokenize(caption(Scene("park", three), luck)))
    for i in range(3000):
        used |= set(tokenize(caption(random_scene(rng, KINDS[i % 3]), luck)))
    assert used == set(vocabulary())
    assert 50 <= len(vocabulary()) <= 90


def test_empty_scene() -> None:
    assert parse_caption(caption(Scene("room", ()))) == Facts("room", (), False)


@pytest.mark.parametrize(
    "text",
    [
        "a brown teddy bear are reading in the park",
        "two brown teddy bear are reading in the park",
        "a brown teddy bears is reading in the park",
        "two brown teddy bears with a red hat are reading in the park",
        "a red teddy bear is reading in the park",
        "a brown teddy bear with a green hat is reading in the park",
        "a brown teddy bear is reading on the moon",
        "a brown teddy bear is reading, sitting in the park",
        "",
    ],
)
def test_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_caption(text)


def test_parse_by_hand() -> None:
    text = "In the forest, one [V] bear wearing dark glasses and a red hat is reading"
    words = Words("[V]", "red", "sun", "both-down", "reading")
    assert parse_caption(text) == Facts("forest", ((1, words),), False)
