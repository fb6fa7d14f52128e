"""Pen and paper. Authority: the questions' own answers, variants and wrong answers, and
Python's grammar. No answer is ever run.
"""

import numpy as np
import pytest
from probe_kit import everything, find, solutions

from coursekit.checks.registry import by_id
from coursekit.checks.spec import FormulaQuestion
from coursekit.grading import verdict
from coursekit.grading.answers import read_answer
from coursekit.grading.types import Attempt, Grade

PAPER = pytest.mark.parametrize(
    ("notebook", "task"),
    [(n, task) for n, task in everything() if task.kind != "code"],
    ids=lambda item: getattr(item, "id", ""),
)
SEEDS = range(10**9, 10**9 + 10)


def grade(task, source, helpers="", seed=3) -> Grade:
    return verdict.grade_answer(Attempt(task, "answered", source, helpers), seed)


def is_right(found):
    assert found.right == (found.state == "right")
    assert found.points == (found.task.points if found.right else 0)
    return found.state == "right"


@PAPER
def test_a_solution_gets_all_points_for_ten_seeds_and_a_stub_none(notebook, task):
    source = solutions(notebook.name)[task.id]
    assert all(is_right(grade(task, source, seed=seed)) for seed in SEEDS)
    found = grade(task, task.stub)
    assert (found.state, found.points) == ("unanswered", 0)


@PAPER
def test_every_known_answer_gets_what_it_deserves(notebook, task):
    entry = by_id(task.id)
    if isinstance(entry, FormulaQuestion):
        right, wrong = entry.right, dict(entry.wrong)
    else:
        right = [entry.answer, f"({entry.answer.upper()})"]
        wrong = {k: v for k, v in entry.why.items() if k != entry.answer}
    for answer in right:
        assert is_right(grade(task, f"{task.name} = {answer!r}")), answer
    for answer, message in wrong.items():
        found = grade(task, f"{task.name} = {answer!r}")
        assert (found.state, found.points, found.reason) == ("wrong", 0, message)


def formula():
    return find("01.15")[1], by_id("01.15").answer


@pytest.mark.parametrize(
    "form",
    [
        "{name} = {answer!r}",
        "{name} = (\n    {answer!r}\n)  # mine",
        "{name}: str = {answer!r}",
        "{name} = mine = {answer!r}",
        "mine = {answer!r}\n{name} = mine",
        "{name} = None\n{name} = {answer!r}",
        "{name} = lambda beta, alpha_bar, alpha_bar_prev: {answer}",
        "{name} = {answer!r}\nprint({name})\ncheck_answer('01.15', {name})",
        "import math\n{name} = r{answer!r}",
        "%matplotlib inline\n{name} = {answer!r}\n!ls",
        "{name} = {answer!r}\nthis is not python",
        "\r\n{name} = {answer!r}\r\n",
        "{name} = constant_of_another_cell",
    ],
)
def test_honest_ways_to_write_an_answer(form):
    task, answer = formula()
    helpers = f"constant_of_another_cell = {answer!r}"
    assert is_right(grade(task, form.format(name=task.name, answer=answer), helpers))


OTHERS = {  # (state, what is said) -> answers; N is the name of the answer
    ("missing", "gets no value"): ["", "other = 'beta'", "def f():\n    N = 'beta'"],
    ("unanswered", ""): ["N = None", "N = ...", "N = '  '"],
    ("wrong", "write the answer"): [
        "N = __import__('os').system('touch pwned')",
        "N = open('pwned', 'w')",
        "N = [0] * 10**10",
        "N = f'{1/0}'",
        "N = unknown",
        "N = True",
        "N = b'beta'",
        "N = ['beta']",
        "N = {}",
        "N = 3j",
    ],
    ("wrong", "not those of the right formula"): ["N = 0.25"],
    ("wrong", "not a number everywhere"): ["N = 1e999"],
    ("wrong", "too large"): ["N = " + "9" * 400, "N = '" + "9" * 400 + "'"],
    ("wrong", "not Python"): [
        "N = " + "9" * 5000,
        "N = " + "(" * 9000,
        "N = 'beta' \ud800",
    ],
    ("wrong", ""): [
        "N = '" + "(" * 400 + "'",
        "N = " + "-" * 9000 + "1",
        "N = '\ud800'",
        "N = 'beta\x00'",
        "N = '9**9**9**9**9**9'",
        "N = '\x1b[31m\u202e'",
        "N = lambda: __import__('os')",
        "N = lambda beta: (yield)",
    ],
}


@pytest.mark.parametrize(("state", "words"), OTHERS)
def test_other_answers_get_nothing_and_a_reason(state, words):
    task, _ = formula()
    for source in OTHERS[state, words]:
        found = grade(task, source.replace("N =", f"{task.name} ="))
        assert (found.state, found.points) == (state, 0), source
        assert words in found.reason, source
        assert found.reason.isprintable() and len(found.reason) < 300, source


def test_other_choices_get_nothing():
    _, task = find("01.21")
    for value in ("'z'", "2", "['a', 'b']", "{'a', 'b'}", "'ab'", "1.5"):
        found = grade(task, f"{task.name} = {value}")
        assert (found.state, found.points) == ("wrong", 0), value
        assert "one letter" in found.reason, value


def test_no_reason_shows_a_value():
    task, answer = formula()
    for wrong in ("{} + 0.0137", "2.7183 * ({})", "({}) ** 3", "-({})"):
        found = grade(task, f"{task.name} = {wrong.format(answer)!r}")
        assert found.state == "wrong", wrong
        assert not any(character.isdigit() for character in found.reason), wrong


def test_the_seed_decides_where_a_formula_is_tried():
    """Right at the learner's points only is wrong."""
    task, answer = formula()
    points = by_id(task.id).points(np.random.default_rng(0))
    name, values = next(iter(points.items()))
    product = "*".join(f"({name}-{value!r})" for value in map(float, values[:8]))
    source = f"{task.name} = {f'{answer} + 1e6*{product}'!r}"
    assert not is_right(grade(task, source, seed=10**9))


def test_states_without_an_answer_stay():
    task, _ = formula()
    for state in ("unanswered", "missing"):
        attempt = Attempt(task, state, notes=("a note",))
        found = verdict.grade_answer(attempt)
        assert (found.state, found.points, found.notes) == (state, 0, ("a note",))


def test_a_question_the_package_does_not_have_is_for_a_person():
    task, _ = formula()
    for changed in ({"id": "99.1"}, {"kind": "choice"}, {"id": "01.4"}):
        other = type(task)(**(vars(task) | changed))
        assert grade(other, task.stub).state == "not gradable"


def test_reading_an_answer():
    assert read_answer("a = 1\na = -2.5", "a") == -2.5
    assert read_answer("a = 'x' 'y'", "a") == "xy"
    assert read_answer("a = lambda t: t + 1", "a") == "t + 1"
