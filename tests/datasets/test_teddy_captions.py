"""Captions. Authority: the grammar's own inverse (a caption parses to the facts of its
scene, whatever the wording) hand-written examples of agreement and
binding, and for prompts the splits' own rule and exact repeatability."""

from dataclasses import replace

import pytest
from support_teddy import assert_refused, luck

from coursekit.datasets.teddy.captions import (
    Facts,
    Words,
    caption,
    facts,
    parse_caption,
    tokenize,
    vocabulary,
)
from coursekit.datasets.teddy.prompts import captions_of, prompts
from coursekit.datasets.teddy.sample import specialise, teddies
from coursekit.datasets.teddy.scene import KINDS, Bear, Scene, random_scene
from coursekit.datasets.teddy.splits import SPLITS, split_of


def test_hand_written_examples():
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
def test_captions_parse_back_whatever_the_wording(kind):
    rng, chance = luck(1), luck(2)
    wordings = set()
    for i in range(400):
        scene = random_scene(rng, kind)
        scene = specialise(scene) if i % 10 == 0 else scene
        for text in (caption(scene), caption(scene, chance), caption(scene, chance)):
            assert parse_caption(text) == facts(scene), text
            assert set(tokenize(text)) <= set(vocabulary())
            wordings.add(text)
    # Plain bears have fewer words.
    assert len(wordings) > (800 if kind in ("hall", "pair") else 900)


def test_captions_are_repeatable():
    scene = random_scene(luck(3))
    assert caption(scene) == caption(scene)
    assert caption(scene, luck(4)) == caption(scene, luck(4))


def test_binding_survives_an_exchange_of_colours():
    a, b = Bear("brown", "red", x=0.3), Bear("white", "blue", x=0.7)
    for one, other in (
        ((Bear("blue", "yellow"),), (Bear("yellow", "blue"),)),
        ((a, b), (replace(a, hat="blue"), replace(b, hat="red"))),
    ):
        text, swapped = caption(Scene("room", one)), caption(Scene("room", other))
        assert sorted(tokenize(text)) == sorted(tokenize(swapped))
        assert parse_caption(text) != parse_caption(swapped)


def test_order_of_the_bears_does_not_matter():
    bears = (Bear("pink", x=0.7), Bear("green", x=0.3))
    assert caption(Scene("room", bears)) == caption(Scene("room", bears[::-1]))


def test_vocabulary_is_small_and_all_of_it_is_used():
    rng, chance = luck(5), luck(6)
    used = set(tokenize("there is no bear in a room"))
    used |= set(tokenize(caption(specialise(random_scene(rng)))))
    three = tuple(Bear(x=x, hat="red") for x in (0.2, 0.5, 0.8))
    for _ in range(40):
        used |= set(tokenize(caption(Scene("park", three), chance)))
    for i in range(3000):
        used |= set(tokenize(caption(random_scene(rng, KINDS[i % 3]), chance)))
    assert used == set(vocabulary())
    assert 50 <= len(vocabulary()) <= 90


def test_outside_the_grammar_is_refused():
    texts = (
        "a brown teddy bear are reading in the park",
        "two brown teddy bear are reading in the park",
        "a brown teddy bears is reading in the park",
        "two brown teddy bears with a red hat are reading in the park",
        "a red teddy bear is reading in the park",
        "a brown teddy bear with a green hat is reading in the park",
        "a brown teddy bear is reading on the moon",
        "a brown teddy bear is reading, sitting in the park",
        "",
    )
    assert_refused(parse_caption, dict.fromkeys(texts, ""))


def test_parse_by_hand():
    assert parse_caption(caption(Scene("room", ()))) == Facts("room", (), False)
    text = "In the forest, one [V] bear wearing dark glasses and a red hat is reading"
    words = Words("[V]", "red", "sun", "both-down", "reading")
    assert parse_caption(text) == Facts("forest", ((1, words),), False)


# Prompts: captions for judging.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", SPLITS)
def test_prompts_say_what_their_scenes_show(kind, split):
    texts, scenes = prompts(120, split, 4, kind)
    assert [parse_caption(text) for text in texts] == [facts(s) for s in scenes]
    assert {split_of(scene) for scene in scenes} == {split}
    assert scenes == teddies(120, 16, 4, split, kind)[1]


def test_wording_varies_and_belongs_to_the_scene():
    texts, scenes = prompts(400, "test", 5)
    assert captions_of(scenes[::-1], 5) == texts[::-1]
    assert prompts(100, "test", 5)[0] == texts[:100]
    other = captions_of(scenes, 6)
    changed = sum(a != b for a, b in zip(texts, other, strict=True))
    plain = sum(a == caption(s) for a, s in zip(texts, scenes, strict=True))
    assert changed > 300 and 0 < plain < 60
    front = sum(text.startswith(("in ", "on ")) for text in texts)
    assert abs(front - 100) < 5 * (400 * 3 / 16) ** 0.5


def test_unknown_words_are_refused():
    assert_refused(lambda split: prompts(1, split), {"dev": "split='dev'"})
    assert_refused(lambda kind: prompts(1, kind=kind), {"crowd": "kind='crowd'"})
