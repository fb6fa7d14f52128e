"""Authority: the scenes themselves. What is asked about a scene, its attributes answer;
a picture shows its own caption and not that of the scene with two hats exchanged."""

from dataclasses import replace

import numpy as np
import pytest

from coursekit.datasets.teddy import questions as q
from coursekit.datasets.teddy.captions import Words, words_of
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.scene import FURS, Bear, Scene
from coursekit.datasets.teddy.scene_data import in_order
from coursekit.evaluation.vqa import encoded
from coursekit.evaluation.vqa_data import about_all, ask

PARK = Scene(
    "park",
    (
        Bear("brown", "red", "sun", "left-up", "reading", x=0.2),
        Bear("white", "none", "none", "both-up", x=0.5),
        Bear("brown", "blue", "none", "both-down", "dancing", x=0.8),
    ),
)


def seen(scene):
    return scene.place, [words_of(bear) for bear in in_order(scene)]


def some(**words):
    return q.NOBODY._replace(**words)


BROWN, WHITE = some(fur="brown"), some(fur="white")
TABLE = [
    (q.where(), "where is this", "park"),
    (q.how_many(), "how many bears are there", "three"),
    (q.how_many("brown"), "how many brown bears are there", "two"),
    (q.how_many("pink"), "how many pink bears are there", "zero"),
    (q.which("hat", "white"), "which hat has the white bear", "none"),
    (q.which("hat", "brown"), "which hat has the brown bear", ""),  # which of them?
    (q.which("hat", "pink"), "which hat has the pink bear", ""),
    (q.which("pose", "white"), "which arm of the white bear is up", "both"),
    (q.which("fur", side="middle"), "what colour is the middle bear", "white"),
    (q.which("action", side="right"), "what is the rightmost bear doing", "dancing"),
    (q.there_is([BROWN, WHITE]), "are there a brown bear and a white bear", "yes"),
    (q.there_is([BROWN, BROWN]), "are there two brown bears", "yes"),
    (q.there_is([BROWN] * 3), "are there three brown bears", "no"),
    (
        q.there_is([some(fur="brown", hat="red", glasses="sun", pose="left")]),
        "is there a brown bear with a red hat and sunglasses and the left arm up",
        "yes",
    ),
    (
        # One bear cannot stand for both.
        q.there_is([some(hat="red"), some(glasses="sun")]),
        "are there a bear with a red hat and a bear with sunglasses",
        "no",
    ),
    (
        q.left_of(BROWN, WHITE),
        "is there a brown bear further left than a white bear",
        "yes",
    ),
    (q.left_of(WHITE, some(hat="red")), None, "no"),
    (
        q.shows([WHITE], "beach"),
        "does this figure show a white bear on the beach",
        "no",
    ),
]


@pytest.mark.parametrize(("question", "text", "want"), TABLE)
def test_scenes_answer_questions(question, text, want):
    assert q.answer(question, *seen(PARK)) == want
    assert text in (None, question.text)


def test_who_stands_where_needs_somebody_beside():
    alone = replace(PARK, bears=PARK.bears[:1])
    assert q.answer(q.which("fur", side="left"), *seen(alone)) == ""
    two = replace(PARK, bears=PARK.bears[:2])
    assert q.answer(q.which("fur", side="middle"), *seen(two)) == ""
    assert q.answer(q.which("fur", side="right"), *seen(two)) == "white"


def test_a_caption_is_true_of_its_scene_and_not_of_swapped_hats():
    for text, scene in zip(*prompts(60, seed=5, kind="pair"), strict=True):
        told = q.shows_caption(text)
        assert q.answer(told, *seen(scene)) == "yes"
        one, other = scene.bears
        swapped = (replace(one, hat=other.hat), replace(other, hat=one.hat))
        assert q.answer(told, *seen(replace(scene, bears=swapped))) == "no"


def test_every_wording_of_a_group_is_read():
    for text, scene in zip(*prompts(80, seed=6, kind="group"), strict=True):
        assert q.answer(q.shows_caption(text), *seen(scene)) == "yes"


@pytest.mark.parametrize(
    "caption",
    [
        "a [V] teddy bear is sitting in the park",
        "a brown teddy bear is sitting in front of a mirror in the park",
        "there is no bear in the park",
        "a bear",
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(caption):
    with pytest.raises(ValueError) as caught:
        q.shows_caption(caption)
    assert "\n" not in str(caught.value)


def test_training_asks_in_words_that_are_known_and_has_no_favourite_answer():
    luck = np.random.Generator(np.random.PCG64(0))
    _, scenes = prompts(300, seed=7, kind="group")
    asked = [(ask(*seen(s), luck), s) for s in scenes for _ in range(4)]
    asked += [(about_all(*seen(s), luck, 1), s) for s in scenes]
    encoded([one for one, _ in asked])
    shown = [q.answer(one, *seen(s)) for one, s in asked if one.asks == "show"]
    assert 0.35 < np.mean([said == "yes" for said in shown]) < 0.65
    assert {one.asks for one, _ in asked} == set(q.CHOICES)
    known = [q.answer(one, *seen(s)) for one, s in asked]
    assert all(a in one.choices for a, (one, _) in zip(known, asked, strict=True) if a)
    assert np.mean([a == "" for a in known]) < 0.05


def test_answers_are_the_vocabulary_of_scenes():
    assert set(FURS) <= set(q.ANSWERS)
    assert q.spoken(Words("pink", "none", "sun", "both-down", "none")) == (
        *("pink", "none", "sun", "none", "sitting"),
    )
