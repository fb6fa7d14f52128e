"""Training that is interrupted, by real signals and real limits of the system.

Authority: an uninterrupted run of the same recipe. Killed with SIGKILL again and again,
stopped by Ctrl-C or by a full disk, a run ends with the same bits.
"""

import signal
from pathlib import Path

import pytest
import torch
from forked import Forked, wait_until

from coursekit.training.checkpoints import LAST, PREVIOUS, read_state


def start(out: Path, **more: str) -> Forked:
    """`coursekit train` with a tiny recipe, in a process of its own."""
    return Forked("long", "--out", str(out), "--threads", "1", env=more)


def finish(process: Forked) -> tuple[int, list[str]]:
    """Exit status, and stderr without the progress bar."""
    status, _, errors = process.finish()
    return status, errors


def same_bits(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_bits(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same_bits, a, b))
    return a == b


def result(folder: Path) -> dict[str, object]:
    """The last checkpoint, without the time it took."""
    state = read_state(folder / LAST)
    assert state.pop("seconds") > 0
    return state


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("whole")
    status, errors = finish(start(folder))
    assert status == 0, errors
    state = result(folder)
    assert state["step"] == 60
    return state


def saved_step(folder: Path) -> int:
    """The step of the newest checkpoint; between two renames the one before serves."""
    for name in (LAST, PREVIOUS):
        if (folder / name).exists():
            return int(read_state(folder / name)["step"])
    return 0


def interrupt(folder: Path, sign: signal.Signals) -> tuple[int, list[str]]:
    """Let a run get on by a checkpoint, then send it a signal."""
    before, process = saved_step(folder), start(folder)
    wait_until(lambda: process.poll() is not None or saved_step(folder) > before)
    process.signal(sign)
    return finish(process)


def test_kill_9_changes_not_one_bit(tmp_path, uninterrupted):
    steps = []
    for _ in range(3):
        status, _ = interrupt(tmp_path, signal.SIGKILL)
        steps.append(saved_step(tmp_path))
        assert status in (-signal.SIGKILL, 0)
    assert 0 < steps[0] < 60, "the first kill must fall into the run"
    status, errors = finish(start(tmp_path))
    assert (status, errors) == (0, [])
    assert same_bits(result(tmp_path), uninterrupted)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_says_one_line_and_saves(tmp_path, uninterrupted, sign):
    """By Ctrl-C, or by the system's polite request."""
    status, errors = interrupt(tmp_path, sign)
    assert status == 128 + sign and len(errors) == 1, errors
    assert f"Step {saved_step(tmp_path)} of 60 is saved" in errors[0]
    assert "run the same command again" in errors[0]
    assert finish(start(tmp_path)) == (0, [])
    assert same_bits(result(tmp_path), uninterrupted)


def test_a_full_disk_says_one_line_and_keeps_the_checkpoint(tmp_path, uninterrupted):
    assert interrupt(tmp_path, signal.SIGINT)[0] == 130
    step, content = saved_step(tmp_path), (tmp_path / LAST).read_bytes()
    status, errors = finish(start(tmp_path, TINY_LIMIT=str(len(content) // 2)))
    assert status == 1 and len(errors) == 1, errors
    assert "the disk is full" in errors[0] and f"Step {step} of 60" in errors[0]
    assert (tmp_path / LAST).read_bytes() == content
    assert not list(tmp_path.glob("*.part"))
    assert finish(start(tmp_path)) == (0, [])
    assert same_bits(result(tmp_path), uninterrupted)
