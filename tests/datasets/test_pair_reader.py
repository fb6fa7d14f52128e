"""The reader of two bears. Authorities: the scenes the pictures were drawn from, exact
symmetries of reading by halves, closed forms of the loss, exact repeatability."""

from collections.abc import Iterator
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
from coursekit.datasets.teddy import train_pair_reader
from coursekit.datasets.teddy.pair_card import report, score
from coursekit.datasets.teddy.pair_data import (
    SEEN,
    Halves,
    batches,
    erase,
    labelled,
    scene_of,
    two_bears,
    without_bear,
)
from coursekit.datasets.teddy.pair_reader import (
    QUESTIONS,
    WIDTHS,
    PairReading,
    load_pair_reader,
    read_pairs,
)
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.datasets.teddy.reader_data import IGNORE, noisy
from coursekit.datasets.teddy.reader_nets import reader_folder
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.splits import HELD_OUT
from coursekit.datasets.teddy.train_pair_reader import pair_loss, train

FOLDER = reader_folder() / "pairs"
KINDS = ("pair", "mirror", "hall")
pytestmark = pytest.mark.usefixtures("one_thread")


def fresh(n: int, kind: str, seed: int) -> list[Scene]:
    rng = luck(seed)
    return [scene_of(rng, kind) for _ in range(n)]


def beside(scenes: list[Scene], seen: list[PairReading]) -> Iterator:
    """Each bear, left and right, with what was read of it."""
    for scene, reading in zip(scenes, seen, strict=True):
        left, right = two_bears(scene)
        yield left, reading.left
        yield right, reading.right


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_reads_what_was_drawn(kind, size):
    scenes = fresh(500, kind, 501)
    seen = read_pairs(render(scenes, size))
    assert np.mean([bear.fur == it.fur for bear, it in beside(scenes, seen)]) > 0.985
    assert np.mean([bear.hat == it.hat for bear, it in beside(scenes, seen)]) > 0.985
    assert np.mean([r.valid for r in seen]) > 0.98
    far = [b.x - a.x for a, b in map(two_bears, scenes)]
    assert np.abs(np.array(far) - [r.distance for r in seen]).mean() < 0.02


def test_pairs_that_no_model_trains_on_are_read_as_well():
    scenes = fresh(1500, "pair", 502)
    table: dict[bool, list[bool]] = {True: [], False: []}
    for bear, it in beside(scenes, read_pairs(render(scenes))):
        words = bear.fur, bear.hat
        table[words in HELD_OUT].append(words == (it.fur, it.hat))
    assert len(table[True]) > 300
    assert np.mean(table[True]) > 0.98 and np.mean(table[False]) > 0.98


def test_one_half_says_nothing_of_the_other():
    images = render(fresh(60, "mirror", 503))
    other = render(fresh(60, "hall", 504))
    mixed = np.concatenate([images[:, :, :16], other[:, :, 16:]], axis=2)
    seen = read_pairs(mixed)
    assert [r.left for r in seen] == [r.left for r in read_pairs(images)]
    assert [r.right for r in seen] == [r.right for r in read_pairs(other)]


def test_a_reflection_that_disagrees_is_read_as_it_is():
    scenes = fresh(300, "hall", 505)
    hats = {"none": "red", "red": "blue", "blue": "yellow", "yellow": "none"}
    odd = [
        replace(s, bears=(replace(s.bears[0], hat=hats[s.bears[0].hat]),))
        for s in scenes
    ]
    mixed = np.concatenate([render(scenes)[:, :, :16], render(odd)[:, :, 16:]], axis=2)
    seen = read_pairs(mixed)
    assert np.mean([r.agree("hat") is False for r in seen]) > 0.97
    assert np.mean([r.agree("fur") is True for r in seen]) > 0.97


