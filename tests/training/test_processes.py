"""Training by two real processes, as torchrun starts them.

Authorities: the same training in one process (float rounding only); the uninterrupted
run; the system, which kills and stops processes for us.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from forked import Forked, wait_until

from coursekit.training.checkpoints import LAST, read_state

SCRIPT = Path(__file__).with_name("tiny_kinds.py")


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(kind: str, out: Path, shelf: Path, processes: int = 2) -> list[Forked]:
    """`coursekit train KIND` in several processes; the environment is torchrun's."""
    shared = {
        "TINY_CHECKPOINTS": str(shelf),
        "COURSEKIT_PATIENCE": "300",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "WORLD_SIZE": str(processes),
    }
    arguments = (kind, "--out", str(out), "--threads", "1")
    return [
        Forked(*arguments, env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(processes)
    ]


def finish(processes: list[Forked]) -> list[tuple[int, str, list[str]]]:
    return [process.finish() for process in processes]


def curve(folder: Path) -> list[float]:
    return [loss for _, loss in read_state(folder / LAST)["curve"]]


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "kind",
    ["critic", "clip", "latents"]
    + [pytest.param(kind, marks=LONG) for kind in ("chain", "sigmoid", "mirror")],
)
def test_two_processes_learn_what_one_does(kind, tmp_path, shelf):
    """The losses of sixteen steps, and the weights after them, up to rounding."""
    one, two = tmp_path / "one", tmp_path / "two"
    assert finish(start(kind, one, shelf, 1))[0][0] == 0
    first, second = finish(start(kind, two, shelf, 2))
    assert (first[0], second[0]) == (0, 0), (first, second)
    assert second[1] == "" and second[2] == [], "only the first process speaks"
    assert "2 processes" in first[1]
    alone, shared = curve(one), curve(two)
    off = max(abs(a / b - 1) for a, b in zip(alone, shared, strict=True))
    print(f"{kind}: largest relative difference of a loss {off:.1e}")
    assert len(shared) == 16 and off < 1e-4, off
    weights, others = (read_state(each / LAST)["model"] for each in (one, two))
    for name, value in weights.items():
        torch.testing.assert_close(value, others[name], rtol=2e-2, atol=2e-3)


def test_stopped_together_and_resumed(tmp_path, shelf):
    """One process is asked to stop; all do at the same step, and go on later."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert [each[0] for each in finish(start("chain", whole, shelf))] == [0, 0]
    running = start("chain", broken, shelf)
    assert wait_until((broken / LAST).exists)
    running[1].signal(signal.SIGTERM)
    first, second = finish(running)
    if first[0] == 0:
        pytest.skip("it was done before the signal came")
    assert first[0] in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert second[0] == 128 + signal.SIGTERM
    assert len(first[2]) == 1 and "run the same command again" in first[2][0]
    assert second[2] == []
    assert [each[0] for each in finish(start("chain", broken, shelf))] == [0, 0]
    assert curve(whole) == curve(broken)
    a, b = (read_state(each / LAST)["model"] for each in (whole, broken))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_nobody_waits_for_a_dead_partner(tmp_path, shelf):
    running = start("chain", tmp_path, shelf)
    assert wait_until((tmp_path / LAST).exists)
    running[1].signal(signal.SIGKILL)
    first, second = finish(running)
    if first[0] == 0:
        pytest.skip("it was done before the signal came")
    assert second[0] == -signal.SIGKILL and first[0] == 1
    assert len(first[2]) == 1 and "another process has gone" in first[2][0], first
    found = finish(start("chain", tmp_path, shelf))
    assert [each[0] for each in found] == [0, 0], found


def test_a_batch_that_cannot_be_shared_is_one_line(tmp_path, shelf):
    found = finish(start("chain", tmp_path, shelf, 3))
    assert [status for status, _, _ in found] == [2, 2, 2]
    assert found[0][2] == [
        "coursekit train: 3 processes cannot share a batch of 8: take a number of "
        "processes that divides it"
    ]
    assert found[1][2] == found[2][2] == []


@LONG
def test_torchrun_itself(tmp_path, shelf):
    """The command of the documentation."""
    torchrun = Path(sys.executable).with_name("torchrun")
    if not torchrun.exists():
        pytest.skip("no torchrun here")
    words = [str(torchrun), "--nproc-per-node", "2", "--master-port", free_port()]
    words += [str(SCRIPT), "chain", "--out", str(tmp_path)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "TINY_CHECKPOINTS": str(shelf)}
    done = subprocess.run(words, env=env, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert read_state(tmp_path / LAST)["step"] == 16
