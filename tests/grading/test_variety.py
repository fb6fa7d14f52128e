"""Honest students write, split, move and export: nothing of it may cost a point.

Authority: the answers are those of the solved notebook, so every one of them must be
right. Each attempt is run as the grader would run it (official code, helpers, answer;
then among the student's own cells) and judged by the exercise's own check; the files
here are our own, so they may run.
"""

import contextlib
from typing import Any

import notebook_kit as kit
import pytest
from honest import HABITS, fresh

from coursekit.checks.judge import judge
from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.grading import official, steps
from coursekit.grading.answers import grade_answer
from coursekit.grading.transplant import trusted
from coursekit.grading.types import Attempt


def attempts(notebook: kit.Notebook, name: str = kit.NAME) -> list[Attempt]:
    submission = kit.read(notebook)
    assert (submission.problem, submission.notebook) == ("", name)
    return kit.attempts(submission, name)


def run(attempt: Attempt, name: str, own: bool) -> Any:
    """The function of an attempt, whose cells run as they do in a kernel."""
    above, below = (attempt.above, attempt.below) if own else ((), ())
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(trusted(official.load(name), attempt.task), "official", "exec"), space)
    with contextlib.suppress(NameError):
        steps.run(space, [attempt.helpers, *above, attempt.source, *below], 60)
    return space[attempt.task.name]


def assert_right(attempt: Attempt, name: str = kit.NAME) -> None:
    task = attempt.task
    assert attempt.state == "answered", (task.id, attempt.notes)
    if task.kind != "code":
        grade = grade_answer(attempt)
        assert grade.state == "right", (task.id, grade.reason)
        return
    exercise = by_id(task.id)
    assert isinstance(exercise, Exercise)
    verdict = judge(exercise, run(attempt, name, own=False), start=11)
    if verdict.state != "PASS":
        verdict = judge(exercise, run(attempt, name, own=True), start=11)
    assert verdict.state == "PASS", (task.id, verdict.message, attempt)


@pytest.fixture(scope="module")
def seen() -> set[tuple[str, str, str]]:
    """Attempts that were judged before: equal ones need not run again."""
    return set()


@pytest.mark.parametrize("habit", HABITS)
def test_honest_variety(habit, seen):
    found = attempts(fresh(habit))
    assert [a.task for a in found] == list(official.load(kit.NAME).tasks)
    for attempt in found:
        key = (attempt.task.id, attempt.source, attempt.helpers)
        if key not in seen:
            assert_right(attempt)
            seen.add(key)
    said = " ".join(note for attempt in found for note in attempt.notes)
    assert HABITS[habit][1] in said
    if habit == "as_handed_out":
        assert said == ""


@pytest.mark.parametrize(
    "name", ["00_start_here", "02_score_matching", "03_flow_matching"]
)
@pytest.mark.parametrize("lost", [False, True])
def test_the_other_notebooks(name, lost):
    """As they are, and with every id lost."""
    notebook = kit.solved(name)
    if lost:
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            del cell["id"]
        notebook["metadata"] = {}
    for attempt in attempts(notebook, name):
        assert attempt.notes == ()
        assert_right(attempt, name)


@pytest.mark.parametrize("name", official.available())
def test_the_notebook_as_handed_out_is_unanswered(name):
    for attempt in attempts(kit.learner(name), name):
        assert attempt.state == "unanswered"
        assert attempt.notes == ()