def test_reading_a_mirrored_picture_exchanges_left_and_right():
    images = render(fresh(50, "pair", 506))
    for a, b in zip(read_pairs(images), read_pairs(images[:, :, ::-1]), strict=True):
        assert (a.left.fur, a.left.hat) == (b.right.fur, b.right.hat)
        assert (a.right.fur, a.right.hat) == (b.left.fur, b.left.hat)
        assert a.left.x == pytest.approx(1 - b.right.x, abs=1e-6)
        assert a.distance == pytest.approx(b.distance, abs=1e-6)


def test_batch_size_and_form_of_the_pictures_do_not_matter():
    images = render(fresh(300, "hall", 507))

    def words(pictures) -> list[tuple[str, ...]]:
        return [(r.left.fur, r.left.hat, r.right.fur) for r in read_pairs(pictures)]

    together = words(images)
    assert [words(images[i : i + 1])[0] for i in range(0, 300, 50)] == together[::50]
    assert words(to_model(images)) == together
    assert read_pairs(images[:0]) == []
    with pytest.raises(ValueError, match="colour pictures"):
        read_pairs(images[..., :1])


def test_hopeless_pictures_are_unreadable_and_not_read_wrongly():
    scenes = fresh(300, "pair", 508)
    g = torch.Generator().manual_seed(0)
    for level in (0.2, 0.5, 0.8):
        seen = read_pairs(to_uint8(noisy(to_model(render(scenes)), level, g)))
        wrong = [b.hat not in (a.hat, UNREADABLE) for a, b in beside(scenes, seen)]
        assert np.mean(wrong) < 0.1, level
    noise = np.random.default_rng(0).integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    seen = read_pairs(noise)
    assert not any(r.valid for r in seen)
    assert {r.left.fur for r in seen} == {UNREADABLE} and seen[0].agree("fur") is None


def test_a_missing_bear_is_missed():
    solo, _ = teddies(200, 32, seed=9)
    assert np.mean([r.valid for r in read_pairs(solo)]) < 0.05
    empty = render([replace(s, bears=()) for s in fresh(200, "pair", 509)])
    assert np.mean([r.valid for r in read_pairs(empty)]) < 0.02
    scenes = fresh(200, "hall", 510)
    x = erase(labelled(scenes, to_model(render(scenes))), scenes)
    twice = to_uint8(torch.cat([x, x.flip(-1)], -1))
    assert np.mean([r.left.seen for r in read_pairs(twice)]) < 0.03


def test_the_card_tells_what_is_true():
    _, card = load_pair_reader()
    assert card["reader"] == "pairs" and card["device"] == "cpu"
    for kind in KINDS:
        images = render(scenes := fresh(600, kind, 511))
        again, told = score(scenes, images, FOLDER), card["report"][kind]
        for name in ("fur", "hat"):
            assert abs(again[name]["right"] - told[name]["right"]) < 0.01
            assert told[name]["right"] >= 0.985
            table = np.array(told[name]["counts"])
            share = np.trace(table) / table.sum()
            assert share == pytest.approx(told[name]["right"], abs=1e-5)
    assert card["report"]["clean"]["hat"]["right"] >= 0.99
    assert card["report"]["noise 0.1"]["hat"]["right_when_read"] > 0.95
    assert card["report"]["no_bear_seen"] < 0.03


# ---- what it was trained on -------------------------------------------------------
def test_two_bears_by_hand():
    a, b = Bear("brown", "red", x=0.7), Bear("white", "blue", x=0.3)
    assert two_bears(Scene("park", (a, b))) == (b, a)
    near = Scene("park", (replace(b, x=0.2),), mirror=True, distance=0.5)
    assert [bear.x for bear in two_bears(near)] == [0.2, 0.7]
    far = Scene("park", (replace(b, x=0.8),), mirror=True, distance=0.5)
    assert [bear.x for bear in two_bears(far)] == pytest.approx([0.3, 0.8])
    with pytest.raises(ValueError, match="1 bears and no mirror"):
        two_bears(Scene("park", (a,)))


