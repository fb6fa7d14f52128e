"""What honest students do must not cost them points, and what is wrong is told rightly.

Authority: the notebook run as its student has run it (`whole_run`). With --long that is
run again, and every habit of honest.py is graded in a kernel.
"""

import multiprocessing
import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain

import fair
import honest
import notebook_kit as kit
import pytest
import whole_run
from fair import Habit

from coursekit.grading import identify, official
from coursekit.grading.pipeline import Options, grade_submission
from coursekit.grading.precheck_look import findings
from coursekit.grading.types import Grade, Submission

PACKS = fair.packs()
PLACES = {habit.name: n for n, pack in enumerate(PACKS) for habit in pack}
WELL = [n for n, pack in enumerate(PACKS) if pack[0].right]
Grades = Callable[[int], dict[str, Grade]]


@cache
def submission(number: int) -> Submission:
    read = kit.read(fair.notebook(PACKS[number]))
    assert (read.problem, read.notebook) == ("", PACKS[number][0].lecture)
    return read


@pytest.fixture(scope="module")
def grades(shop) -> Grades:
    """The grades of a submission, by exercise; each is graded once."""

    @cache
    def graded(number: int) -> dict[str, Grade]:
        report = grade_submission(submission(number), Options(shop, seed=7))
        assert not report.problem
        return {grade.task.id: grade for grade in report.grades}

    return graded


def got(grade: Grade) -> str:
    return " ".join((grade.reason, *grade.notes))


def say(wrong: str) -> None:
    """Fail with these words in full; with none, do not."""
    if wrong:
        pytest.fail(wrong, pytrace=False)


def told(grades: Iterable[Grade]) -> str:
    return "\n".join(f"{g.task.id} {g.state}: {got(g)}" for g in grades)


def fault(habit: Habit, grade: Grade) -> str:
    """What is unfair about a grade; "" for nothing."""
    points = grade.points / grade.task.points
    fair_points = {"right": points == 1, "partly": 0 < points < 1}
    well = fair_points.get(grade.state, points == 0) and grade.state in habit.states
    free = grade.state == "right" and not habit.right
    well &= free or bool(re.search(habit.words, got(grade)))
    said = f"{habit.name} ({habit.task}) got {points:.0%}, {grade.state}: {got(grade)}"
    return "" if well else f"{said}\nfair: {'|'.join(habit.states)} /{habit.words}/"


def test_there_are_many():
    right = [habit for habit in fair.HABITS.values() if habit.right]
    assert len(right) + len(honest.HABITS) >= 85
    for letter in "ABCDEF":
        assert sum(name.startswith(f"{letter}-") for name in fair.HABITS) >= 6


@pytest.mark.parametrize("name", PLACES)
def test_it_gets_what_is_fair(name, grades):
    habit = fair.HABITS[name]
    say(fault(habit, grades(PLACES[name])[habit.task]))


@pytest.mark.parametrize("number", WELL)
def test_the_other_exercises_lose_nothing(number, grades):
    tried = {habit.task for habit in PACKS[number]}
    fine = {"right", "missing"} if PACKS[number][0].alone else {"right"}
    others = [g for task, g in grades(number).items() if task not in tried]
    say(told(g for g in others if g.state not in fine))


@pytest.mark.parametrize("number", [n for n in WELL if not PACKS[n][0].alone])
def test_check_does_not_ask_to_mend_what_is_right(number):
    ours = official.load(PACKS[number][0].lecture)
    found = findings(identify.attempts(ours, submission(number)))
    papers = [f for f in found if f.task.kind != "code"]
    lost = [f for f in papers if f.mend or f.state != "found"]
    say("\n".join(f"{f.task.id} {f.state}: {' '.join(f.mend)}" for f in lost))


@pytest.mark.parametrize(
    "cells",
    [[], [kit.code("print(1)")], [kit.code("import numpy as np\nx = np.ones(3)")] * 3],
)
def test_a_foreign_notebook_is_not_the_grader_s_fault(cells, shop):
    report = grade_submission(kit.read(kit.notebook(*cells)), Options(shop))
    assert "none of the course's notebooks" in report.problem


@pytest.mark.long
@pytest.mark.parametrize("name", honest.HABITS)
def test_each_habit_in_a_kernel(name, shop):
    report = grade_submission(kit.read(honest.fresh(name)), Options(shop))
    say(told(g for g in report.grades if g.state != "right"))


@pytest.mark.long
def test_what_is_called_right_is_right():
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        found = chain.from_iterable(
            each.items() for each in pool.imap(whole_run.verdicts, PACKS)
        )
        unfair = [n for n, right in found if right is not fair.HABITS[n].right]
    assert [n for n in unfair if "right" not in fair.HABITS[n].states] == []
