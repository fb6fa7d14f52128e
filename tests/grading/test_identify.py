"""Which code counts for which exercise.

Authority: the rules of identify's docstring: metadata before cell id before first line,
the last worked-on cell of several, and nothing of one exercise in another's attempt.
test_variety runs whole honest notebooks; here each rule stands alone.
"""

import time
from dataclasses import replace

import pytest

from coursekit.grading import identify, official
from coursekit.grading.exercise_claim import claim, marker
from coursekit.grading.types import Attempt, Cell, Submission

OFFICIAL = official.load("01_diffusion")
HEAD = "# exercise 01.4\n"
STUB = next(task.stub for task in OFFICIAL.tasks if task.id == "01.4")


def q_sample(value: str, head: str = HEAD) -> str:
    return f"{head}def q_sample(x0, k, eps, schedule):\n    return {value}"


def cell(source: str, kind: str = "code", id: str = "", exercise: str = "") -> Cell:
    return Cell(0, kind, id, exercise, source)


def attempts(*cells: Cell | str) -> dict[str, Attempt]:
    made = (each if isinstance(each, Cell) else cell(each) for each in cells)
    numbered = tuple(replace(each, index=index) for index, each in enumerate(made))
    submission = Submission("alice", "alice.ipynb", numbered)
    return {each.task.id: each for each in identify.attempts(OFFICIAL, submission)}


def one(*cells: Cell | str) -> Attempt:
    return attempts(*cells)["01.4"]


def says(attempt: Attempt, part: str) -> bool:
    return any(part in note for note in attempt.notes)


def test_one_attempt_for_each_task_in_order():
    found = attempts()
    assert list(found) == [task.id for task in OFFICIAL.tasks]
    assert {each.state for each in found.values()} == {"missing"}
    assert says(found["01.4"], "no cell for 01.4")


@pytest.mark.parametrize(
    "marked",
    [
        cell(q_sample("x0", ""), exercise="01.4", id="ex-01-3"),
        cell(q_sample("x0", "# exercise 01.3\n"), exercise="01.4"),
        cell(q_sample("x0", "# exercise 01.3\n"), id="ex-01-4"),
        cell(q_sample("x0"), id="anything"),
        cell(q_sample("x0", "#Exercise: 01.4 (keep this line)\n")),
        cell(q_sample("x0", "%%time\n# my own words\nimport torch\n# exercise 01.4\n")),
    ],
)
def test_metadata_then_id_then_first_line(marked):
    found = one(marked)
    assert found.state == "answered"
    assert "return x0" in found.source
    assert found.notes == ()


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("# exercise 01.4\nx", "01.4"),
        ("\n\n  # EXERCISE 01.12: mine", "01.12"),
        ("#### Exercise 01.4 · Any noise level", ""),
        ("x = 1\n# exercise 01.4", ""),
        ("# exercise 1.4", ""),
        ("# exercise 01.4567", ""),
        ("# exercise ٠١.٤", ""),
        ("# exercise" + " " * 90_000 + "01.4", ""),
        ("", ""),
    ],
)
def test_marker(source, wanted):
    assert marker(source) == wanted
    assert claim(Cell(0, "code", "", "", source)) == wanted


@pytest.mark.parametrize(
    "source",
    [
        STUB,
        STUB + "\n\n\n",
        STUB.replace("    ", "\t"),
        STUB.replace("\n", "\n\n"),
        HEAD + "def q_sample(x0, k, eps, schedule): raise NotImplementedError('todo')",
        q_sample("x0").replace("return x0", "pass"),
        q_sample("x0").replace("return x0", "..."),
        q_sample("x0").replace("return x0", "'''later'''"),
        HEAD + "q_sample = check(q_sample)",
        HEAD,
        "",
    ],
)
def test_an_untouched_stub_is_unanswered(source):
    assert one(cell(source, exercise="01.4")).state == "unanswered"


EMPTY = ("None", "...", '""', '"  "')


@pytest.mark.parametrize(
    "value", [*EMPTY, '"beta"', "0", "False", "lambda beta: beta", "-1", "b"]
)
def test_any_value_that_is_not_empty_is_an_answer(value):
    found = attempts(f"# exercise 01.15\nanswer_01_15 = {value}  # a formula")
    assert found["01.15"].state == ("unanswered" if value in EMPTY else "answered")


def test_the_last_worked_on_of_several_counts_and_is_reported():
    found = one(q_sample("1"), q_sample("2"), STUB, cell("", exercise="01.4"))
    assert "return 2" in found.source
    assert says(found, "cells 1, 2, 3, 4") and says(found, "Cell 2 counts")


def test_a_marked_answer_comes_before_loose_ones_and_of_these_the_last_counts():
    found = one(q_sample("1"), q_sample("2", ""))
    assert "return 1" in found.source and found.notes == ()
    assert "return 2" in one(q_sample("1", ""), q_sample("2", "")).source


def test_a_loose_definition_counts_when_nothing_else_is_left():
    scratch = "import os\nos.remove('x')\n" + q_sample("helper()", "") + "\nplot()"
    found = one(STUB, scratch, "def helper():\n    return 7")
    assert found.state == "answered"
    assert "os.remove" not in found.source + found.helpers
    assert found.helpers == "def helper():\n    return 7"
    assert says(found, "Cell 2 is not marked as 01.4")


def test_a_docstring_above_real_code_is_no_stub():
    solved = STUB.replace("raise NotImplementedError", "return x0")
    assert (one(solved).state, one(solved).source) == ("answered", solved)


@pytest.mark.parametrize(
    "line", ["from coursekit.theory.ddpm import q_sample", "q_sample = check(q_sample)"]
)
def test_an_import_or_a_check_is_no_definition(line):
    assert one(line).state == "missing"
    assert one(STUB, line).state == "unanswered"


