"""The shipped judge. Authority: real pictures of scenes, and of changed scenes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from changed_scenes import wrong

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.evaluation.judge_rubric import instructions, question, rubric
from coursekit.evaluation.judge_small import SmallJudge, reader_ask, vqa_ask
from coursekit.evaluation.judge_verdict import judge_picture, judge_pictures

TEXTS, SCENES = prompts(30, "test", 21)


JUDGES = {
    "first": reader_ask("first"),
    "second": reader_ask("second"),
    "vqa": vqa_ask,
}


@pytest.mark.parametrize("ask", JUDGES.values(), ids=JUDGES)
def test_right_pictures_get_marks_and_wrong_ones_do_not(ask):
    judge = SmallJudge(ask)
    right = judge_pictures(judge, render(SCENES, 64), TEXTS)
    changed = judge_pictures(judge, render([wrong(s) for s in SCENES], 64), TEXTS)
    assert right["no_verdict"] == changed["no_verdict"] == 0
    assert right["overall"] > 9 and changed["overall"] < 1


@pytest.mark.parametrize("ask", JUDGES.values(), ids=JUDGES)
def test_only_the_question_about_what_is_wrong_gets_a_bad_mark(ask):
    scene = SCENES[0]
    place = "snow" if scene.place != "snow" else "room"
    picture = render([replace(scene, place=place)], 64)[0]
    found = judge_picture(SmallJudge(ask), picture, rubric(TEXTS[0]))
    assert found.scores["place"] < 1 and found.overall < 4
    assert all(m > 8 for name, m in found.scores.items() if name != "place")
    assert "yes" in found.evidence["place"]


@pytest.mark.parametrize("name", [*VOCABULARY, "count"])
def test_the_answers_to_a_question_share_out_certainty(name):
    """Of all words of an attribute one is right: the chances of yes add up to 1, but
    for the [V] bear, which the network was never told of."""
    words = VOCABULARY.get(name, tuple("0123"))
    questions = [question(name, word) for word in words]
    found = vqa_ask(render(SCENES[:5], 64), questions)
    torch.testing.assert_close(found.sum(1), torch.ones(5))


def test_noise_is_not_a_clean_picture():
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), np.uint8)
    found = judge_pictures(SmallJudge(reader_ask()), noise, TEXTS[:8])
    assert found["overall"] < 0.5


def test_any_network_can_sit_behind_it():
    seen = {}

    def ask(pictures, questions):
        seen["asked"] = (pictures.shape, list(questions))
        return torch.linspace(0, 1, len(questions))[None]

    criteria = rubric(TEXTS[0])
    picture = render(SCENES[:1], 32)[0]
    found = judge_picture(SmallJudge(ask), picture, criteria)
    assert seen["asked"] == ((1, 32, 32, 3), [c.question for c in criteria])
    assert found.scores["place"] == 0 and found.scores["natural"] == 10


def test_strange_requests_are_refused_in_a_line():
    judge = SmallJudge(reader_ask())
    pictures = render(SCENES[:2], 32)
    with pytest.raises(ValueError, match="2 pictures"):
        judge.answer(pictures, instructions(rubric(TEXTS[0])))
    for ask in JUDGES.values():
        with pytest.raises(ValueError, match="no question of the rubric"):
            ask(pictures, ["is it a good picture?"])
