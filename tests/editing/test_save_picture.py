"""Authority: Pillow reads the same values back; bytes and times of files left alone."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coursekit import files
from coursekit.editing import save_picture as module
from coursekit.editing.open_picture import Opened, open_picture
from coursekit.editing.save_picture import (
    FORMATS,
    OutputError,
    check_output,
    save_picture,
)

GENERATOR = np.random.default_rng(5)
NOISE = GENERATOR.integers(0, 256, (6, 9, 3), dtype=np.uint8)
ALPHA = GENERATOR.integers(0, 256, (6, 9), dtype=np.uint8)
PROFILE = b"\0" * 16 + b"RGB " + b"\0" * 108


@pytest.mark.parametrize("suffix", [*FORMATS, ".PNG"])
@pytest.mark.parametrize("alpha", [None, ALPHA])
def test_all_but_jpeg_give_back_every_value(tmp_path, suffix, alpha):
    path, picture = tmp_path / f"x{suffix}", Opened(NOISE, alpha, PROFILE)
    if suffix in (".jpg", ".jpeg"):
        if alpha is not None:
            with pytest.raises(OutputError, match="no transparency"):
                save_picture(picture, path)
            assert list(tmp_path.iterdir()) == []
            return
        smooth = np.full((16, 16, 3), (200, 40, 90), dtype=np.uint8)
        save_picture(Opened(smooth, None, PROFILE), path)
        found = open_picture(path)
        assert abs(found.pixels.astype(int) - smooth).max() <= 2
    else:
        save_picture(picture, path)
        found = open_picture(path)
        assert (found.pixels == NOISE).all()
        assert alpha is None or (found.alpha == ALPHA).all()
    assert found.profile == PROFILE
    with Image.open(path) as again:
        assert 274 not in again.getexif()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "bear.png"
    save_picture(Opened(NOISE), path)
    return path


def test_the_picture_itself_is_refused_by_whatever_name(source, monkeypatch):
    soft, hard = source.with_name("soft.png"), source.with_name("hard.png")
    soft.symlink_to(source)
    os.link(source, hard)
    monkeypatch.chdir(source.parent)
    for name in (
        source,
        soft,
        hard,
        Path("./bear.png"),
        Path("../") / source.parent.name / "bear.png",
    ):
        with pytest.raises(OutputError, match="is the picture itself"):
            check_output(source, name, force=True)
    check_output(source, Path("other.png"))


def test_unknown_endings_folders_and_files_that_are_there(source):
    folder = source.with_name("folder.png")
    folder.mkdir()
    other = source.with_name("other.webp")
    other.write_bytes(b"mine")
    for out, part in (
        (source.with_name("x.gif"), "ends in .png"),
        (source.with_name("x"), "ends in .png"),
        (folder, "is a folder"),
        (other, "is there already"),
    ):
        with pytest.raises(OutputError, match=part):
            check_output(source, out)
    check_output(source, other, force=True)


def fails_in_the_middle(self, file, *args, **named):
    file.write(b"half a picture")
    raise OSError("encoder error -2")


def test_a_failing_encoder_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "old.png"
    path.write_bytes(b"old")
    then = path.stat().st_mtime_ns
    monkeypatch.setattr(Image.Image, "save", fails_in_the_middle)
    with pytest.raises(OutputError, match="encoder error"):
        save_picture(Opened(NOISE), path)
    assert path.read_bytes() == b"old" and path.stat().st_mtime_ns == then
    assert list(tmp_path.iterdir()) == [path]


def test_canary_saving_onto_the_file_would_have_destroyed_it(tmp_path):
    """What Pillow does by itself to a picture with transparency."""
    path = tmp_path / "old.jpg"
    path.write_bytes(b"old")
    with pytest.raises(OSError):
        Image.new("RGBA", (3, 3)).save(path)
    assert not path.exists() or path.read_bytes() != b"old"


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "old.png"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(files.OutOfSpace, match="disk is full"):
        save_picture(Opened(NOISE), path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_picture_that_a_format_cannot_hold(tmp_path):
    wide = np.zeros((1, 20_000, 3), dtype=np.uint8)
    with pytest.raises(OutputError, match="WEBP cannot hold"):
        module.encode(Opened(wide), ".webp")