def test_labels_by_hand():
    scene = Scene("park", (Bear("pink", "none", x=0.7), Bear("white", "blue", x=0.25)))
    x = to_model(render([scene]))
    found = labelled([scene], x)
    assert found.answers.tolist() == [[1, 2, 1], [3, 0, 1]]
    assert found.place.tolist() == pytest.approx([0.25, 0.3])
    assert torch.equal(found.x[0], x[0, :, :, :16])
    assert torch.equal(found.x[1], x[0, :, :, 16:].flip(-1))


def test_scenes_for_training_bind_nothing_to_anything():
    scenes = fresh(4000, "pair", 512)
    for name, p in (("hat", 1 / 4), ("fur", 1 / 8)):
        same = [len({getattr(b, name) for b in two_bears(s)}) == 1 for s in scenes]
        assert abs(np.mean(same) - p) < 5 * (p * (1 - p) / 4000) ** 0.5, name


def test_an_erased_reflection_leaves_plain_glass():
    scenes = [replace(s, brightness=1.0, warmth=0.0) for s in fresh(50, "hall", 513)]
    pictures = labelled(scenes, to_model(render(scenes)))
    glass = torch.tensor([0.72, 0.84, 0.90]) * 2 - 1
    x = erase(pictures, scenes)
    for i, (half, scene) in enumerate(zip(x, scenes, strict=True)):
        left, right = two_bears(scene)
        other_side = scene.bears[0].x < 0.5
        place = 1 - right.x if other_side else left.x
        before = pictures.x[i + len(scenes) * other_side]
        rows, column = slice(round(32 * (left.y - 0.25)), 27), min(14, int(32 * place))
        both = torch.stack([before, half])[..., rows, column] - glass[:, None]
        was, now = both.abs().amax((1, 2))
        assert now < 0.15 < 0.25 < was


def test_halves_without_a_bear_are_asked_only_that():
    none = without_bear(64, luck(1))
    assert none.answers.unique(dim=0).tolist() == [[IGNORE, IGNORE, 0]]
    assert none.place.isnan().all() and len(none.x) == len(none.answers) > 48


def test_loss_of_sure_and_right_answers_is_zero_and_of_none_is_log_choices():
    scenes = fresh(8, "hall", 514)
    batch = labelled(scenes, to_model(render(scenes)))
    logits = {n: torch.zeros(16, w) for n, w in zip(QUESTIONS, WIDTHS, strict=True)}
    expected = np.log(8) + 2 * np.log(4) + np.log(2)
    assert pair_loss((logits, batch.place), batch).item() == pytest.approx(expected)
    off = pair_loss((logits, batch.place + 0.1), batch).item()
    assert off - expected == pytest.approx(2 * 0.4**2, rel=1e-4)
    for column, values in enumerate(logits.values()):
        values[torch.arange(16), batch.answers[:, column]] = 50.0
    assert pair_loss((logits, batch.place), batch).item() == pytest.approx(0, abs=1e-6)
    none = torch.full_like(batch.answers, IGNORE)
    unasked = Halves(batch.x, none, batch.place * torch.nan)
    assert pair_loss((logits, batch.place), unasked).item() == 0


def test_batches_and_training_repeat_exactly(monkeypatch):
    monkeypatch.setattr(train_pair_reader, "BATCH", 16)
    assert_same_batches(islice(batches(3, 16), 3), islice(batches(3, 16), 3))
    for batch in islice(batches(3, 16), 3):
        assert 0.6 < (batch.answers[:, SEEN] != 0).double().mean() < 0.9
    assert_same_weights(lambda: train(2, quiet=True))


def test_the_command_saves_a_reader_that_loads(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train_pair_reader, "BATCH", 16)
    assert_command_saves(train_pair_reader, load_pair_reader, report, tmp_path, capsys)


def test_random_scene_kinds_fit_the_reader():
    for kind in KINDS:
        for scene in some(200, kind, 515):
            left, other = two_bears(scene)
            assert left.x < 0.4 and other.x > 0.6
