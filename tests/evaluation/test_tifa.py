"""Authority: real pictures of scenes, whose captions are known, and the same with two
hats exchanged; answers given by the scenes themselves score exactly 1."""

from dataclasses import replace

import pytest
import torch
from changed_scenes import exchanged

from coursekit.datasets.teddy.captions import caption
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.questions import answer
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.scene_card import true_words
from coursekit.evaluation.alignment import text_vectors
from coursekit.evaluation.tifa import by_reader, caption_questions, tifa
from coursekit.models.clip import CLIP
from coursekit.training.pretrained import load_model


def knowing(scenes):
    """Whoever sees the scenes themselves."""

    def answerer(images, asked):
        return [
            [answer(q, scene.place, true_words(scene)) for q in questions]
            for scene, questions in zip(scenes, asked, strict=True)
        ]

    return answerer


def test_the_tree_of_a_caption():
    text = (
        "a brown teddy bear with a red hat is reading and two white teddy bears with "
        "sunglasses are sitting with both their arms up in the snow"
    )
    tree = [(i.question.text, i.answer, i.parent) for i in caption_questions(text)]
    assert tree == [
        ("where is this", "snow", -1),
        ("is there a brown bear", "yes", -1),
        ("how many brown bears are there", "one", 1),
        ("which hat has the brown bear", "red", 1),
        ("what is the brown bear doing", "reading", 1),
        ("is there a white bear", "yes", -1),
        ("how many white bears are there", "two", 5),
        ("which glasses has the white bear", "sun", 5),
        ("which arm of the white bear is up", "both", 5),
        ("what is the white bear doing", "sitting", 5),
    ]


def test_bears_of_one_fur_that_differ_are_asked_about_with_yes_or_no():
    text = (
        "a brown teddy bear with a red hat is reading and a brown teddy bear with a "
        "blue hat is reading in the snow"
    )
    tree = [(i.question.text, i.answer, i.parent) for i in caption_questions(text)]
    assert tree == [
        ("where is this", "snow", -1),
        ("is there a brown bear", "yes", -1),
        ("how many brown bears are there", "two", 1),
        ("is there a brown bear with a red hat", "yes", 1),
        ("is there a brown bear reading", "yes", 1),
        ("is there a brown bear with a blue hat", "yes", 1),
    ]


@pytest.mark.parametrize("kind", ["solo", "group", "pair"])
def test_the_scene_of_a_caption_answers_all_of_its_questions(kind):
    captions, scenes = prompts(60, seed=11, kind=kind)
    found = tifa(render(scenes, 16), captions, knowing(scenes))
    assert found["tifa"] == found["flat"] == 1 and set(found["each"]) == {1}


def test_a_bear_that_is_not_there_takes_its_questions_along():
    right = Scene("park", (Bear("brown", "red", "round", action="reading"),))
    wrong = Scene("park", (Bear("white", "red", "round", action="reading"),))
    found = tifa(render([wrong], 16), [caption(right)], knowing([wrong]))
    # place; brown bear, how many, hat, glasses, doing: of six only the place holds
    assert found["tifa"] == pytest.approx(1 / 6)
    both = replace(right, bears=(*wrong.bears, Bear("brown", "blue", x=0.2)))
    found = tifa(render([both], 16), [caption(right)], knowing([both]))
    assert found["tifa"] == pytest.approx(3 / 6)  # place, a brown bear, one of them


def test_each_caption_has_its_own_tree():
    """Whoever denies the second bear, and then describes it, knows one thing of six."""
    scene = Scene("park", (Bear("brown", "red", "round", action="reading"),))

    def denying(images, asked):
        first, second = knowing([scene, scene])(images, asked)
        return [first, [{"yes": "no"}.get(word, word) for word in second]]

    found = tifa(render([scene] * 2, 16), [caption(scene)] * 2, denying)
    assert found["each"] == [1, pytest.approx(1 / 6, abs=1e-5)]
    assert found["flat"] == pytest.approx((1 + 5 / 6) / 2)


def test_the_reader_finds_the_caption_of_a_real_picture_and_misses_swapped_hats():
    captions, scenes = prompts(40, seed=12, kind="pair")
    swapped = [exchanged(scene) for scene in scenes]
    assert tifa(render(scenes, 64), captions, by_reader)["tifa"] > 0.99
    found = tifa(render(swapped, 64), captions, by_reader)["each"]
    # two of nine questions are about hats
    assert max(found) < 0.8 and min(found) > 0.7


def test_numbers_must_agree():
    with pytest.raises(ValueError, match="1 pictures for 2 captions"):
        tifa(render([Scene()], 16), ["a", "b"])


def test_a_caption_too_long_for_clip_is_refused_and_padding_changes_nothing():
    """Cut after tokenising, the end token would go, and with it what is read there."""
    clip = load_model("teddy-clip")
    assert isinstance(clip, CLIP)
    (text,), _ = prompts(1, seed=3)
    long = f"{text} and {text}"
    with pytest.raises(ValueError, match="28 at most"):
        text_vectors(clip, [long], "teddy")
    from coursekit.datasets.tokens import TEDDY_LENGTH, teddy_tokenizer

    ids = teddy_tokenizer().encode([text], TEDDY_LENGTH["solo"])
    used = int((ids != 0).sum())
    assert used < ids.shape[1]
    filled = ids.clone()
    filled[:, used:] = 5  # anything behind the end
    short, other, padded = (clip.encode_text(i) for i in (ids[:, :used], filled, ids))
    assert torch.allclose(short, padded, atol=1e-6)
    assert torch.allclose(other, padded, atol=1e-6)
