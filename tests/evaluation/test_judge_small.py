"""The shipped judge. Authority: real pictures of scenes, and of changed scenes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from changed_scenes import wrong

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.judge_rubric import instructions, rubric
from coursekit.evaluation.judge_small import SmallJudge, reader_ask
from coursekit.evaluation.judge_verdict import judge_picture, judge_pictures

TEXTS, SCENES = prompts(30, "test", 21)


@pytest.mark.parametrize("which", ["first", "second"])
def test_right_pictures_get_marks_and_wrong_ones_do_not(which):
    judge = SmallJudge(reader_ask(which))
    right = judge_pictures(judge, render(SCENES, 64), TEXTS)
    changed = judge_pictures(judge, render([wrong(s) for s in SCENES], 64), TEXTS)
    assert right["no_verdict"] == changed["no_verdict"] == 0
    assert right["overall"] > 9 and changed["overall"] < 1


def test_only_the_question_about_what_is_wrong_gets_a_bad_mark():
    scene = SCENES[0]
    place = "snow" if scene.place != "snow" else "room"
    picture = render([replace(scene, place=place)], 64)[0]
    found = judge_picture(SmallJudge(reader_ask()), picture, rubric(TEXTS[0]))
    assert found.scores["place"] < 1 and found.overall < 4
    assert all(m > 8 for name, m in found.scores.items() if name != "place")
    assert "yes" in found.evidence["place"]


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
    with pytest.raises(ValueError, match="no question of the rubric"):
        reader_ask()(pictures, ["is it a good picture?"])
