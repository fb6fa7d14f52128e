"""From disk to submissions: archives, and what is never opened.

Authority: zip's format for the hostile archives. test_layouts has whose a file is.
"""

import io
import json
import os
import random
import socket
import stat
import struct
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from notebook_kit import code, notebook

from coursekit.grading import intake, intake_files, intake_zip
from coursekit.grading.types import Submission

GOOD = json.dumps(notebook(code("# exercise 01.4\nx"))).encode()


def collect(*paths: Path | str) -> list[Submission]:
    return list(intake.collect(paths))


def names(*paths: Path | str) -> list[str]:
    return [each.student for each in collect(*paths)]


def problem(path: Path | str) -> str:
    """What is wrong with the only submission that is there."""
    (found,) = collect(path)
    return found.problem


def write(root: Path, *files: str, data: bytes = GOOD) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def packed(files: Mapping[Any, bytes], **options: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


# -- folders -----------------------------------------------------------------------


def test_a_folder_in_depth(tmp_path):
    good = "alice.ipynb bob/01_diffusion.ipynb w/x/y/carl/01_diffusion.ipynb"
    hidden = ".git/a.ipynb bob/.ipynb_checkpoints/01-checkpoint.ipynb .hidden.ipynb"
    others = "__MACOSX/b.ipynb bob/__pycache__/c.ipynb bob/plot.pdf"
    plain = "grades.csv README.md notes.txt conftest.py"
    write(tmp_path, *f"{good} {hidden} {others} {plain}".split())
    assert names(tmp_path) == ["alice", "bob", "carl"]
    assert all(each.problem == "" for each in collect(tmp_path))


def test_a_single_file_takes_its_folders_name(tmp_path):
    write(tmp_path, "alice/01_diffusion.ipynb", "eve.ipynb/bob.ipynb")
    (found,) = collect(tmp_path / "alice" / "01_diffusion.ipynb")
    assert found.student == "alice"
    assert found.origin.endswith("01_diffusion.ipynb")
    assert names(tmp_path / "eve.ipynb") == ["bob"], "a folder called like a notebook"
    assert names(tmp_path) == ["alice", "eve"]


def test_wrong_files_are_reported_where_a_notebook_should_be(tmp_path):
    write(tmp_path, "bob/report.pdf", "bob/code.tar.gz", data=b"%PDF-1.4")
    write(tmp_path, "carl.html", data=b"<html></html>")
    write(tmp_path, "dora_01_diffusion.py", data=b"import torch")
    write(tmp_path, "erik_01_diffusion.ipynb.txt")
    found = {each.student: each.problem for each in collect(tmp_path)}
    said = {"bob": "PDF", "carl": "web page", "dora": "Python script", "erik": ""}
    assert list(found) == list(said)
    assert all(said[student] in problem for student, problem in found.items())
    assert found["erik"] == ""


def test_nothing_there(tmp_path):
    assert "no notebook" in problem(tmp_path)
    assert "No such file" in problem(tmp_path / "gone")
    assert "null" in problem("a\0b")


def test_links_are_not_followed(tmp_path):
    write(tmp_path, "out/secret.ipynb")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "eve.ipynb").symlink_to(tmp_path / "out" / "secret.ipynb")
    (inside / "shadow.ipynb").symlink_to("/etc/shadow")
    (inside / "folder").symlink_to(tmp_path / "out")
    (inside / "loop").symlink_to(inside)
    found = collect(inside)
    assert [each.student for each in found] == ["eve", "shadow"]
    assert all("This is a link" in each.problem for each in found)
    assert "This is a link" in problem(inside / "eve.ipynb")
    assert "This is a link" in problem(inside / "folder")


@pytest.mark.skipif(sys.platform != "linux", reason="pipes and devices of Unix")
def test_pipes_devices_and_sockets_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "eve.ipynb")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock.ipynb"))
        found = collect(tmp_path) + collect("/dev/zero")
    assert len(found) == 3
    assert all("not a plain file" in each.problem for each in found)


@pytest.mark.skipif(
    getattr(os, "getuid", lambda: 0)() == 0, reason="root may read everything"
)
def test_no_permission(tmp_path):
    write(tmp_path, "alice.ipynb").joinpath("alice.ipynb").chmod(0)
    assert "cannot be opened" in problem(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="others refuse such names")
def test_file_names_that_are_not_utf_8(tmp_path):
    with open(os.fsencode(tmp_path) + b"/zo\xeb.ipynb", "wb") as file:
        file.write(GOOD)
    (found,) = collect(tmp_path)
    assert found.problem == ""
    (found.origin + found.student).encode()


def test_very_deep_folders(tmp_path):
    write(tmp_path, "d/" * 40 + "alice.ipynb", "bob.ipynb")
    found = collect(tmp_path)
    assert [bool(each.problem) for each in found] == [False, True]
    assert "deeper than 20" in found[1].problem


# -- archives ----------------------------------------------------------------------


