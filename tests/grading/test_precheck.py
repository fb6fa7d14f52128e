"""`coursekit check`: what a learner reads about a notebook before handing it in.

Authorities: the woven notebooks (a solution has nothing to mend, an untouched notebook
nothing found), mistakes planted one by one, and nbval for --run.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import notebook_kit as kit
import pytest
from notebook_kit import LEARNER, SOLVED, Notebook, code
from probe_kit import find

from coursekit import cli
from coursekit.checks.registry import by_id
from coursekit.checks.spec import FormulaQuestion
from coursekit.grading import identify, official, precheck, precheck_look, precheck_run
from coursekit.grading.types import Attempt, Cell, Submission

Edit = Callable[[Notebook], object]
Check = Callable[..., tuple[int, str]]


def put(source: str, exercise: str = "01.4") -> Edit:
    """Another text in an exercise's cell."""
    marked = f"# exercise {exercise}\n{source}"
    return lambda notebook: kit.put(notebook, marked, exercise)


def q_sample(*body: str, above: str = "", below: str = "") -> Edit:
    """A q_sample with these lines, and what else stands in its cell."""
    lines = "".join(f"    {line}\n" for line in body)
    return put(f"{above}def q_sample(x0, k, eps, schedule):\n{lines}{below}")


def drop(exercise: str) -> Edit:
    return lambda notebook: notebook["cells"].remove(kit.cell(notebook, exercise))


def add(source: str) -> Edit:
    return lambda notebook: notebook["cells"].append(code(source))


def printed(text: str, cell_id: str) -> Edit:
    """An output of a cell."""
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return lambda notebook: kit.cell(notebook, cell_id).update(outputs=[output])


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """The check of solved notebook 01 after some edits: status and text."""

    def run(*edits: Edit, name: str = "mine") -> tuple[int, str]:
        notebook = kit.solved()
        for edit in edits:
            edit(notebook)
        path = tmp_path / f"{name}.ipynb"
        path.write_text(json.dumps(notebook))
        status = cli.run(["check", str(path)])
        return status, " ".join(capsys.readouterr().out.split())

    return run


@pytest.mark.parametrize("name", official.available())
def test_a_solution_has_nothing_to_mend_and_an_untouched_notebook_nothing_found(
    name, capsys
):
    tasks = official.load(name).tasks
    assert cli.run(["check", str(SOLVED / f"{name}.ipynb")]) == 0
    said = capsys.readouterr().out
    assert f"{len(tasks)} of {len(tasks)} answers found, nothing to mend" in said
    total = sum(task.points for task in tasks)
    assert f"{total:g} of {total:g} points" in said
    assert said.count("note:") == said.count("the course's solutions") == 1
    assert "NOT FOUND" not in said
    assert cli.run(["check", str(LEARNER / f"{name}.ipynb")]) == 0
    said = capsys.readouterr().out
    assert f"0 of {len(tasks)} answers found, nothing to mend" in said
    assert said.count("not answered yet") == len(tasks)
    ids = [line.split()[1] for line in said.splitlines() if line.startswith(". ")]
    assert ids == [task.id for task in tasks]


MENDS: dict[str, tuple[list[Edit], str]] = {
    "a deleted cell": ([drop("01.4")], "that begins with the line # exercise 01.4"),
    "a syntax error": (
        [put("def q_sample(x0:\n    return x0")],
        "Python cannot read it (line 2: '(' was never closed)",
    ),
    "the stub's last line": (
        [q_sample("share = 1", "raise NotImplementedError('later')")],
        "raise NotImplementedError is still in it",
    ),
    "something else in the cell": ([put("share = 1")], "it does not define q_sample"),
    "a name from nowhere": ([q_sample("return x0 * my_factor")], "my_factor"),
    "a name from a loop": (
        [q_sample("return x0 * my_factor"), add("for my_factor in [1]:\n    pass")],
        "my_factor",
    ),
    "an answer without quotes": (
        [put("answer_01_22 = d", "01.22")],
        'write it in quotes, as in answer_01_22 = "..."',
    ),
    "a letter that is no option": (
        [put("answer_01_22 = 'z'", "01.22")],
        "one letter of a, b, c, d",
    ),
    "a formula that is none": (
        [put("answer_01_14 = 'sqrt('", "01.14")],
        "01.14 answer_01_14 found mend:",
    ),
}


