"""`coursekit provenance`, and --sign of `sample` and `edit`. Authorities: the verdicts
of coursekit.trust, Pillow for what a screenshot keeps, and the stated exit codes."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coursekit import cli
from coursekit.pipeline import hidden_marks
from coursekit.training import pretrained
from coursekit.trust.keys import new_key, trusted_keys
from coursekit.trust.manifest import now
from coursekit.trust.verdict import Verdict, judge

INVERT = ("--operations", '[{"do": "invert"}]')


def run(*words: object) -> int:
    return cli.run([*map(str, words)])


def verdict(path: Path) -> Verdict:
    trusted = trusted_keys([path.with_name("me.pub")])
    return judge(path.read_bytes(), trusted, now(5))


@pytest.fixture
def bear(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A signed picture, beside the key's two files."""
    monkeypatch.setattr(pretrained, "FOLDER", shelf)
    new_key(tmp_path / "me.pem")
    path = tmp_path / "bear.png"
    words = ("a bear", "--steps", 1, "--zoom", 1, "--sign", tmp_path / "me.pem")
    assert run("sample", *words, "-o", path) == 0
    return path


def test_a_drawn_picture_is_signed_told_and_keeps_its_texts(bear, capsys):
    capsys.readouterr()
    assert verdict(bear).state == "trusted"
    with Image.open(bear) as picture:
        picture.load()
        assert picture.text["asked"] == "a bear"
    for words, state in (([], "unknown"), (["--trust", bear.parent], "trusted")):
        assert run("provenance", bear, *words) == 0
        head, said = capsys.readouterr().out.splitlines()
        assert head.startswith(f"{bear}: {state}, signed by ")
        assert "'bear.png', created (trainedAlgorithmicMedia)" in said


def test_a_history_goes_on_through_edits(bear, capsys):
    grey, dark = bear.with_name("grey.png"), bear.with_name("dark.png")
    sign = ("--sign", bear.with_name("me.pem"))
    assert run("edit", bear, *INVERT, "-o", grey, *sign) == 0
    assert run("edit", grey, *INVERT, "-o", dark, *sign) == 0
    capsys.readouterr()
    words = (dark, "--from", bear, "--from", grey, "--trust", bear.parent)
    assert run("provenance", *words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.findall(r"'(\w+)\.png'", line) for line in lines[1:]] == [
        ["dark", "grey"],
        ["grey", "bear"],
        ["bear"],
    ]
    assert run("provenance", dark, "--from", bear) == 1
    assert "of its history is missing" in capsys.readouterr().err
    actions = [each["action"] for each in (verdict(dark).claim or {})["actions"]]
    assert actions == ["c2pa.opened", "c2pa.edited"]


def test_without_a_key_an_edit_leaves_no_manifest(bear):
    out, signed = bear.with_name("out.png"), bear.with_name("signed.png")
    assert run("edit", bear, *INVERT, "-o", out) == 0
    assert verdict(out).state == "none"
    assert (
        run("edit", out, *INVERT, "-o", signed, "--sign", out.with_name("me.pem")) == 0
    )
    claim = verdict(signed).claim or {}
    assert claim["ingredients"] == [] and len(claim["actions"]) == 1


def test_a_broken_history_is_not_carried_on(bear, capsys):
    bear.write_bytes(bear.read_bytes() + b"x")
    out = bear.with_name("out.png")
    words = ("-o", out, "--sign", bear.with_name("me.pem"))
    assert run("edit", bear, *INVERT, *words) == 2
    assert "no sound ingredient" in capsys.readouterr().err and not out.exists()


def test_a_screenshot_takes_the_picture_and_leaves_the_history(bear, capsys):
    shot = bear.with_name("shot.png")
    with Image.open(bear) as picture:
        Image.fromarray(np.asarray(picture)).save(shot)
    capsys.readouterr()
    assert run("provenance", shot) == 0
    assert f"{shot}: none" in capsys.readouterr().out
    photo = bear.with_name("shot.jpg")
    with Image.open(bear) as picture:
        picture.save(photo)
    assert run("provenance", photo, "--trust", bear.parent) == 0
    assert "none: it is no PNG file" in capsys.readouterr().out


def test_marks_in_the_pixels_are_told_behind(bear, capsys, monkeypatch):
    monkeypatch.setattr(hidden_marks, "hidden_marks", lambda p: [f"mark {p.shape}"])
    capsys.readouterr()
    assert run("provenance", bear) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "mark (64, 64, 3)"


@pytest.mark.parametrize(
    "words,status,part",
    [
        (["bear.png", "--new-key", "x.pem"], 2, "name a picture, or"),
        ([], 2, "name a picture, or"),
        (["--new-key", "me.pem"], 2, "there already"),
        (["--new-key", "no/x.pem"], 1, "No such file"),
        (["bear.png", "--trust", "me.pem"], 2, "no public Ed25519 key"),
        (["bear.png", "--trust", "nobody.pub"], 2, "no public Ed25519 key"),
        (["nothing.png"], 1, "no file with a picture"),
        (["folder"], 1, "no file with a picture"),
        (["pipe"], 1, "no file with a picture"),
        (["empty.png"], 1, "is empty"),
        (["large.png"], 1, "more than"),
        (["me.pem"], 1, "no picture of PNG"),
        (["bear.png", "--from", "nothing.png"], 1, "no file with a picture"),
        (["bear.png", "--from", "me.pem"], 1, "does not begin as a PNG"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    bear, monkeypatch, capsys, words, status, part
):
    monkeypatch.chdir(bear.parent)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    Path("empty.png").touch()
    with Path("large.png").open("wb") as file:
        file.truncate(10**12)
    capsys.readouterr()
    assert run("provenance", *words) == status
    said = capsys.readouterr().err
    assert said.startswith("coursekit provenance: ") and said.count("\n") == 1
    assert part in said


@pytest.mark.parametrize("cut", [60, 200, -30])
def test_a_damaged_file_is_broken_in_one_line(bear, capsys, cut):
    bear.write_bytes(bear.read_bytes()[:cut])
    capsys.readouterr()
    assert run("provenance", bear, "--trust", bear.parent) == 1
    said = capsys.readouterr()
    assert said.out.startswith(f"{bear}: broken: ") and said.out.count("\n") == 1
    assert not said.err


def test_what_cannot_be_signed_is_said_before_any_work(bear, capsys):
    key = bear.with_name("me.pem")
    film, photo = bear.with_name("film.gif"), bear.with_name("o.jpg")
    for words in (
        ("sample", "a bear", "--film", "-o", film, "--sign", key),
        ("sample", "a bear", "--video", "-o", film, "--sign", key),
        ("edit", bear, *INVERT, "-o", photo, "--sign", key),
        ("edit", bear, *INVERT, "-o", bear.with_name("o.png"), "--sign", bear),
    ):
        capsys.readouterr()
        assert run(*words) == 2
        said = capsys.readouterr()
        assert "--sign writes into PNG" in said.err or "no secret" in said.err
        assert said.err.count("\n") == 1 and not said.out
    assert not film.exists() and not photo.exists()