def test_an_archive_of_a_class(tmp_path):
    files = {
        "Bo Li_77_assignsubmission_file_/01_diffusion.ipynb": GOOD,
        "alice.ipynb": GOOD,
        "carl/carl.zip": packed({"work/01_diffusion.ipynb": GOOD}),
        "__MACOSX/._alice.ipynb": b"junk",
        ".DS_Store": b"junk",
        "dora/report.pdf": b"%PDF-1.4",
        "emma/": b"",
        "images/": b"",
    }
    path = tmp_path / "submissions.zip"
    path.write_bytes(packed(files, compression=zipfile.ZIP_DEFLATED))
    found = collect(path)
    people = ["Bo Li", "alice", "carl", "dora", "emma"]
    assert [each.student for each in found] == people
    assert [bool(each.problem) for each in found] == [False] * 3 + [True] * 2
    assert "it is empty" in found[-1].problem
    assert found[2].origin.endswith(
        "submissions.zip: carl/carl.zip: work/01_diffusion.ipynb"
    )
    assert list(tmp_path.iterdir()) == [path], "nothing is unpacked to disk"


def test_an_archive_of_one_student(tmp_path):
    write(tmp_path, "alice.zip", data=packed({"01_diffusion.ipynb": GOOD}))
    assert names(tmp_path) == ["alice"]
    assert names(tmp_path / "alice.zip") == ["alice"]


def test_names_in_archives_are_never_paths(tmp_path):
    odd = ["../../../tmp/", "/etc/", "C:\\Windows\\", "..\\..\\", "a/./b/../"]
    for folder in (*odd, "x" * 300 + "/" + "y/" * 200):
        write(tmp_path, "z.zip", data=packed({f"{folder}eve.ipynb": GOOD}))
        assert problem(tmp_path / "z.zip") == "", folder
        assert list(tmp_path.rglob("*")) == [tmp_path / "z.zip"], folder


def test_names_that_do_not_say_their_encoding(tmp_path):
    """macOS writes UTF-8 and does not say so."""
    data = packed({"zoe12.ipynb": GOOD}).replace(b"zoe12", "zoë1".encode())
    write(tmp_path, "z.zip", data=data)
    assert names(tmp_path / "z.zip") == ["zoë1"]


def test_a_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(intake_zip, "MOST_UNPACKED", 60 * 2**20)
    zeros = packed({"a.ipynb": bytes(80 * 2**20)}, compression=zipfile.ZIP_DEFLATED)
    write(tmp_path, "bomb.zip", data=packed({f"{i}.zip": zeros for i in range(12)}))
    found = collect(tmp_path / "bomb.zip")
    assert len(found) == 12
    assert "larger than 20 MB" in found[0].problem
    assert "unpacks to more than" in found[-1].problem


def test_a_lie_about_the_size(tmp_path):
    zeros = packed({"a.ipynb": bytes(25 * 2**20)}, compression=zipfile.ZIP_DEFLATED)
    data = bytearray(zeros)
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)  # "ten bytes unpacked"
    write(tmp_path, "a.zip", data=bytes(data))
    assert problem(tmp_path / "a.zip")


def _nested() -> bytes:
    data = packed({"a.ipynb": GOOD})
    for _ in range(5):
        data = packed({"eve.zip": data})
    return data


def _link() -> bytes:
    info = zipfile.ZipInfo("eve.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed({info: b"/etc/passwd"})


def _locked() -> bytes:
    data = bytearray(packed({"eve.ipynb": GOOD}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04", "damaged"),
        (b"not an archive", "damaged"),
        (packed({"a.ipynb": GOOD})[:-30], "damaged"),
        (packed({"a.ipynb": GOOD}).replace(b"# exercise", b"#_exercise"), "damaged"),
        (packed({"a.ipynb": GOOD}) + b"PK\x01\x02" * 30_000, "more than 20000 files"),
        (_nested(), "archive in an archive"),
        (packed({}), "no notebook"),
        (packed({"a.txt": b"x"}), "no notebook"),
        (_link(), "a link"),
        (_locked(), "password"),
        (packed({"a.ipynb": GOOD}, compression=zipfile.ZIP_BZIP2), "unusual way"),
        (packed({"a.ipynb": GOOD}, compression=zipfile.ZIP_LZMA), "unusual way"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_archives_that_cannot_be_read(tmp_path, data, said):
    write(tmp_path, "alice.zip", data=data)
    assert said in problem(tmp_path / "alice.zip")


def test_random_damage_to_archives(tmp_path):
    rng = random.Random(3)
    whole = packed(
        {"a/01_diffusion.ipynb": GOOD, "b/x.zip": packed({"c.ipynb": GOOD})},
        compression=zipfile.ZIP_DEFLATED,
    )
    path = tmp_path / "z.zip"
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 4))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data))
        assert collect(path)


def test_one_at_a_time(tmp_path):
    """A class of hundreds is never in memory as a whole."""
    write(tmp_path, *(f"s{i}/{i}.ipynb" for i in range(5)))
    submissions = intake.collect([tmp_path])
    assert next(submissions).problem == ""
    (tmp_path / "s3" / "3.ipynb").unlink()
    assert sum(bool(each.problem) for each in submissions) == 1


def test_an_archive_is_not_opened_anew_for_each_student(tmp_path, monkeypatch):
    data = packed({f"student {n}/01_diffusion.ipynb": GOOD for n in range(20)})
    write(tmp_path, "week1.zip", "week2.zip", data=data)
    opened = []
    whole = intake_files._bytes
    monkeypatch.setattr(
        intake_files, "_bytes", lambda path: opened.append(path) or whole(path)
    )
    assert len(collect(tmp_path / "week1.zip", tmp_path / "week2.zip")) == 40
    assert len(opened) == 2
