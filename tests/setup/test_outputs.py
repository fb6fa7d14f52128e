"""The command line in odd surroundings: streams that fail, folders that are not there.

Authorities: the exit status, and one line on stderr that names the cause.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from coursekit import cli, course_folder
from coursekit.course_folder import COURSE, find_course

HERE = {"PYTHONPATH": str(COURSE)}


def coursekit(
    words: str, folder: Path = COURSE, out: int = subprocess.PIPE, **env: str
) -> tuple[int, str]:
    """Exit status and stderr of one command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "coursekit", *words.split()],
        cwd=folder, env=os.environ | HERE | env, stdout=out, stderr=subprocess.PIPE,
        text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_closed_pipe_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert coursekit("claims", out=writing) == (0, "")
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        status, said = coursekit("claims", out=full.fileno())
    assert status == 1 and said.count("\n") == 1
    assert "the output could not be written" in said


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_any_encoding_will_do(encoding: str) -> None:
    assert coursekit("claims", PYTHONIOENCODING=encoding) == (0, "")


def test_installed_without_its_folder(tmp_path: Path) -> None:
    """As `pip install .` leaves it: the package alone, elsewhere."""
    package, elsewhere = tmp_path / "site" / "coursekit", tmp_path / "elsewhere"
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COURSE / "coursekit", package, ignore=skip)
    elsewhere.mkdir()
    alone = {"PYTHONPATH": str(package.parent)}
    for words in ("weave --check", "claims"):
        status, said = coursekit(words, elsewhere, **alone)
        assert status == 1 and said.count("\n") == 1 and "pip install -e ." in said
    assert coursekit("weave --check", COURSE / "notebooks", **alone) == (0, "")
    named = {**alone, "COURSEKIT_FOLDER": str(COURSE)}
    assert coursekit("weave --check", elsewhere, **named) == (0, "")


def test_the_folder_around_the_package_comes_first(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    assert find_course(Path("/nowhere/coursekit"), inner) == Path("/nowhere")
    (tmp_path / "data").mkdir()
    (tmp_path / "coursekit" / "lectures").mkdir(parents=True)
    assert find_course(Path("/nowhere/coursekit"), inner) == tmp_path.resolve()
    assert find_course(COURSE / "coursekit", inner) == COURSE
    released = tmp_path / "site-packages" / "coursekit"
    (released / "data").mkdir(parents=True)
    (released / "data" / "SHA256SUMS").touch()
    assert find_course(released, Path("/nowhere")) == released.resolve()
    assert course_folder.missing() == ""


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"COURSEKIT_PATIENCE": "abc", "WORLD_SIZE": "2"}, "COURSEKIT_PATIENCE=abc"),
        ({"WORLD_SIZE": "2", "RANK": ""}, "RANK= with WORLD_SIZE=2"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE=two"),
    ],
)
def test_settings_that_mean_nothing_are_one_line(
    env: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    complete = {"RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in (complete | env).items():
        monkeypatch.setenv(name, value)
    assert cli.run(["train", "fashion-ddpm"]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_two_trainings_do_not_share_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(tmp_path / "in-use.lock"):
        assert cli.run(["train", "teddy-mirror", "--out", str(tmp_path)]) == 2
    assert "another training is at work" in capsys.readouterr().err
