"""`coursekit edit`. Authorities: the operations themselves, Pillow, which reads the
files back, and the stated exit codes."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coursekit import cli
from coursekit.datasets.teddy.sample import teddies
from coursekit.editing import colour
from coursekit.editing.colour import Pixels
from coursekit.editing.operations import COLOUR
from coursekit.editing.planner import NoPlan
from coursekit.pipeline import planners

BEAR = teddies(1, 32, seed=5)[0][0]
GREY = '[{"do": "grayscale"}]'
HALF = '[{"do": "crop", "left": 0, "top": 0, "right": 0.5, "bottom": 1}]'


class Planner:
    """One wish is known, one is answered with what the list does not hold."""

    def plan(self, image: Pixels, wish: str) -> str:
        known = {"make it black and white": GREY, "cut it in half": HALF}
        if wish not in known:
            raise NoPlan(f"nobody here can do that: {wish!r}")
        return known[wish]


@pytest.fixture
def bear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(planners, "load_planner", lambda names: Planner())
    path = tmp_path / "bear.png"
    Image.fromarray(BEAR).save(path)
    return path


def main(*words: object) -> int:
    return cli.run(["edit", *map(str, words)])


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_wish_is_planned_told_and_done(bear, capsys):
    out, log = bear.with_name("out.png"), bear.with_name("log.jsonl")
    words = (bear, "make it black and white", "-o", out, "--log", log)
    assert main(*words) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "plan: grayscale" and said[1].startswith(f"{out}: 1 operation,")
    assert (read(out) == colour.grayscale(BEAR)).all()
    assert main(*words, "--force") == 0
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(rows) == 2 and rows[0]["do"] == "grayscale"
    assert rows[0]["picture"] == str(bear) and rows[0]["wish"] == words[1]


def test_a_plan_is_printed_and_taken_again(bear, capsys):
    assert main(bear, "make it black and white", "--plan") == 0
    plan = capsys.readouterr().out.strip()
    assert json.loads(plan) == [{"do": "grayscale"}]
    assert list(bear.parent.iterdir()) == [bear]
    out = bear.with_name("o.webp")
    assert main(bear, "--operations", plan, "-o", out) == 0
    assert (read(out) == colour.grayscale(BEAR)).all()


def test_the_list_is_asked_first(bear, capsys):
    out, log = bear.with_name("out.png"), bear.with_name("log.jsonl")
    words = (bear, "cut it in half", "-o", out, "--log", log)
    assert main(*words) == 2
    said = capsys.readouterr().err
    names = ", ".join(sorted(COLOUR))
    assert said == f"coursekit edit: crop is not on the list: {names}\n"
    assert list(bear.parent.iterdir()) == [bear]
    assert main(*words, "--allow", "crop") == 2
    assert "colour operations only" in capsys.readouterr().err
    assert main(*words, "--allow", "crop", "--allow", "colour") == 0
    assert read(out).shape == (32, 16, 3)
    both = ("--operations", HALF[:-1] + ", " + GREY[1:], "--force", "-o", out)
    assert main(bear, *both, "--allow", "crop") == 2
    assert "grayscale is not on the list: crop" in capsys.readouterr().err
    assert main(bear, *both, "--allow", "crop", "--allow", "colour") == 0


@pytest.mark.parametrize(
    "words,status,part",
    [
        (["fly"], 2, "nobody here can do that: 'fly'"),
        ([], 2, "say what is to be done"),
        (["x" * 5000], 2, "5,000 letters: 300 at most"),
        (["black\x1b[2J"], 2, "nobody can read"),
        (["fly", "--operations", GREY], 2, "not both"),
        (["--operations", "grayscale"], 2, "one JSON list"),
        (["--operations", '[{"do": "explode"}]'], 2, "no operation 'explode'"),
        (["--operations", GREY, "--allow", "all"], 2, "--allow 'all'"),
        (["--operations", GREY, "-o", "x.gif"], 2, "ends in .png"),
        (["--operations", GREY, "-o", "bear.png", "--force"], 2, "picture itself"),
        (["--operations", GREY, "-o", "./bear.png", "--force"], 2, "picture itself"),
        (["--operations", GREY, "-o", "soft.png", "--force"], 2, "picture itself"),
        (["--operations", GREY, "-o", "hard.png", "--force"], 2, "picture itself"),
        (["--operations", GREY, "-o", "mine.png"], 2, "is there already"),
        (["--operations", GREY, "-o", "sub.png"], 2, "is a folder"),
        (["--operations", GREY, "--log", "bear.png"], 2, "is a picture's file"),
        (["--operations", GREY, "--log", "hard.png"], 2, "is a picture's file"),
        (["--operations", GREY, "--log", "no/where.jsonl"], 2, "there is no folder no"),
        (["--operations", GREY, "-o", "mine.png/x.png"], 1, "cannot write"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    bear, monkeypatch, capsys, words, status, part
):
    monkeypatch.chdir(bear.parent)
    Path("soft.png").symlink_to(bear)
    os.link(bear, "hard.png")
    Path("mine.png").write_bytes(b"mine")
    Path("sub.png").mkdir()
    before = {path: path.stat().st_mtime_ns for path in bear.parent.iterdir()}
    assert main("bear.png", *words) == status
    said = capsys.readouterr().err
    assert said.startswith("coursekit edit: ") and said.count("\n") == 1
    assert part in said and len(said) < 300
    assert {p: p.stat().st_mtime_ns for p in bear.parent.iterdir()} == before


@pytest.mark.parametrize(
    "content,part",
    [(None, "is not there"), (b"", "is empty"), (b"hello", "is no picture")],
)
def test_a_file_that_is_no_picture(bear, capsys, content, part):
    other = bear.with_name("other.png")
    if content is not None:
        other.write_bytes(content)
    assert main(other, "--operations", GREY, "-o", bear.with_name("o.png")) == 1
    said = capsys.readouterr().err
    assert part in said and said.count("\n") == 1
    assert not bear.with_name("o.png").exists()


def test_what_changed_on_the_way_is_said(bear, capsys):
    alpha = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    exif = Image.Exif()
    exif[274] = 6
    seen = bear.with_name("seen.png")
    Image.fromarray(np.dstack([BEAR, alpha])).save(seen, exif=exif)
    out = bear.with_name("o.png")
    assert main(seen, "--operations", HALF, "--allow", "crop", "-o", out) == 0
    assert "turned upright" in capsys.readouterr().out
    upright = np.rot90(np.dstack([BEAR, alpha]), -1)[:, :16]
    assert (read(out) == upright).all()  # the box is one of the upright picture
    photo = bear.with_name("o.jpg")
    assert main(bear, "--operations", GREY, "-o", photo) == 0
    assert "JPEG rounds" in capsys.readouterr().out
    assert main(seen, "--operations", GREY, "-o", photo, "--force") == 2
    assert "no transparency" in capsys.readouterr().err
    assert read(photo).shape == (32, 32, 3)


def test_a_disk_that_fails_leaves_the_old_file(bear, monkeypatch, capsys):
    out = bear.with_name("o.png")
    out.write_bytes(b"old")

    def fails(self: object, *args: object, **named: object) -> None:
        raise OSError("encoder error -2")

    monkeypatch.setattr(Image.Image, "save", fails)
    assert main(bear, "--operations", GREY, "-o", out, "--force") == 2
    assert "cannot hold this picture" in capsys.readouterr().err
    assert out.read_bytes() == b"old"


def test_without_a_planner_it_says_what_to_do(tmp_path, capsys, monkeypatch):
    def nobody(names: object) -> Planner:
        raise NoPlan("no planner ships yet: say --operations")

    monkeypatch.setattr(planners, "load_planner", nobody)
    Image.fromarray(BEAR).save(tmp_path / "x.png")
    assert main(tmp_path / "x.png", "make it warmer", "--plan") == 2
    assert "say --operations" in capsys.readouterr().err
