"""Grading from file to report, in real kernels. Authority: the solutions (full points),
the stubs (none), and reports that must not depend on how the work was shared out."""

import json
import os
import re
from dataclasses import replace

import notebook_kit as kit
import pytest

from coursekit import cli
from coursekit.grading import sandbox
from coursekit.grading.pipeline import Options, grade_all, grade_submission


def solved(name="00_start_here", student="ada", **changed):
    """A solution, with other sources in some cells: ex_01_4="..."."""
    notebook = kit.solved(name)
    for cell_id, source in changed.items():
        kit.put(notebook, source, cell_id.replace("_", "-"))
    return kit.read(notebook, student)


def states(report):
    return {grade.task.id: grade.state for grade in report.grades}


def test_a_solution_earns_everything_and_a_stub_nothing(shop):
    options = Options(shop, seed=5)
    report = grade_submission(solved(), options)
    assert report.points == report.possible > 0 and report.problem == ""
    assert report.sandbox == shop.level and report.seed == 5
    stub = kit.read(kit.learner("00_start_here"))
    report = grade_submission(stub, options)
    assert report.points == 0 and set(states(report).values()) == {"unanswered"}


def test_lecture_1_solved_but_for_two(shop):
    """A wrong sign and an endless loop cost their own exercise only."""
    wrong = kit.text(kit.solved(), "01.4").replace(" + ", " - ")
    endless = "# exercise 01.3\ndef q_step(x, k, eps, schedule):\n    while 1: pass\n"
    submission = solved(kit.NAME, ex_01_4=wrong, ex_01_3=endless)
    report = grade_submission(submission, Options(shop))
    found = states(report)
    assert found.pop("01.4") == "wrong" and found.pop("01.3") == "timed out"
    assert set(found.values()) == {"right"}, report
    lost = sum(g.task.points for g in report.grades if g.task.id in {"01.3", "01.4"})
    assert report.points == pytest.approx(report.possible - lost)
    reason = next(g.reason for g in report.grades if g.task.id == "01.4")
    assert reason == "the noise is subtracted: the forward process adds it"


def test_reports_do_not_depend_on_the_number_of_jobs(shop):
    submissions = [
        solved(),
        kit.read(b"not a notebook", "bob"),
        solved(student="eve", ex_00_1="# exercise 00.1\n1/0"),
    ]
    options = Options(shop, seed=9)
    one, three = (
        [replace(report, seconds=0.0) for report in grade_all(submissions, options, n)]
        for n in (1, 3)
    )
    assert one == three
    assert [bool(report.problem) for report in one] == [False, True, False]


def test_the_command_writes_the_reports(tmp_path, capsys):
    files = tmp_path / "ada.ipynb", tmp_path / "bob.ipynb"
    files[0].write_text(json.dumps(kit.solved("00_start_here")))
    files[1].write_bytes(b"")
    out = tmp_path / "out"
    options = ["--out", str(out), "--jobs", "2", "--seed", "3"]
    assert cli.run(["grade", *map(str, files), *options]) == 0
    said = capsys.readouterr()
    assert "2 submissions" in said.out and "seed 3" in said.out
    assert (out / "class.csv").is_file() and (out / "class.json").is_file()


def test_bad_calls_are_one_line(tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert cli.run(["grade", str(tmp_path / "nowhere"), *out]) == 2
    assert cli.run(["grade", str(tmp_path), *out, "--jobs", "0"]) == 2
    assert cli.run(["grade", str(tmp_path), *out, "--shard", "3/2"]) == 2
    assert len(re.findall("^coursekit grade:", capsys.readouterr().err, re.M)) == 3


def test_a_system_that_cannot_fork_is_told_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.delattr(os, "fork")
    monkeypatch.setattr(sandbox, "available", lambda: "off")
    assert cli.run(["grade", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("on Windows run it in WSL")


def test_a_missing_sandbox_that_is_required_stops(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sandbox, "available", lambda: "off")
    call = ["grade", str(tmp_path), "--out", str(tmp_path), "--sandbox", "require"]
    assert cli.run(call) == 2
    assert "no sandbox" in capsys.readouterr().err