@pytest.mark.parametrize(("edits", "said"), MENDS.values(), ids=list(MENDS))
def test_what_costs_points_is_to_mend(edits, said, check):
    status, text = check(*edits)
    assert status == 1
    assert said in text and text.count("mend:") == 1, text
    assert "1 to mend" in text


FINE: dict[str, list[Edit]] = {
    "a magic": [q_sample("return x0", above="%matplotlib inline\n", below="q_sample?")],
    "a line that begins with %": [q_sample("return (k", below="%\n2)")],
    "a helper in its own cell": [
        q_sample("return my_helper(x0)"),
        add("def my_helper(x):\n    return x"),
    ],
    "builtins, imports and the course's own names": [
        put(
            "import numpy as np\n"
            "def q_sample(x0, k, eps, schedule: Schedule) -> 'Tensor':\n"
            "    print(np.pi, torch, plt, at, range, __name__)\n    return x0"
        )
    ],
    "a method": [
        put(
            "class Sampler:\n    def __call__(self, *args):\n"
            "        return args[0]\nq_sample = Sampler()"
        )
    ],
    "another form of a letter": [put("answer_01_22 = '(D)'", "01.22")],
    "an output": [printed("hello", "01.4")],
}


@pytest.mark.parametrize("edits", FINE.values(), ids=list(FINE))
def test_what_is_fine_is_left_alone(edits, check):
    status, text = check(*edits)
    assert status == 0 and "mend:" not in text, text
    assert re.search(r"(\d+) of \1 answers found", text)


def test_a_right_and_a_wrong_answer_look_the_same(check):
    """The check finds answers; it must not be a way to try them."""
    question = by_id("01.14")
    assert isinstance(question, FormulaQuestion)
    wrong = f"answer_01_14 = {f'7 * {question.names[0]}'!r}"
    edits = put("answer_01_22 = 'a'", "01.22"), put(wrong, "01.14")
    assert check(*edits) == check()


