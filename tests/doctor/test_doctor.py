"""Authority: planted faults. For each one the doctor's screen names it, says how to get
rid of it, and the exit status is 1; nothing it meets makes it raise."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

import coursekit
from coursekit import cli
from coursekit.doctor import command as doctor
from coursekit.doctor import data as doctor_data
from coursekit.doctor import machine as doctor_machine
from coursekit.doctor.finding import Finding
from coursekit.weights import pack

ROOT = Path(__file__).resolve().parents[2]
SHEET, BOOK = "data/toy/pictures.npz", "notebooks/00_toy.ipynb"
WEIGHTS = "data/checkpoints/toy-ddpm/weights.safetensors.xz"
CARD = "data/checkpoints/toy-ddpm/card.json"
PLAIN = save({"weight": np.arange(12, dtype=np.float32)})
WHOLE = pack(PLAIN)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small healthy course folder: one data file, one checkpoint, one notebook."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    about = {"metadata": {"coursekit": {"version": coursekit.__version__}}}
    for path, content in (
        (SHEET, b"pictures"),
        (WEIGHTS, WHOLE),
        (CARD, json.dumps({"sha256": hashlib.sha256(PLAIN).hexdigest()}).encode()),
        ("coursekit/lectures/l00_toy/00_toy.md", b"# Toy\n"),
        (BOOK, json.dumps(about).encode()),
        ("notebooks/solutions/00_toy.ipynb", json.dumps(about).encode()),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    doctor_data.write_checksums(tmp_path)
    return tmp_path


def files(root: Path) -> dict[str, Finding]:
    """The findings about data, checkpoints and notebooks."""
    checks = (doctor_data.embedded, doctor_data.checkpoints, doctor_data.notebooks)
    return by_name([finding for check in checks for finding in check(root)])


def test_a_healthy_checkout_is_well(checkout):
    found = files(checkout)
    assert set(found) == {"data", "checkpoints", "notebooks"}
    assert all(each.state == "ok" and not each.fix for each in found.values())


def hidden(folder: Path, module: str, error: str) -> dict[str, str]:
    """An environment in which importing `module` raises `error`."""
    (folder / "sitecustomize.py").write_text(f"""
import sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {module!r}:
            raise {error}

sys.meta_path.insert(0, Hide())
""")
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("module", "error", "says"),
    [
        ("torch", "ModuleNotFoundError", "No module named torch"),
        ("torch", "OSError", "libtorch.so is broken"),
        ("ipywidgets", "ModuleNotFoundError", "No module named ipywidgets"),
        ("packaging", "ModuleNotFoundError", ""),
    ],
)
def test_a_missing_library_is_named_and_nothing_raises(module, error, says, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "coursekit", "doctor"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env=hidden(tmp_path, module, f"{error}({says!r})"),
    )
    assert "Traceback" not in done.stderr
    assert "Python" in done.stdout and "disk" in done.stdout, "the others are shown"
    assert len(done.stdout.splitlines()) <= 30, "one screen"
    if says:
        assert done.returncode == 1
        (line,) = [s for s in done.stdout.splitlines() if f"missing  {module} " in s]
        assert says in line
        following = done.stdout[done.stdout.index(line) :].splitlines()[1]
        assert "make setup" in following


def test_a_library_out_of_range_is_named():
    name, problem = doctor_machine._installed("numpy>=99")
    assert name == "numpy" and problem.endswith("is outside >=99")
    assert doctor_machine._installed("pillow>=10") == ("pillow", "")
    absent = ("no-such-thing", "not installed")
    assert doctor_machine._installed("no-such-thing") == absent


def test_an_empty_data_folder_is_missing_and_restorable(checkout):
    shutil.rmtree(checkout / "data")
    (checkout / "data").mkdir()
    found = files(checkout)
    for name in ("data", "checkpoints"):
        assert found[name].state == "missing"
        assert "git checkout -- data" in found[name].fix
    shutil.rmtree(checkout / "data")
    assert files(checkout) == found


OLDER = b'{"metadata": {"coursekit": {"version": "0.0.1"}}}'
FAULTS = [
    (SHEET, b"Pictures", "missing data", "not the files .*: toy/pictures.npz"),
    (SHEET, None, "missing data", "1 of 1 files: toy/pictures.npz"),
    *(
        (WEIGHTS, WHOLE[:keep], "missing checkpoint", "toy-ddpm: weights.safetensors.*")
        for keep in (0, 3, 8, 40, -1)
    ),
    (
        WEIGHTS,
        pack(PLAIN[:-1] + bytes([PLAIN[-1] ^ 1])),
        "missing checkpoint",
        ".* is not the file its card describes.*",
    ),
    (
        WEIGHTS,
        None,
        "missing checkpoint",
        "toy-ddpm: weights.safetensors.xz cannot be .*",
    ),
    (CARD, b"{", "missing checkpoint", "toy-ddpm: card.json is not JSON"),
    (BOOK, OLDER, "warning notebooks", ".* another version .*: 00_toy.ipynb"),
    (BOOK, None, "missing notebooks", "notebooks/00_toy.ipynb"),
]
FIXES = {
    "missing data": "git checkout -- data .*",
    "missing checkpoint": "git checkout -- data .*",
    "warning notebooks": "keep a copy of your work .*",
    "missing notebooks": "make weave",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[3])
def test_a_lost_or_changed_file_is_named(checkout, fault):
    path, content, says, detail = fault
    if content is None:
        (checkout / path).unlink()
    else:
        (checkout / path).write_bytes(content)
    state, name = says.split()
    found = files(checkout)[name]
    assert found.state == state
    assert re.fullmatch(detail, found.detail) and re.fullmatch(FIXES[says], found.fix)


def test_a_broken_check_does_not_hide_the_others(checkout, monkeypatch):
    def embedded(root: Path) -> list[Finding]:
        raise RuntimeError("planted")

    monkeypatch.setattr(doctor_data, "embedded", embedded)
    found = by_name(list(doctor.examine(checkout)))
    assert found["embedded"].state == "warning"
    assert "planted" in found["embedded"].detail
    assert {"Python", "checkpoints", "disk"} <= set(found)


def test_what_set_up_installed_is_found():
    """Authority: the environment that runs this very test has all of it."""
    found = list(doctor_machine.libraries(ROOT))
    assert [each.state for each in found] == ["ok"] * 2, found


@pytest.mark.parametrize(("state", "status"), [("missing", 1), ("warning", 0)])
def test_only_what_is_needed_decides_the_exit_status(
    state, status, monkeypatch, capsys
):
    monkeypatch.setattr(doctor, "examine", lambda: [Finding(state, "it", "is", "do")])
    assert cli.run(["doctor"]) == status
    assert "-> do" in capsys.readouterr().out


def test_every_embedded_file_of_the_repository_is_in_the_checksums():
    wanted = doctor_data.read_checksums(ROOT)
    fix = "run: coursekit doctor --write-checksums"
    assert list(wanted) == doctor_data.data_files(ROOT), fix
    (finding,) = doctor_data.embedded(ROOT)
    assert finding.state == "ok", finding


def test_every_folder_of_data_has_its_licence_stated():
    page = (ROOT / "data" / "README.md").read_text()
    for folder in (ROOT / "data").iterdir():
        if folder.is_dir() and any(folder.iterdir()):
            assert f"`{folder.name}/" in page, f"data/README.md: {folder.name}"


def test_every_shipped_checkpoint_is_whole():
    for card in (ROOT / "data").glob("*/*/card.json"):
        assert doctor_data.checkpoint_problem(card.parent) == "", card.parent.name
