"""Checkpoints of runs, atomic files and the order of the data.

Authorities: the run that was not interrupted (same bits), SHA-256, the definition of a
permutation, and the errors that the system really gives.
"""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_kinds import go
from tiny_train import TINY

from coursekit import files as atomic
from coursekit.training import checkpoints
from coursekit.training.checkpoints import CheckpointError, read_state
from coursekit.training.data import batch_at, batch_indices, training_images
from coursekit.training.loop import Run, learning_rate
from coursekit.training.recipe import Data
from coursekit.training.recipes_pixels import FASHION, PIXELS

PROFILE = replace(TINY.quick, steps=12)


@pytest.fixture(scope="module")
def images() -> Data:
    return training_images("fashion", 200)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, images: Data) -> Path:
    """The checkpoint of a run of PROFILE that went to its end."""
    folder = tmp_path_factory.mktemp("finished")
    run = go(Run(TINY, PROFILE, images), 12)
    checkpoints.save_run(folder, checkpoints.run_state(run, "d", 1))
    return folder / checkpoints.LAST


def test_a_damaged_checkpoint_falls_back_or_says_what_to_do(tmp_path, images):
    run = Run(TINY, PROFILE, images)
    for step in (1, 2):
        checkpoints.save_run(
            tmp_path, checkpoints.run_state(go(run, step), "d", threads=1)
        )
    last, previous = tmp_path / checkpoints.LAST, tmp_path / checkpoints.PREVIOUS
    last.write_bytes(last.read_bytes()[:-100])
    state, note = checkpoints.find_state(tmp_path)
    assert state is not None and state["step"] == 1
    assert "damaged or cut off" in note and "previous" in note
    whole = previous.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for broken in (b"", b"coursekit run 1\n", whole[:500], b"x" * 900, flipped):
        previous.write_bytes(broken)
        with pytest.raises(CheckpointError, match="--fresh") as error:
            checkpoints.find_state(tmp_path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("recipe", "profile", "data", "message"),
    [
        (TINY, replace(PROFILE, lr=1.0), "d", r"lr was 0.002, is 1.0.*--fresh"),
        (TINY, PROFILE, "e", "data was d, is e"),
        (TINY, replace(PROFILE, steps=20), "d", "steps was 12, is 20"),
        (replace(TINY, num_steps=40), PROFILE, "d", "num_steps was 50, is 40"),
    ],
    ids=["lr", "data", "steps", "recipe"],
)
def test_a_run_with_other_settings_is_not_continued(
    recipe, profile, data, message, finished, images
):
    state, other = read_state(finished), Run(recipe, profile, images)
    with pytest.raises(CheckpointError, match=message):
        checkpoints.restore(other, state, data, finished.parent)
    if recipe != TINY:
        del state["recipe"]  # as states were written before they said it
        checkpoints.restore(other, state, data, finished.parent)
        assert other.step == 12


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_leaves_the_old_file(tmp_path, monkeypatch, number):
    path = tmp_path / "file"
    atomic.write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(atomic.OutOfSpace, match="disk is full"):
        atomic.write_atomic(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_every_epoch_shows_every_picture_once():
    count, batch = 10, 4
    line = torch.cat([batch_indices(count, batch, 0, step) for step in range(5)])
    first, second = line[:10], line[10:]
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert batch_indices(count, batch, 1, 0).tolist() != line[:4].tolist()


def test_a_batch_is_pictures_steps_and_fresh_normal_noise(images):
    draw = FASHION.objective().draw
    x0, k, eps = batch_at(images.x, 64, draw, 3, 7, "cpu")
    assert -1 <= x0.min() < x0.max() <= 1 and 1 <= k.min() and k.max() <= 1000
    assert abs(eps.mean()) < 0.02 and abs(eps.std() - 1) < 0.02
    assert not torch.equal(eps, batch_at(images.x, 64, draw, 3, 8, "cpu")[2])


def test_the_learning_rate_rises_then_falls_to_nothing():
    profile = replace(PROFILE, steps=1000, warmup=10, lr=1.0)
    rates = [learning_rate(profile, step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == max(rates[:11])
    assert rates[500] == pytest.approx(0.5) and rates[-1] < 1e-4


@pytest.mark.parametrize("name", ["fashion", "teddy"])
def test_a_smaller_limit_gives_the_first_pictures(name):
    few, more = training_images(name, 20), training_images(name, 30)
    assert torch.equal(few.x, more.x[:20]) and few.text.startswith("20 ")
    shape = PIXELS[f"{name}-ddpm"].shape
    assert tuple(few.x.shape[1:3]) == shape[1:]


def test_a_finished_run_is_made_longer_by_a_restart(finished, images):
    longer = replace(PROFILE, steps=20, restarts=(12,))
    whole, again = Run(TINY, longer, images), Run(TINY, longer, images)
    checkpoints.restore(again, read_state(finished), "d", finished.parent)
    assert again.step == 12
    pairs = zip(
        go(whole, 20).model.parameters(), go(again, 20).model.parameters(), strict=True
    )
    assert all(torch.equal(a, b) for a, b in pairs)
