"""Hostile submissions against the grader. Authority: what each attack may earn, the
honest exercises beside it, and what is left on the machine afterwards.

A sample of every group runs by default, everything with COURSEKIT_ATTACKS=all (about
20 minutes), and with COURSEKIT_ATTACKS=off, without walls, all that do not need them.
The other tests look at the attacks as text: no hostile code runs in this process.
"""

import ast
import contextlib
import json
import os
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attack_kit as kit
import attacks_files
import notebook_kit
import processes
import pytest
from attacks import ATTACKS, GROUPS

from coursekit import cli
from coursekit.grading import pipeline, sandbox
from coursekit.grading.runner import Limits, Workshop
from coursekit.grading.types import Report

OFFICIAL = notebook_kit.learner()
KEPT = json.dumps(OFFICIAL)
SAMPLE = (
    "control-right", "control-checked", "control-skip-comment", "memorised",
    "later-name", "later-package",
    "returns-liar", "returns-dispatch-liar", "returns-giant-view", "returns-nan",
    "patch-comparers", "patch-builtins", "patch-encoders", "patch-kernel-execute",
    "patch-input-transformer", "patch-ast-transformer", "patch-silent-errors",
    "call-nonce-from-frames", "call-html-message",
    "wire-twice", "wire-deep", "wire-data-pickle", "wire-shape-huge",
    "message-never-idle", "message-comm-flood", "message-forged-replies",
    "message-big-message",
    "reference-gc", "reference-import", "reference-files", "reference-fresh-python",
    "notes-first", "notes-second",
    "spy-network", "spy-environment-of-others", "spy-parents-memory",
    "spy-writes-everywhere", "spy-writable-folders",
    "death-os-exit", "hang-swallows", "flood-stdout",
    "memory-segments", "memory-forgotten", "memory-shared", "disk-own-folder-deep",
    "process-fork-bomb", "process-daemon", "process-kill-all",
    "file-answers", "file-nbval-tags", "file-kernelspec", "source-elifs",
    "source-surrogate", "text-nbval-skip",
)  # fmt: skip
WANTED = os.environ.get("COURSEKIT_ATTACKS", "sample")
CHOSEN = {
    "all": tuple(ATTACKS),
    "off": tuple(a.name for a in ATTACKS.values() if not a.needs_sandbox),
    "sample": SAMPLE,
}[WANTED]
VALUE = "a5c1e-canary"  # of a secret in the grader's environment


# --------------------------------------------------------------- the attacks as text


@cache
def made(name: str) -> bytes:
    return ATTACKS[name].make(OFFICIAL)


def source(name: str, exercise: str = kit.TARGET) -> str:
    return notebook_kit.text(json.loads(made(name)), exercise)


def test_there_are_many_and_each_says_what_it_is():
    assert len(ATTACKS) >= 330
    assert set(SAMPLE) <= set(ATTACKS)
    hostile = [name for name in SAMPLE if ATTACKS[name].points == 0]
    assert len(set(hostile)) >= 48
    assert all(any(a.name in SAMPLE for a in group) for group in GROUPS.values())
    for attack in ATTACKS.values():
        any_value_is_fair = None in (attack.points, attack.neighbour)
        assert len(attack.note) > (10 if any_value_is_fair else 3), attack.name


UNREADABLE = {"file-nested", "file-number"}
MOVED = {"file-swapped", "file-check-deleted", "file-every-cell-claims"}


def test_one_exercise_is_attacked_and_two_are_honest():
    """In a small file, the same one each time."""
    stub = notebook_kit.text(OFFICIAL, kit.TARGET)
    for name, attack in ATTACKS.items():
        data = made(name)
        assert isinstance(data, bytes) and len(data) < 20 << 20, name
        assert data == attack.make(OFFICIAL), name
        if name in UNREADABLE:
            continue
        notebook = json.loads(data)
        assert notebook_kit.text(notebook, kit.LATER) == kit.HONEST_LATER, name
        if name not in MOVED:
            attacked = notebook_kit.text(notebook, kit.TARGET)
            assert notebook_kit.text(notebook, kit.NEIGHBOUR) == kit.HONEST, name
            assert attacked.startswith(kit.HEAD) and attacked != stub, name
    assert json.dumps(OFFICIAL) == KEPT, "a maker has changed the official notebook"


ENDS = ("STOP", "is not None", "at >= 0", "started < 200")


