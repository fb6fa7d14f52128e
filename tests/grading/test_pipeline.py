"""Grading from file to report, in real kernels. Authority: the solutions (full points),
the stubs (none), and reports that must not depend on how the work was shared out."""

import json
import os
from dataclasses import replace

import pytest

from coursekit import cli
from coursekit.grading import notebook_file, official, sandbox
from coursekit.grading.pipeline import Options, grade_all, grade_submission
from coursekit.grading.runner import Limits, Workshop

ROOT = official.folder()


@pytest.fixture(scope="module")
def shop():
    with Workshop(limits=Limits(cell_seconds=10)) as made:
        yield made


def solved(name="00_start_here"):
    return (ROOT / "solutions" / f"{name}.ipynb").read_bytes()


def edited(name, change):
    """A solution with the source of some cells changed: id -> source."""
    content = json.loads(solved(name))
    for cell in content["cells"]:
        if cell["id"] in change:
            cell["source"] = change[cell["id"]]
    return json.dumps(content).encode()


def read(data, student="ada"):
    return notebook_file.read(data, student, f"{student}.ipynb")


def states(report):
    return {grade.task.id: grade.state for grade in report.grades}


def test_a_solution_earns_everything_and_a_stub_nothing(shop):
    options = Options(shop, seed=5)
    report = grade_submission(read(solved()), options)
    assert report.points == report.possible > 0 and report.problem == ""
    assert report.sandbox == shop.level and report.seed == 5
    stub = (ROOT / "00_start_here.ipynb").read_bytes()
    report = grade_submission(read(stub), options)
    assert report.points == 0 and set(states(report).values()) == {"unanswered"}


def test_lecture_1_solved_but_for_two(shop):
    """A wrong sign and an endless loop cost their own exercise only."""
    wrong = (
        "# exercise 01.4\n"
        "def q_sample(x0, k, eps, schedule):\n"
        "    kept = at(schedule.alpha_bar, k, x0)\n"
        "    return kept.sqrt() * x0 - (1 - kept).sqrt() * eps\n"
    )
    endless = (
        "# exercise 01.3\ndef q_step(x, k, eps, schedule):\n    while True: pass\n"
    )
    data = edited("01_diffusion", {"ex-01-4": wrong, "ex-01-3": endless})
    report = grade_submission(read(data), Options(shop))
    found = states(report)
    assert found.pop("01.4") == "wrong" and found.pop("01.3") == "timed out"
    assert set(found.values()) == {"right"}, report
    lost = sum(g.task.points for g in report.grades if g.task.id in {"01.3", "01.4"})
    assert report.points == pytest.approx(report.possible - lost)
    reason = next(g.reason for g in report.grades if g.task.id == "01.4")
    assert reason == "the noise is subtracted: the forward process adds it"


def test_reports_do_not_depend_on_the_number_of_jobs(shop):
    submissions = [
        read(solved(), "ada"),
        read(b"not a notebook", "bob"),
        read(edited("00_start_here", {"ex-00-1": "# exercise 00.1\n1/0"}), "eve"),
    ]
    options = Options(shop, seed=9)
    plain = [
        [replace(report, seconds=0.0) for report in grade_all(submissions, options, n)]
        for n in (1, 3)
    ]
    assert plain[0] == plain[1]
    assert [bool(report.problem) for report in plain[0]] == [False, True, False]


def test_the_command_writes_the_reports(tmp_path, capsys):
    (tmp_path / "ada.ipynb").write_bytes(solved())
    (tmp_path / "bob.ipynb").write_bytes(b"")
    out = tmp_path / "out"
    assert cli.run(["grade", str(tmp_path / "ada.ipynb"), str(tmp_path / "bob.ipynb"),
                 "--out", str(out), "--jobs", "2", "--seed", "3"]) == 0  # fmt: skip
    said = capsys.readouterr()
    assert "2 submissions" in said.out and "seed 3" in said.out
    assert (out / "class.csv").is_file() and (out / "class.json").is_file()


def test_bad_calls_are_one_line(tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert cli.run(["grade", str(tmp_path / "nowhere"), *out]) == 2
    assert cli.run(["grade", str(tmp_path), *out, "--jobs", "0"]) == 2
    assert cli.run(["grade", str(tmp_path), *out, "--shard", "3/2"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in lines if line.startswith("coursekit grade:")]) == 3


def test_a_system_that_cannot_fork_is_told_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.delattr(os, "fork")
    monkeypatch.setattr(sandbox, "available", lambda: "off")
    assert cli.run(["grade", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("on Windows run it in WSL")


def test_a_required_sandbox_that_is_missing_stops_the_run(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(sandbox, "available", lambda: "off")
    assert (
        cli.run(
            ["grade", str(tmp_path), "--out", str(tmp_path), "--sandbox", "require"]
        )
        == 2
    )
    assert "no sandbox" in capsys.readouterr().err
