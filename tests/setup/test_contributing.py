"""CONTRIBUTING, followed word for word: a made-up lecture in a copy of the package.

Authority: the page itself. Its files are written as they stand there, and its commands
must then work; with one of them left out, a command must say what is missing.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.process import ROOT, python

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = {
    name: body
    for _, name, body in re.findall(
        r"^(`{3,})\w+ (\S+/\S+)\n(.*?)^\1$", PAGE, re.MULTILINE | re.DOTALL
    )
}
LECTURE = "coursekit/lectures/l99_example"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the page's lecture in it."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "coursekit", root / "coursekit", ignore=ignored)
    for name, body in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(body, encoding="utf-8")
    (root / "data").mkdir()
    (root / LECTURE / "__init__.py").write_text('"""Lecture 99."""\n')
    return root


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = f"{root}{os.pathsep}{root / 'tests/lectures/l99_example'}"
    return python(*command, cwd=root, PYTHONPATH=path, COURSEKIT_PROGRESS="off")


def test_the_page_has_every_file_of_an_exercise():
    assert sorted(FILES) == [
        f"{LECTURE}/99_example.md",
        f"{LECTURE}/exercises.py",
        f"{LECTURE}/mistakes.md",
        "coursekit/theory/example.py",
        "tests/lectures/l99_example/right_99.py",
    ]
    assert sum(len(body.splitlines()) for body in FILES.values()) < 70


def test_its_commands_work(checkout):
    woven = run(checkout, "-m", "coursekit", "weave", "99_example")
    assert woven.returncode == 0, woven.stderr
    for role, text in (("", "raise NotImplementedError"), ("solutions/", "** 2")):
        path = checkout / f"notebooks/{role}99_example.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        (asked,) = ["".join(c["source"]) for c in cells if c["id"] == "ex-99-1"]
        assert text in asked
    audit = run(checkout, "-m", "coursekit.checks.audit", "99.1", "99.2")
    assert audit.returncode == 0, audit.stderr
    assert "| 99.1 signal_to_noise | 2 | 2 |" in audit.stdout
    assert "| 99.2 formula | 2 | 2 |" in audit.stdout


def test_the_right_version_passes_and_a_mistake_is_named(checkout):
    code = (
        "from right_99 import RIGHT\n"
        "from coursekit.checks.cells import check, check_answer\n"
        "check(RIGHT['99.1'][0], '99.1')\n"
        "def signal_to_noise(alpha, sigma): return alpha / sigma\n"
        "check(signal_to_noise)\n"
        "check_answer('99.2', '(t/(1-t))^2')\n"
    )
    assert run(checkout, "-c", code).stdout.splitlines() == [
        "PASS 99.1 signal_to_noise",
        "FAIL 99.1 signal_to_noise: the square is missing: signal and noise are "
        "compared by their variances - going on with the reference",
        "FAIL 99.2: this is noise to signal",
    ]


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (f"{LECTURE}/exercises.py", "nothing tries exercise 99.1. Write a function"),
        (f"{LECTURE}/mistakes.md", "exercise 99.1 needs two known mistakes at least"),
        ("coursekit/theory/example.py", "there is no module coursekit.theory.example"),
    ],
)
def test_what_is_left_out_is_asked_for(checkout, left_out, said):
    path = checkout / left_out
    path.unlink()
    try:
        done = run(checkout, "-m", "coursekit", "weave", "--check", "99_example")
    finally:
        path.write_text(FILES[left_out], encoding="utf-8")
    assert done.returncode == 2
    assert said in done.stderr