def test_changed_given_code_and_large_outputs_are_noted(check):
    status, text = check(
        lambda notebook: kit.put(notebook, "def pick(a, b):\n    return a", "pick"),
        printed("x" * 6_000_000, "schedule-curves"),
    )
    assert status == 0
    assert "you changed given code (pick); grading uses the course's" in text
    assert "the file has 6 MB" in text and "clear them" in text


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"[1]", b"{}", b'{"cells": 3}', b"[" * 200_000]
)
def test_a_file_that_is_no_notebook_gets_a_sentence(content, tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    assert cli.run(["check", str(path), "--run"]) == 1
    said = capsys.readouterr()
    assert "cannot be graded: " in said.out and said.err == ""


def test_a_notebook_of_something_else(check):
    status, said = check(lambda nb: nb.update(cells=[code("1 + 1")], metadata={}))
    assert status == 1
    assert "is none of the course's notebooks: 00_start_here" in said


def test_no_such_file(tmp_path, capsys):
    assert cli.run(["check", str(tmp_path / "none.ipynb")]) == 2
    assert cli.run(["check", str(tmp_path)]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_nothing_is_executed(tmp_path, check):
    mark = tmp_path / "executed"
    evil = f"open({str(mark)!r}, 'w')"
    check(
        put(f"{evil}\ndef q_sample(x={evil}): return {evil}"),
        put(f"answer_01_22 = {evil}", "01.22"),
        put(f"answer_01_14 = {evil!r}", "01.14"),
        add(evil),
    )
    assert not mark.exists()


def test_hostile_text_reaches_the_terminal_as_plain_text(check):
    _, said = check(
        put("def q_sample(): return \x1b[2J"),
        put("answer_01_14 = 'a\x1b]0;title\x07\u202e'", "01.14"),
        name="evil\x1b[31m\u202e",
    )
    assert not set(said) & set("\x1b\x07\u202e")


ODD = [
    "",
    "\x00",
    "def q_sample(:",
    "x = " + "(" * 5000,
    "x = " + "-" * 100_000 + "1",
    "\tif x:\n  y",
    "return 3",
    "nonlocal x",
    "def q_sample(x, x): pass",
    "é\u2028 = 1",
    "from __future__ import braces",
    "%%bash\nrm -rf /",
    "!ls",
    "await q_sample",
]


def test_every_finding_of_odd_code_is_text():
    """Sources that Python's own tools refuse in one way or another."""
    _, task = find("01.4")
    for source in ODD:
        (finding,) = precheck_look.findings([Attempt(task, "answered", source)])
        assert finding.state == "found", source
        assert all(isinstance(text, str) and text for text in finding.mend), source


class TestRun:
    """--run, on short notebooks: a kernel takes seconds to start."""

    def notebook(self, *cells: str) -> tuple[Cell, ...]:
        return tuple(Cell(i, "code", f"c{i}", "", s) for i, s in enumerate(cells))

    def test_what_fails_is_named_by_its_cell(self):
        check = "from coursekit.checks.cells import check, check_answer"
        count, troubles = precheck_run.rehearse(
            self.notebook(
                check,
                "def expand_as(coef, x):\n    return coef",
                "expand_as = check(expand_as)",
                "check_answer('00.2', None)",
                "# NBVAL_SKIP\n1 / 0",
                "raise ValueError('first line\\nsecond line')",
                "import os\nprint(sorted(os.listdir('.')))",
                "print('\\033[31mred')",
            )
        )
        assert count == 8
        assert [(each.cell, each.kind) for each in troubles] == [
            ("cell 3 (c2)", "wrong"),
            ("cell 4 (c3)", "todo"),
            ("cell 5 (c4)", "raised"),
            ("cell 6 (c5)", "raised"),
        ]
        assert troubles[0].text.startswith("FAIL 00.1 expand_as: ")
        assert troubles[1].text == "TODO 00.2"
        assert troubles[-1].text == "ValueError: first line"

    def test_an_endless_loop_ends(self):
        count, troubles = precheck_run.rehearse(
            self.notebook("x = 1", "while True: pass", "y = x"), seconds=4
        )
        (trouble,) = troubles
        assert trouble.cell == "cell 2 (c1)" and "takes too long" in trouble.text
        assert count == 3, "nbval interrupts the loop and goes on"

    def test_without_nbval_it_says_what_to_install(self, monkeypatch, capsys):
        monkeypatch.setattr(precheck_run.importlib.util, "find_spec", lambda name: None)
        submission = Submission("x", "x", self.notebook("1"))
        assert not precheck.rehearse(submission, 5)
        assert "pip install pytest" in capsys.readouterr().err


def test_working_in_the_courses_own_folder(check):
    """What was handed out is what the sources give, whatever became of the copy."""

    untouched = kit.learner()
    status, said = check(
        lambda notebook: notebook.update(untouched), drop("01.2"), name="01_diffusion"
    )
    assert status == 1
    assert "! 01.2 " in said


def test_the_graders_own_reader_is_used(monkeypatch):
    """Check and grade must agree on what is found: both ask the same function."""
    attempts = Mock(return_value=[])
    monkeypatch.setattr(identify, "attempts", attempts)
    cli.run(["check", str(LEARNER / "01_diffusion.ipynb")])
    ((_, submission), _) = attempts.call_args
    assert attempts.call_count == 1 and submission.notebook == "01_diffusion"
