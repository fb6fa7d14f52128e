"""Authority: real pictures, whose scenes say what is right; a twin whose hats are
exchanged; the stated size. Floors are set below the figures of data/readers/vqa."""

import json

import numpy as np
import pytest
import torch
from changed_scenes import exchanged

from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.questions import ANSWERS, how_many, shows_caption, where
from coursekit.datasets.teddy.reader_nets import reader_folder
from coursekit.datasets.teddy.render import render
from coursekit.evaluation.train_vqa import (
    Learner,
    measured,
    new_questions,
    train,
)
from coursekit.evaluation.vqa import answers, chances, load_vqa, vqa_scores
from coursekit.evaluation.vqa_data import batches
from coursekit.weights import read_weights

FOLDER = reader_folder() / "vqa"


def test_it_is_small_and_what_its_card_says():
    net, card = load_vqa()
    count = sum(p.numel() for p in net.parameters())
    assert count == card["parameters"] < 250_000
    assert len(read_weights(FOLDER, card)) == card["bytes"] <= 500_000
    assert card["report"]["clean"]["show"]["right"] > 0.9


def test_it_answers_new_questions_as_well_as_the_card_says():
    drawn, questions = new_questions(150, seed=1)
    found = measured(drawn.x, drawn, questions, FOLDER)
    told = json.loads((FOLDER / "card.json").read_text())["report"]["clean"]
    for kind, row in found.items():
        spread = 4 * (0.25 / row["asked"]) ** 0.5
        assert abs(row["right"] - told[kind]["right"]) < spread, kind


def test_it_tells_a_picture_from_its_twin_with_swapped_hats():
    captions, scenes = prompts(40, seed=21, kind="pair")
    swapped = [exchanged(scene) for scene in scenes]
    right = vqa_scores(render(scenes, 64), captions)
    wrong = vqa_scores(render(swapped, 64), captions)
    assert right.mean() - wrong.mean() > 0.6
    assert (right > wrong).float().mean() > 0.9


def test_an_answer_depends_on_its_own_picture_and_question_only():
    captions, scenes = prompts(6, seed=22, kind="group")
    images = render(scenes, 64)
    asked = [[where(), how_many(), shows_caption(c)] for c in captions]
    together = chances(images, asked)
    for i in range(6):
        alone = chances(images[i : i + 1], [asked[i][1:]])[0]
        assert torch.allclose(alone, together[i][1:], atol=1e-4)
    assert chances(images, [[]] * 6)[0].shape == (0, len(ANSWERS))
    assert answers(images[:0], []) == []


def test_an_answer_is_one_of_the_choices():
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    for said in answers(noise, [[where(), how_many()]] * 4):
        assert said[0] in where().choices and said[1] in how_many().choices


def test_numbers_must_agree():
    with pytest.raises(ValueError, match="2 pictures, 1 lists"):
        chances(np.zeros((2, 64, 64, 3), np.uint8), [[where()]])


def test_training_runs_and_its_loss_falls():
    net, facts = train(3, quiet=True)
    assert facts["samples"] == 3 * 64 and not net.training
    torch.manual_seed(0)
    learner, batch = Learner(), next(batches(1, 16))
    rate = torch.optim.AdamW(learner.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        losses.append(learner.loss(batch))
        rate.zero_grad()
        losses[-1].backward()
        rate.step()
    assert losses[-1] < 0.7 * losses[0]
