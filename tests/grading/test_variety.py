"""Honest students write, split, move and export: nothing of it may cost a point.

Authority: the answers are those of the solved notebook, so every one of them must be
right. Each attempt is run as the grader would run it (official code, helpers, answer)
and judged by the exercise's own check; the files here are our own, so they may run.
"""

import __future__

import contextlib
import json
from typing import Any

import pytest
from honest import HABITS, fresh

from coursekit.checks.judge import judge
from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.grading import identify, notebook_file, official
from coursekit.grading.answers import grade_answer
from coursekit.grading.transplant import trusted
from coursekit.grading.types import Attempt

NAME = "01_diffusion"


def solution(name: str) -> dict[str, Any]:
    path = official.folder() / "solutions" / f"{name}.ipynb"
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def attempts(notebook: dict[str, Any], name: str = NAME) -> list[Attempt]:
    data = json.dumps(notebook).encode()
    submission = notebook_file.read(data, "alice", "alice.ipynb")
    assert submission.problem == ""
    assert submission.notebook == name
    return identify.attempts(official.load(name), submission)


def run(attempt: Attempt, name: str = NAME) -> Any:
    """The function of an attempt, run as in Jupyter, where __future__ imports stay."""
    space: dict[str, Any] = {"__name__": "__main__"}
    future = attempt.helpers.startswith("from __future__ import annotations")
    flags = __future__.annotations.compiler_flag if future else 0
    exec(compile(trusted(official.load(name), attempt.task), "official", "exec"), space)
    exec(compile(attempt.helpers, "helpers", "exec"), space)
    with contextlib.suppress(NameError):
        exec(compile(attempt.source, "attempt", "exec", flags), space)
    return space[attempt.task.name]


def assert_right(attempt: Attempt, name: str = NAME) -> None:
    task = attempt.task
    assert attempt.state == "answered", (task.id, attempt.notes)
    if task.kind != "code":
        grade = grade_answer(attempt)
        assert grade.state == "right", (task.id, grade.reason)
        return
    exercise = by_id(task.id)
    assert isinstance(exercise, Exercise)
    verdict = judge(exercise, run(attempt, name), start=11)
    assert verdict.state == "PASS", (task.id, verdict.message, attempt)


def key(attempt: Attempt) -> tuple[str, str, str]:
    return (attempt.task.id, attempt.source, attempt.helpers)


@pytest.fixture(scope="module")
def seen() -> set[tuple[str, str, str]]:
    """Attempts that were judged before: equal ones need not run again."""
    return set()


def test_there_are_at_least_ten_habits() -> None:
    assert len(HABITS) >= 10


@pytest.mark.parametrize("habit", HABITS)
def test_honest_variety(habit: str, seen: set[tuple[str, str, str]]) -> None:
    found = attempts(fresh(solution(NAME), habit))
    assert [a.task for a in found] == list(official.load(NAME).tasks)
    for attempt in found:
        if key(attempt) not in seen:
            assert_right(attempt)
            seen.add(key(attempt))
    said = " ".join(note for attempt in found for note in attempt.notes)
    assert HABITS[habit][1] in said
    if habit == "as_handed_out":
        assert said == ""


@pytest.mark.parametrize(
    "name", ["00_start_here", "02_score_matching", "03_flow_matching"]
)
@pytest.mark.parametrize("lost", [False, True])
def test_the_other_notebooks(name: str, lost: bool) -> None:
    """As they are, and with every id lost."""
    notebook = solution(name)
    if lost:
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            del cell["id"]
        notebook["metadata"] = {}
    for attempt in attempts(notebook, name):
        assert attempt.notes == ()
        assert_right(attempt, name)


@pytest.mark.parametrize("name", official.available())
def test_the_notebook_as_handed_out_is_unanswered(name: str) -> None:
    text = (official.folder() / f"{name}.ipynb").read_text(encoding="utf-8")
    for attempt in attempts(json.loads(text), name):
        assert attempt.state == "unanswered"
        assert attempt.notes == ()
