"""The reader of up to three bears. Authorities: the scenes the pictures were drawn
from, pictures put together from parts of others, closed forms of the loss."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from support_teddy import (
    assert_command_saves,
    assert_same_batches,
    assert_same_weights,
    luck,
    some,
)

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy import scene_data, train_scene_reader
from coursekit.datasets.teddy.captions import SUBJECT, Words
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.datasets.teddy.reader_card import answer_table
from coursekit.datasets.teddy.reader_data import IGNORE, empty_places, noisy
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import specialise, teddies
from coursekit.datasets.teddy.scene import HATS, Bear, Scene
from coursekit.datasets.teddy.scene_card import (
    report,
    right,
    score,
    true_words,
)
from coursekit.datasets.teddy.scene_data import (
    VALID,
    WHOLE,
    Views,
    batches,
    bear_windows,
    fresh,
    glimpses,
    labelled,
    no_bears,
    spoiled,
)
from coursekit.datasets.teddy.scene_reader import (
    GLANCE,
    LARGE,
    LOOK,
    SceneReader,
    load_scene_reader,
    read_scenes,
    windows,
)
from coursekit.datasets.teddy.splits import HELD_OUT
from coursekit.datasets.teddy.train_scene_reader import scene_loss, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def few(monkeypatch):
    """Small batches from small pools."""
    monkeypatch.setattr(train_scene_reader, "BATCH", 8)
    monkeypatch.setattr(scene_data, "POOL", 48)


def groups(n: int, count: int, seed: int) -> list[Scene]:
    """Scenes with so many bears."""
    return [s for s in some(4 * n, "group", seed) if len(s.bears) == count][:n]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_reads_what_was_drawn(count):
    scenes = groups(300, count, 601)
    seen = read_scenes(render(scenes, LARGE))
    assert np.mean([r.count == count for r in seen]) > 0.99
    shares = [right(s, r) for s, r in zip(scenes, seen, strict=True)]
    assert np.mean(shares) > 0.97
    assert np.mean([r.valid for r in seen]) > 0.97
    off = [
        abs(bear.x - x)
        for s, r in zip(scenes, seen, strict=True)
        for bear, x in zip(sorted(s.bears, key=lambda b: b.x), r.x, strict=False)
    ]
    assert np.mean(off) < 0.02


def test_pairs_that_no_model_trains_on_are_read_as_well():
    images, scenes = teddies(250, LARGE, seed=602, split="heldout", kind="group")
    assert all(HELD_OUT & {(b.fur, b.hat) for b in s.bears} for s in scenes)
    seen = read_scenes(images)
    assert np.mean([right(s, r) for s, r in zip(scenes, seen, strict=True)]) > 0.97


def test_a_bear_is_read_whoever_stands_beside_it():
    """Other hats on the bears beside it, or another place: its words stay."""
    scenes = groups(150, 3, 603)
    hats = {hat: HATS[(i + 1) % len(HATS)] for i, hat in enumerate(HATS)}

    def other(scene: Scene) -> Scene:
        bears = sorted(scene.bears, key=lambda b: b.x)
        turned = [replace(b, hat=hats[b.hat], pose="both-down") for b in bears]
        return replace(scene, bears=(turned[0], bears[1], turned[2]))

    both = (read_scenes(render(s, LARGE)) for s in (scenes, [*map(other, scenes)]))
    pairs = list(zip(*both, strict=True))
    assert np.mean([a.bears[1] == b.bears[1] for a, b in pairs]) > 0.97
    assert np.mean([a.bears[0].hat != b.bears[0].hat for a, b in pairs]) > 0.97


def test_bears_that_change_places_change_places():
    scenes = groups(120, 2, 604)
    mirrored = [
        replace(s, bears=tuple(replace(b, x=1 - b.x) for b in s.bears)) for s in scenes
    ]
    seen = read_scenes(render(mirrored, LARGE))
    told = [true_words(s)[::-1] == r.bears for s, r in zip(scenes, seen, strict=True)]
    assert np.mean(told) > 0.97


def test_the_special_bear_and_no_bear():
    seen = read_scenes(render([specialise(s) for s in groups(80, 2, 605)], LARGE))
    assert np.mean([{b.fur for b in r.bears} == {SUBJECT} for r in seen]) > 0.95
    seen = read_scenes(to_uint8(empty_places(80, luck(1), LARGE)))
    assert np.mean([r.count == 0 and not r.bears for r in seen]) > 0.95
    assert not any(r.valid for r in seen)


def test_batch_size_and_form_of_the_pictures_do_not_matter():
    images = render(some(300, "group", 606), LARGE)
    together = read_scenes(images)
    for i in range(0, 300, 50):
        alone = read_scenes(images[i : i + 1])[0]
        assert alone.bears == together[i].bears and alone.place == together[i].place
    assert [r.bears for r in read_scenes(to_model(images))] == [
        r.bears for r in together
    ]
    assert read_scenes(images[:0]) == []
    with pytest.raises(ValueError, match="colour pictures"):
        read_scenes(images[..., :1])


def test_hopeless_pictures_are_not_valid_and_not_read_wrongly():
    scenes = groups(150, 2, 607)
    x = to_model(render(scenes, LARGE))
    g = torch.Generator().manual_seed(0)
    for level in (0.2, 0.5, 0.9):
        seen = read_scenes(to_uint8(noisy(x, level, g)))
        wrong = [
            word.pose not in (true.pose, UNREADABLE)
            for s, r in zip(scenes, seen, strict=True)
            for true, word in zip(true_words(s), r.bears, strict=False)
        ]
        assert np.mean(wrong) < 0.15, level
    noise = luck(0).integers(0, 256, (100, LARGE, LARGE, 3), dtype=np.uint8)
    assert not any(r.valid for r in read_scenes(noise))
    g = torch.Generator().manual_seed(1)
    bad, _ = spoiled(x, 150, luck(2), g)
    assert np.mean([r.valid for r in read_scenes(to_uint8(bad))]) < 0.1


def test_the_card_tells_what_is_true():
    _, card = load_scene_reader()
    assert card["reader"] == "scenes" and card["bytes"] < 1e6
    scenes = some(300, "group", 608)
    again, told = score(scenes, render(scenes, LARGE), None), card["report"]["clean"]
    for name in ("place", "count", *Words._fields):
        assert abs(again[name]["right"] - told[name]["right"]) < 0.01
        table = np.array(told[name]["counts"])
        share = np.trace(table) / table.sum()
        assert share == pytest.approx(told[name]["right"], abs=1e-5)
    for n in (1, 2, 3):
        assert told[f"bears {n}"]["all"] >= 0.96
    assert card["report"]["noise 0.1"]["bears 3"]["all"] > 0.95
    assert card["report"]["blur 0.8"]["bears 3"]["all"] > 0.9


# ---- what it was trained on -------------------------------------------------------
def test_a_window_by_hand():
    """A window of 48 x 32 pixels of a larger picture is a piece of it."""
    x = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    found = windows(x, torch.tensor([1 / 3, 0.5]), torch.full((2,), 0.5), torch.ones(2))
    assert torch.allclose(found[0], x[0, :, 48:, 16:48], atol=1e-5)
    assert torch.allclose(found[1], x[1, :, 48:, 32:64], atol=1e-5)


def test_labels_by_hand():
    bears = (Bear("pink", "none", x=0.7), Bear("white", "blue", "sun", x=0.25))
    drawn = labelled([Scene("snow", bears), Scene("park", ())])
    assert drawn.words.tolist() == [[1, 2, 2, 0, 0, 1], [3, 0, 0, 0, 0, 1]]
    assert drawn.answers().tolist() == [[2, 2, 1], [0, 0, 1]]
    assert drawn.places()[0, :2].tolist() == pytest.approx([0.25, 0.7])
    assert drawn.places().isnan().sum() == 4 and drawn.rows.tolist() == [0, 0]
    assert drawn.part(1, 2).rows.tolist() == []


def test_windows_without_a_bear_are_asked_only_that(few):
    g = torch.Generator().manual_seed(0)
    drawn = labelled(some(40, "group", 610))
    assert no_bears(drawn, 30, g).shape == (30, 3, 48, 32)
    assert len(bear_windows(drawn, drawn.x, g)) == len(drawn.rows)
    for batch in islice(batches(3, 16), 3):
        bad = batch.looks[:, WHOLE] == 0
        assert (batch.looks[bad][:, :WHOLE] == IGNORE).all() and bad.any()
        wrong = batch.answers[:, VALID] == 0
        assert int(wrong.sum()) == 4 and batch.places[wrong].isnan().all()
        assert (batch.answers[wrong][:, 0] == IGNORE).all()


def test_a_row_with_a_gap_has_one_bear_less():
    whole, gaps = fresh(60, luck(612), 0), fresh(60, luck(612), 0, missing=1.0)
    for before, after in zip(whole.scenes, gaps.scenes, strict=True):
        assert len(after.bears) == len(before.bears) - 1
        assert set(after.bears) < set(before.bears)
    kept = fresh(400, luck(613), 0, missing=0.25)
    assert 0.05 < np.mean([not s.bears for s in kept.scenes]) < 0.12  # a quarter of 1/3


def test_loss_of_knowing_nothing_is_log_choices():
    drawn = labelled(groups(4, 2, 611))
    g = torch.Generator().manual_seed(0)
    cut = bear_windows(drawn, drawn.x, g)
    small = torch.zeros(4, 3, 32, 32)
    batch = Views(small, drawn.answers(), drawn.places(), cut, drawn.words)
    net = SceneReader().eval()
    for part in (net.glance, net.look):
        torch.nn.init.zeros_(part.body[-1].weight)
        torch.nn.init.zeros_(part.body[-1].bias)
    weights = train_scene_reader.WEIGHTS
    questions = {**GLANCE, **LOOK}
    expected = sum(weights.get(n, 1) * np.log(len(w)) for n, w in questions.items())
    off = (4 * (drawn.places()[:, :2] - 0.5)).square().mean().item()
    assert scene_loss(net, batch).item() == pytest.approx(expected + 4 * off, rel=1e-5)


def test_batches_and_training_repeat_exactly(few):
    for stream in (lambda: batches(3, 8), lambda: glimpses(3, 8, 0.5)):
        assert_same_batches(islice(stream(), 3), islice(stream(), 3))
    assert_same_weights(lambda: train(2, quiet=True))


def test_tables_by_hand():
    seen = [("red", "red"), ("red", UNREADABLE), ("none", "blue")]
    told = answer_table(seen, HATS)
    assert told["counts"] == [[0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [0] * 5, [0] * 5]
    assert (told["right"], told["read"]) == pytest.approx((1 / 3, 2 / 3), abs=1e-5)
    assert told["right_when_read"] == 0.5


def test_the_command_saves_a_reader_that_loads(few, tmp_path, capsys):
    assert_command_saves(
        train_scene_reader, load_scene_reader, report, tmp_path, capsys
    )


def test_a_row_with_a_gap_is_counted_as_it_is():
    """Whoever draws may forget a bear: the places of a full row stay empty then."""
    rows = [s for s in some(900, "group", 77) if len(s.bears) == 3][:120]
    gaps = [
        replace(s, bears=tuple(b for j, b in enumerate(s.bears) if j != i % 3))
        for i, s in enumerate(rows)
    ]
    counts = [reading.count for reading in read_scenes(render(gaps, 64))]
    assert np.mean(np.array(counts) == 2) > 0.97
