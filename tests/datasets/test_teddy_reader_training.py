"""Training of the readers. Authority: scipy's Gaussian filter, closed forms of the loss
and calibration, and exact repeatability."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from support_teddy import (
    assert_holds_a_reader,
    assert_same_batches,
    assert_same_weights,
    luck,
)

from coursekit.datasets.teddy import reader_card
from coursekit.datasets.teddy.reader import load_reader
from coursekit.datasets.teddy.reader_batches import batches, corrupt
from coursekit.datasets.teddy.reader_card import (
    WANTED,
    best_temperature,
    least_confidence,
)
from coursekit.datasets.teddy.reader_data import (
    IGNORE,
    SPOILERS,
    Batch,
    answers_of,
    blur,
    measures_of,
    scene_batch,
)
from coursekit.datasets.teddy.reader_nets import (
    CHOICES,
    MEASURES,
    OUTPUTS,
    make_reader,
    split_outputs,
)
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.train_readers import (
    READER_RECIPES,
    main,
    reader_loss,
    train_reader,
)

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = replace(READER_RECIPES["first"], samples=(256, 128))


def test_blur_is_scipys_gaussian_filter():
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    for sigma in (0.5, 1.0, 2.0):
        reach = max(1, round(3 * sigma))
        peer = gaussian_filter(
            x.numpy(), (0, 0, sigma, sigma), mode="mirror", radius=(0, 0, reach, reach)
        )
        np.testing.assert_allclose(blur(x, sigma).numpy(), peer, atol=1e-12)
    assert blur(x, 0.0) is x


def test_answers_are_the_scenes_own():
    bear = Bear("pink", "blue", "sun", "left-up", "dancing")
    answers = answers_of(Scene("snow", (bear,), mirror=True))
    words = [CHOICES[name][i] for name, i in zip(CHOICES, answers, strict=True)]
    assert " ".join(CHOICES) == "place fur hat glasses pose action count mirror valid"
    assert " ".join(words) == "snow pink blue sun left-up dancing 1 yes yes"
    pair = answers_of(Scene("snow", (Bear(), Bear())))
    assert pair[1:6] == [IGNORE] * 5 and pair[6] == 2
    assert np.isnan(measures_of(Scene("snow", (Bear(), Bear())))).all()


def test_loss_of_sure_and_right_answers_is_zero_and_of_none_is_log_choices():
    batch = scene_batch(8, luck(0), (1, 0, 0))
    flat = torch.zeros(8, OUTPUTS)
    flat[:, -len(MEASURES) :] = batch.measures
    expected = sum(np.log(len(words)) for words in CHOICES.values())
    assert reader_loss(flat, batch, {}).item() == pytest.approx(expected, abs=1e-5)
    logits, _ = split_outputs(flat)
    for column, values in enumerate(logits.values()):
        values[torch.arange(8), batch.answers[:, column]] = 50.0  # views of `flat`
    assert reader_loss(flat, batch, {}).item() == pytest.approx(0, abs=1e-5)


def test_unasked_questions_have_no_gradient():
    batch = scene_batch(4, luck(1), (0, 1, 0))
    none = torch.full_like(batch.answers, IGNORE)
    empty = Batch(batch.x, none, batch.measures * np.nan)
    outputs = torch.randn(4, OUTPUTS, requires_grad=True)
    loss = reader_loss(outputs, empty, {})
    loss.backward()
    assert loss.item() == 0 and outputs.grad is not None and not outputs.grad.any()


def test_temperature_of_calibrated_logits_is_one():
    g = torch.Generator().manual_seed(3)
    logits = 2 * torch.randn(40_000, 4, generator=g)
    target = torch.multinomial(torch.softmax(logits, 1), 1, generator=g)[:, 0]
    assert best_temperature(logits, target) == pytest.approx(1, abs=0.05)
    assert best_temperature(3 * logits, target) == pytest.approx(3, rel=0.05)


def test_threshold_keeps_the_wanted_accuracy():
    sure = torch.linspace(0.5, 1, 1001, dtype=torch.float64)
    chances = torch.stack([sure, 1 - sure], 1)
    target = (sure < 0.7).long()  # every answer below 0.7 is wrong
    least = least_confidence(chances, target)
    kept = sure >= least
    assert (target[kept] == 0).double().mean() >= WANTED and 0.66 < least < 0.7


def test_corruption_asks_valid_only_where_it_is_clear():
    batch = scene_batch(64, luck(2), (1, 0, 0))
    g = torch.Generator().manual_seed(4)
    hard = corrupt(batch, replace(TINY, clean=0.0), g)
    change = (hard.x - batch.x).square().mean((1, 2, 3)).sqrt()
    asked = hard.answers[:, -1] != IGNORE
    assert change[asked].mean() < change[~asked].mean()
    same = corrupt(batch, replace(TINY, clean=1.1), g)
    assert torch.equal(same.x, batch.x) and torch.equal(same.answers, batch.answers)


def test_spoilers_change_every_picture_and_repeat():
    x = scene_batch(12, luck(3), (1, 0, 0)).x
    before = x.clone()
    for name, spoil in SPOILERS.items():
        first, again = (spoil(x, torch.Generator().manual_seed(5)) for _ in range(2))
        assert torch.equal(first, again) and torch.equal(x, before), name
        assert first.shape == x.shape, name
        assert ((first - x).abs().mean((1, 2, 3)) > 0.005).all(), name


def test_batches_and_training_repeat_exactly():
    assert_same_batches(islice(batches(TINY), 2), islice(batches(TINY), 2))
    tiny = replace(TINY, samples=(64, 64))
    assert_same_weights(lambda: train_reader("first", tiny, quiet=True))


def test_readers_of_different_recipes_see_different_data():
    seen, shapes = [], []
    for which, recipe in READER_RECIPES.items():
        seen.append(next(batches(replace(recipe, samples=(256,)))).x)
        shapes.append({tuple(p.shape) for p in make_reader(which).parameters()})
    assert not torch.equal(*seen) and shapes[0] != shapes[1]


def test_the_command_saves_a_reader_that_loads(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reader_card, "PICTURES", 200)
    assert main(["--which", "second", "--samples", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    assert main(["--which", "second", "--samples", "128", "--out", str(tmp_path)]) == 0
    net, card = load_reader("second", tmp_path)
    assert card["samples"] == 4 * 128 and not net.training
    assert_holds_a_reader(tmp_path)
