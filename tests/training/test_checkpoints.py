"""Checkpoints of runs, atomic files and the order of the data.

Authorities: the run that was not interrupted (same bits), SHA-256, the definition of a
permutation, and the errors that the system really gives.
"""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_train import TINY

from coursekit import files as atomic
from coursekit.training import checkpoints
from coursekit.training.data import batch_at, batch_indices, training_images
from coursekit.training.loop import Run, TrainingDiverged, learning_rate, train
from coursekit.training.recipe import Data
from coursekit.training.recipes_pixels import FASHION, PIXELS

PROFILE = replace(TINY.quick, steps=12)


@pytest.fixture(scope="module")
def images() -> Data:
    return training_images("fashion", 200)


def go(run: Run, steps: int) -> Run:
    for step in train(run):
        if step.number == steps:
            break
    return run


def test_a_restored_run_ends_with_the_same_bits(tmp_path: Path, images: Data) -> None:
    whole = go(Run(TINY, PROFILE, images), 12)
    half = go(Run(TINY, PROFILE, images), 5)
    checkpoints.save_run(tmp_path, checkpoints.run_state(half, "d", 1))
    torch.manual_seed(123)  # no hidden state: this must not matter
    again = Run(TINY, PROFILE, images)
    state, note = checkpoints.find_state(tmp_path)
    assert state is not None and note == ""
    checkpoints.restore(again, state, "d", tmp_path)
    go(again, 12)
    for a, b in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(
        torch.equal(whole.ema.average[k], v) for k, v in again.ema.average.items()
    )
    assert whole.curve == again.curve


def test_the_loss_falls_and_the_curve_tells(images: Data) -> None:
    run = Run(TINY, replace(TINY.quick, steps=120), images)
    losses = [step.loss for step in train(run)]
    assert sum(losses[-20:]) < 0.8 * sum(losses[:20])
    assert run.curve[-1] == (120, pytest.approx(losses[-1]))
    assert len(run.curve) == 120


def test_a_truncated_checkpoint_falls_back_or_says_what_to_do(
    tmp_path: Path, images: Data
) -> None:
    run = go(Run(TINY, PROFILE, images), 1)
    checkpoints.save_run(tmp_path, checkpoints.run_state(run, "d", 1))
    go(run, 2)
    checkpoints.save_run(tmp_path, checkpoints.run_state(run, "d", 1))
    last, previous = tmp_path / checkpoints.LAST, tmp_path / checkpoints.PREVIOUS
    last.write_bytes(last.read_bytes()[:-100])
    state, note = checkpoints.find_state(tmp_path)
    assert state is not None and state["step"] == 1
    assert "damaged or cut off" in note and "previous" in note
    for broken in (b"", b"coursekit run 1\n", previous.read_bytes()[:500], b"x" * 900):
        previous.write_bytes(broken)
        with pytest.raises(checkpoints.CheckpointError, match="--fresh") as error:
            checkpoints.find_state(tmp_path)
        assert "\n" not in str(error.value)


def test_one_flipped_bit_is_noticed(tmp_path: Path, images: Data) -> None:
    checkpoints.save_run(
        tmp_path, checkpoints.run_state(Run(TINY, PROFILE, images), "d", 1)
    )
    path = tmp_path / checkpoints.LAST
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(checkpoints.CheckpointError, match="damaged"):
        checkpoints.read_state(path)


def test_a_run_with_other_settings_is_not_continued(
    tmp_path: Path, images: Data
) -> None:
    state = checkpoints.run_state(Run(TINY, PROFILE, images), "d", 1)
    other = Run(TINY, replace(PROFILE, lr=1.0), images)
    with pytest.raises(
        checkpoints.CheckpointError, match=r"lr was 0.002, is 1.0.*--fresh"
    ):
        checkpoints.restore(other, state, "d", tmp_path)
    with pytest.raises(checkpoints.CheckpointError, match="data was d, is e"):
        checkpoints.restore(Run(TINY, PROFILE, images), state, "e", tmp_path)


def test_a_loss_that_is_no_number_stops_before_the_weights_change(
    images: Data,
) -> None:
    run = go(Run(TINY, PROFILE, images), 2)
    with torch.no_grad():
        run.model.model.stem.weight[0, 0, 0, 0] = float("nan")
    before = run.ema.average["model.out.weight"].clone()
    with pytest.raises(TrainingDiverged, match="step 3"):
        go(run, 4)
    assert torch.equal(before, run.ema.average["model.out.weight"]) and run.step == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "file"
    atomic.write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(atomic.OutOfSpace, match="disk is full"):
        atomic.write_atomic(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_every_epoch_shows_every_picture_once() -> None:
    count, batch = 10, 4
    line = torch.cat([batch_indices(count, batch, 0, step) for step in range(5)])
    first, second = line[:10], line[10:]
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert batch_indices(count, batch, 1, 0).tolist() != line[:4].tolist()


def test_a_batch_follows_from_seed_and_step_alone(images: Data) -> None:
    draw = FASHION.objective().draw
    one = batch_at(images.x, 64, draw, 3, 7, "cpu")
    torch.manual_seed(1)
    two = batch_at(images.x, 64, draw, 3, 7, "cpu")
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    x0, k, eps = one
    assert -1 <= x0.min() < x0.max() <= 1 and 1 <= k.min() and k.max() <= 1000
    assert abs(eps.mean()) < 0.02 and abs(eps.std() - 1) < 0.02
    assert not torch.equal(eps, batch_at(images.x, 64, draw, 3, 8, "cpu")[2])


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    profile = replace(PROFILE, steps=1000, warmup=10, lr=1.0)
    rates = [learning_rate(profile, step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == max(rates[:11])
    assert rates[500] == pytest.approx(0.5) and rates[-1] < 1e-4


@pytest.mark.parametrize("name", ["fashion", "teddy"])
def test_a_smaller_limit_gives_the_first_pictures(name: str) -> None:
    few, more = training_images(name, 20), training_images(name, 30)
    assert torch.equal(few.x, more.x[:20]) and few.text.startswith("20 ")
    shape = PIXELS[f"{name}-ddpm"].shape
    assert tuple(few.x.shape[1:3]) == shape[1:]


def test_a_finished_run_is_made_longer_by_a_restart(
    tmp_path: Path, images: Data
) -> None:
    longer = replace(PROFILE, steps=20, restarts=(12,))
    whole = go(Run(TINY, longer, images), 20)
    short = go(Run(TINY, PROFILE, images), 12)
    checkpoints.save_run(tmp_path, checkpoints.run_state(short, "d", 1))
    again = Run(TINY, longer, images)
    checkpoints.restore(
        again, checkpoints.read_state(tmp_path / checkpoints.LAST), "d", tmp_path
    )
    go(again, 20)
    for a, b in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)
    stretched = Run(TINY, replace(PROFILE, steps=20), images)
    with pytest.raises(checkpoints.CheckpointError, match="steps was 12, is 20"):
        checkpoints.restore(
            stretched,
            checkpoints.read_state(tmp_path / checkpoints.LAST),
            "d",
            tmp_path,
        )