def test_hostile_code_defines_the_function_and_every_loop_ends_by_itself():
    for name in (a.name for g in ("forge", "wire", "spy", "harm") for a in GROUPS[g]):
        code = source(name)
        compile(code, name, "exec")
        nodes = ast.walk(ast.parse(code))
        assert "q_sample" in {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
        for line in code.splitlines():
            if line.strip().startswith("while ") or "    while " in line:
                assert any(end in line for end in ENDS), (name, line)
        assert "fork()" not in code or re.search(r"signal\.alarm\([34]0\)", code), name
        assert max(map(int, re.findall(r"sleep\((\d+)\)", code)), default=0) <= 45, name


def test_a_twist_changes_the_line():
    """Only the part that changes a text is run, not the part that changes Jupyter."""
    twists = [name for name in ATTACKS if name.startswith("wire-")]
    assert len(twists) > 30
    body = {"out": [["x_k", "<f8", [7, 2], "A" * 152]], "fault": None, "touched": []}
    line = f"CK1 {'0' * 32} {json.dumps(body)}"
    for name in twists:
        code = source(name)
        code = code[code.index("import json, re") : code.index("old = Session.msg")]
        space: dict[str, Any] = {}
        exec(code.replace("from jupyter_client.session import Session\n", ""), space)
        assert re.sub("(CK1 [^ ]+ )(.*)", space["replace"], line) != line, name


def test_a_broken_source_stays_below_the_limit_of_a_cell():
    for name in attacks_files.SOURCES:
        code = source(f"source-{name}")
        size = len(code.encode("utf-8", "surrogatepass"))
        assert (size > 100_000) == (name == "too-long"), name
        assert kit.WRONG in code, name


def test_files_are_what_they_say():
    assert b"[" * 50_000 in made("file-nested")
    assert b"5" * 100_000 in made("file-number")
    assert made("file-twice").count(b'"source": ["# exercise 01.4') == 2
    assert made("file-crowd").count(b'"coursekit": {"id": "01.4"') > 2500
    assert "q_step" in source("file-swapped")
    assert "9**9**9" in source("file-answers", "01.15")
    kernel = json.loads(made("file-kernelspec"))["metadata"]["kernelspec"]
    assert kernel["argv"][0] == "/bin/sh"


# ------------------------------------------------------------- the attacks against us


@pytest.fixture(scope="module")
def calls() -> Iterator[list[object]]:
    """Who has called the port that attacks call."""
    found: list[object] = []

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                found.append(kit.LISTENER.accept())

    threading.Thread(target=answer, daemon=True).start()
    with socket.create_connection(("127.0.0.1", kit.PORT), timeout=5):
        until = time.monotonic() + 20
        while not found and time.monotonic() < until:
            time.sleep(0.05)
    assert found, "the listener hears nothing"
    found.clear()
    yield found


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    level = "off" if WANTED == "off" else sandbox.available()
    if level == "off" and WANTED != "off":
        pytest.skip("needs namespaces: root or user namespaces")
    os.environ[kit.SECRET] = VALUE
    try:
        with Workshop(level, limits=Limits(cell_seconds=6)) as made:
            yield made
            own = {made.folder / "package"}  # what kernels import
            left = [p for p in made.folder.iterdir() if p.is_dir() and p not in own]
            assert not left, "notebooks or sockets were left behind"
    finally:
        del os.environ[kit.SECRET]


@pytest.fixture(scope="module")
def graded(calls: list[object], shop: Workshop) -> dict[str, Report]:
    """All chosen attacks, graded as one class."""
    handed_in = (
        notebook_kit.read(made(name), ATTACKS[name].student, f"{name}.ipynb")
        for name in CHOSEN
    )
    reports = pipeline.grade_all(handed_in, pipeline.Options(shop), jobs=2)
    return dict(zip(CHOSEN, reports, strict=True))


def points(report: Report) -> dict[str, float]:
    return {grade.task.id: grade.points for grade in report.grades}


@pytest.mark.parametrize("name", CHOSEN)
def test_an_attack_earns_what_it_may_and_harms_nobody_else(name, graded):
    attack, report = ATTACKS[name], graded[name]
    earned = points(report)
    if attack.points is not None:
        assert earned.get(kit.TARGET, 0.0) == attack.points, report
    if attack.neighbour is not None:
        for exercise in (kit.NEIGHBOUR, kit.LATER):
            assert earned.get(exercise) == attack.neighbour, report
    for exercise, value in attack.others.items():
        assert earned[exercise] == value
    assert set(earned.values()) <= {0.0, *(g.task.points for g in report.grades)}


def test_reports_are_short_printable_and_without_secrets(graded):
    for name, report in graded.items():
        assert VALUE not in repr(report), name
        for grade in report.grades:
            assert len(grade.reason) < 400, name
            assert grade.reason.isprintable(), name
            assert "SECRET" not in grade.reason, name
            assert all(len(note) < 600 for note in grade.notes), name
            assert not any("SECRET: " in note for note in grade.notes), name
            if grade.task.id in (kit.NEIGHBOUR, kit.LATER):
                assert grade.state != "not gradable", name


def test_nobody_called(graded, calls):
    assert not calls


def test_nothing_was_written_outside(graded):
    places = [kit.ROOT, kit.ROOT / "notebooks", kit.ROOT / "coursekit", Path.home()]
    places += [Path(p) for p in (sys.prefix, sys.base_prefix, tempfile.gettempdir())]
    places += [Path(p) for p in ("/", "/etc", "/run", "/var/tmp", "/opt", "/dev/shm")]
    places += [Path(p) for p in sys.path if p]
    for place in places:
        assert not list(place.glob(f"{kit.MARK}*")), place


def test_no_process_is_left(graded, shop):
    assert processes.left_over(shop) == []


@pytest.mark.parametrize(("parent", "given"), [("/srv", "folder"), ("/", "file")])
def test_a_classmates_right_answer_is_out_of_reach(parent, given, tmp_path):
    """Wherever the class's files lie, and also when only one of them is graded."""
    if sandbox.available() == "off" or not os.access(parent, os.W_OK):
        pytest.skip("needs namespaces, and a folder outside of /tmp")
    with tempfile.TemporaryDirectory(dir=parent, prefix="coursekit-class-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        spy = folder / "reference-files.ipynb"
        spy.write_bytes(made("reference-files"))
        (folder / "honest.ipynb").write_bytes(made("control-right"))
        what = folder if given == "folder" else spy
        options = ["--out", str(tmp_path), "--timeout", "12", "--jobs", "1"]
        assert cli.run(["grade", str(what), *options]) == 0
    (found,) = tmp_path.glob("students/reference/*/report.json")
    grades = {g["id"]: g["points"] for g in json.loads(found.read_text())["grades"]}
    assert grades[kit.TARGET] == 0