def test_a_cell_for_another_exercise_that_defines_this_one():
    """Pasted over: the metadata says 01.3, the code is that of 01.4."""
    found = attempts(cell(q_sample("x0", ""), exercise="01.3"))
    assert found["01.4"].state == "answered"
    assert found["01.3"].state == "answered"  # something is there, but not q_step
    assert says(found["01.3"], "it does not define `q_step`")


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_retyped_cell_is_recovered_and_reported(kind):
    for source in (q_sample("x0"), f"```python\n{q_sample('x0')}\n```\n"):
        found = one(cell(source, kind, exercise="01.4"))
        assert found.state == "answered"
        assert "`" not in found.source
        assert says(found, f"is a {kind} cell")
    assert one(cell("I did not get it", kind, exercise="01.4")).state == "unanswered"
    assert one(cell(q_sample("x0", ""), kind)).state == "missing"


def test_check_lines_are_left_out_of_the_code():
    source = q_sample("x0") + "\nq_sample = check(q_sample)\nreveal('01.4')\nprint(1)"
    assert one(source).source == q_sample("x0") + "\nprint(1)"


def test_checks_and_exercises_are_never_imported():
    lines = "from coursekit.checks.cells import check as c\n"
    lines += "from coursekit.checks.registry import by_id\n"
    found = one(lines + q_sample("by_id(c)"))
    assert "import" not in found.source + found.helpers


def test_code_that_is_not_python_is_still_an_answer():
    found = one(HEAD + "def q_sample(x0:\n    return")
    assert found.state == "answered"
    assert says(found, "read as Python 3") and says(found, "(line 2")


def test_another_name_counts_only_with_the_same_parameters():
    same = one(q_sample("x0").replace("q_sample", "jump"))
    assert same.source.endswith("q_sample = jump")
    assert says(same, "called `jump`, not `q_sample`")
    two = q_sample("x0").replace("q_sample", "a") + "\n" + q_sample("1", "")
    unclear = one(two.replace("q_sample", "b"))
    assert says(unclear, "does not define `q_sample`")
    other = one(HEAD + "def jump(a, b):\n    return a")
    assert other.state == "answered" and says(other, "does not define `q_sample`")


H1, H2 = "def h():\n    return 1", "def h():\n    return 2"
OWN = "def at(values, k, x):\n    return 1"
USE = q_sample("at(schedule.alpha_bar, k, x0)")
STEP = "# exercise 01.3\ndef q_step(x, k, eps, schedule):\n    return 'wrong'"
USE_STEP = q_sample("q_step(x0, k, eps, schedule)")


@pytest.mark.parametrize(
    ("cells", "helpers"),
    [
        pytest.param([H1, f"{H2}\n{q_sample('h()', '')}"], H2, id="of-its-own-cell"),
        pytest.param([OWN, USE], "", id="own-version-of-given-code"),
        pytest.param([STEP, USE_STEP], "", id="an-earlier-exercise"),
        pytest.param([f"{USE_STEP}\n{STEP}"], "", id="an-earlier-one-in-the-same-cell"),
    ],
)
def test_what_comes_along_as_helpers(cells, helpers):
    found = one(*cells)
    assert found.helpers == helpers
    assert "wrong" not in found.source, "nothing of one exercise reaches another"


def test_an_own_version_of_given_code_is_there_for_the_second_try():
    found = one(OWN, USE)
    assert (found.above, found.below) == ((OWN,), ())
    assert one(cell(OWN, id="at"), USE).above == (OWN,)


def test_official_lecture_code_helps_out():
    found = one(q_sample("walked * 0 + len(schedules)"))
    assert "schedules = {" in found.helpers
    assert "walked" in found.helpers and "print" not in found.helpers


@pytest.mark.parametrize(
    "cells",
    [
        [q_sample("1")] * 3000,
        [cell("\n" * 99_000 + q_sample("1"), "raw", exercise="01.4")] * 100,
        [HEAD + "def q_sample(a):\n" + "    'x'\n" * 5000] * 20,
        ["def at(a):\n  return a\n" * 1000] * 20,
        ["x = [" + "1," * 40_000 + "]"] * 12,
        [HEAD + "a = " + "-" * 90_000 + "1"] * 12,
        [HEAD + "%" * 90_000] * 12,
        [HEAD + " " * 90_000 + "?"] * 12,
        [cell("```" * 30_000, "markdown", exercise="01.4")] * 50,
    ],
)  # fmt: skip
def test_hostile_sizes_end_soon(cells):
    start = time.process_time()
    assert len(attempts(*cells)) == len(OFFICIAL.tasks)
    assert time.process_time() - start < 60, "without the caps: hours"


LATER = "def predict_x0(xk, eps, k, schedule):\n    return xk"
USE_LATER = "predict_x0(x0, eps, k, schedule)"


def test_a_later_exercise_comes_along_as_it_was_written():
    found = one(q_sample(USE_LATER), f"# exercise 01.10\n{LATER}")
    assert found.helpers.startswith("def predict_x0")
    assert says(found, "takes along: `predict_x0`")


def test_what_the_reference_is_made_of_is_the_courses_own():
    head = "# exercise 01.7\ndef elbo_terms(model, x0, schedule, eps, variance):\n"
    answer = f"{head}    return predict_x0(x0, eps, 1, schedule)"
    assert attempts(answer, f"# exercise 01.10\n{LATER}")["01.7"].helpers == ""


@pytest.mark.parametrize(("value", "times"), [("x0", 0), (USE_LATER, 2)])
def test_of_a_later_exercise_in_one_cell_only_what_is_used_stays(value, times):
    found = one(f"{HEAD}{LATER}\n\n{q_sample(value, '')}")
    assert found.source.count("predict_x0") == times
