"""The verdict on code. Authority: the solution notebooks (full points), the stubs
(none), and the wrong versions of every exercise, whose points follow from running them
here, without any wire.
"""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from probe_kit import NONCE, TASKS, find, graded, seeds_of, solutions
from right_versions import right_versions

from coursekit.checks.judge import accepted
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.trial import try_function
from coursekit.grading import probe_runtime, transplant, verdict, wire
from coursekit.grading.mistakes import Rerun
from coursekit.grading.types import Attempt, CellRun, NotebookRun

TESTS = Path(__file__).resolve().parents[1]


def versions(task):
    """(name, function, message, code) of every wrong and right version."""
    exercise = transplant.exercise_of(task)
    for n, known in enumerate(mistakes_of(exercise)):
        code = (
            "from coursekit.checks.mistakes import mistakes_of\n"
            "from coursekit.checks.registry import by_id\n"
            f"{task.name} = mistakes_of(by_id({task.id!r}))[{n}].function\n"
        )
        yield known.name, known.function, known.message, code
    for n, function in enumerate(right_versions()[task.id]):
        code = (
            f"import sys\nsys.path.insert(0, {str(TESTS)!r})\n"
            "from right_versions import right_versions\n"
            f"{task.name} = right_versions()[{task.id!r}][{n}]\n"
        )
        yield function.__name__, function, "", code


def some(found, long):
    """Daily the first, middle and last wrong version, and the right ones; else all."""
    wrong, right = [v for v in found if v[2]], [v for v in found if not v[2]]
    if not long:
        wrong = [wrong[n] for n in sorted({0, len(wrong) // 2, len(wrong) - 1})]
    return wrong + right


LONG = pytest.mark.parametrize(
    "long", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "all"]
)


@LONG
@TASKS
def test_a_solution_gets_all_points_for_fresh_seeds(notebook, task, worker, long):
    """Daily on every kind of case twice, in a long run eight times."""
    starts = 8 if long else 2
    grade = graded(worker, task.id, solutions(notebook.name)[task.id], starts=starts)
    assert (grade.state, grade.points, grade.reason) == ("right", task.points, "")
    assert grade.right == grade.cases >= 2 * starts
    assert not grade.notes


@TASKS
def test_a_stub_gets_none(notebook, task, worker):
    grade = graded(worker, task.id, task.stub)
    assert grade.points == 0
    assert "NotImplementedError" in grade.reason


@LONG
@TASKS
def test_wrong_versions_get_what_they_deserve(notebook, task, whole_worker, long):
    """And right ones in another style get all; every reason is the mistake's name."""
    exercise, seeds = transplant.exercise_of(task), seeds_of(task)
    probe = exercise.probe()
    found = some(list(versions(task)), long)
    attempts = [Attempt(task, "answered", code) for *_, code in found]
    minis = [transplant.mini(notebook, each, seeds, NONCE) for each in attempts]
    bench = Rerun(exercise, NONCE)
    want = [bench.trial(exercise.reference(), seed) for seed in seeds]
    runs = whole_worker.run_all(minis)
    for version, attempt, run in zip(found, attempts, runs, strict=True):
        name, function, message, _ = version
        grade = verdict.grade(attempt, notebook, run, seeds, NONCE)
        got = [bench.trial(function, seed) for seed in seeds]
        right = [accepted(probe, [g], [w]) for g, w in zip(got, want, strict=True)]
        points = round(task.points * sum(right) / len(right), 2)
        assert (grade.right, grade.points) == (sum(right), points), name
        assert grade.reason == message, name
        assert all(right) == (grade.state == "right"), name


CHANGE = """
from torch import Tensor as _T
import itertools
def _changed(value, n=[0]):
    n[0] += 1
    if isinstance(value, _T):
        return value * (1 + 1e-3 * value.detach().sin()) {extra}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_changed, value))
    if isinstance(value, tuple):
        return tuple(map(_changed, value))
    return (_changed(each) for each in value)
_inner = {name}
def {name}(*args, **kwargs):
    return _changed(_inner(*args, **kwargs))
"""


@TASKS
def test_no_reason_shows_a_value(notebook, task, worker):
    """Right up to an error that nothing names, so that it must be described."""
    source = solutions(notebook.name)[task.id]
    extra = ("", "+ 0.123", "* 2.5")[int(task.id.partition(".")[2]) % 3]
    source += CHANGE.format(name=task.name, extra=extra)
    grade = graded(worker, task.id, source)
    assert grade.state in ("wrong", "partly"), grade
    messages = {message for _, _, message, _ in versions(task)}
    if grade.reason not in messages:
        assert wire.without_values(grade.reason) == grade.reason


SAMPLE = """
def q_sample(x0, k, eps, schedule):
    share = at(schedule.alpha_bar, k, x0)
    {line}
    return share.sqrt() * x0 + (1 - share).sqrt() * eps
"""
WRONG = {  # a line of it -> what is said; None: anything, but without a value
    "raise KeyError('x')": "raised KeyError: 'x' (line 3: raise KeyError('x'))",
    "raise OSError(x0, float(x0[0, 0]))": None,
    "return None": "it returns None: is there a `return` at",
    "return [x0]": "it returns a list of 1, not one tensor",
    "return x0.numpy()": "it returns a ndarray, not a tensor",
    "return x0[:1]": "the shape is (1, 2), it should be (7, 2)",
    "return x0.int()": "the dtype is int32, it should be float",
    "return x0 + 0j": None,
    "return x0 * float('nan')": None,
    "return x0 / 0": None,
    "return x0[:1, :1].expand(1000, 1000) + 0": (
        "x_k is far too large, its shape is (1000, 1000)"
    ),
    "eps += 1e-9": "it changes its input eps in place",
    "raise SystemExit": "raised SystemExit",
    "return q_sample(x0, k, eps, schedule)": "it calls itself without end",
    "class Liar(type(x0)):\n        __eq__ = lambda *a: True\n"
    "    return x0.as_subclass(Liar)": None,
}
IN_FRAME = """import sys; f = sys._getframe()
    while 'token' not in f.f_locals: f = f.f_back
    out = f.f_locals['out']
    """
CODE = {line: ("wrong", 0, said) for line, said in WRONG.items()} | {
    "while True: pass": ("timed out", 0, "never ends"),
    "pass": ("right", 2, ""),
    "import sys; sys.__stdout__.write('CK1 x {}\\n')": ("right", 2, ""),
    "assert x0.ndim == 2": (
        "partly",
        0.67,
        "right for points (B, D), wrong for images (B, C, H, W): raised "
        "AssertionError (line 3: assert x0.ndim == 2)",
    ),
    "if x0.ndim > 4: return x0": ("partly", 1.33, None),
    "if x0.ndim == 4: raise NotImplementedError": (
        "partly",
        1.33,
        "for images (B, C, H, W): raised NotImplementedError (line 3: if x0.ndim == 4",
    ),
    "import os; os._exit(0)": ("crashed", 0, "the kernel died"),
    "raise KeyboardInterrupt": ("crashed", 0, "was interrupted"),
    "from coursekit.theory.ddpm import q_sample as own\n"
    "    return own(x0, k, eps, schedule)": (
        "wrong",
        0,
        "raised NotImplementedError: the course's own answer to this exercise is not",
    ),
    IN_FRAME + "out.write('\\nCK1 ' + f.f_locals['token'] + ' {}\\n'); return x0": (
        "tampered",
        0,
        "not what the probe prints",
    ),
    IN_FRAME + "out.write = lambda text: 0": ("tampered", 0, "nothing came back"),
}


@pytest.mark.parametrize("line", CODE)
def test_what_a_function_does_is_judged(worker, line):
    state, points, reason = CODE[line]
    seconds = 3 if state == "timed out" else 60
    source = SAMPLE.format(line=line).lstrip("\n")
    grade = graded(worker, "01.4", source, seconds=seconds)
    assert (grade.state, grade.points) == (state, points), grade
    if reason is None:
        assert grade.reason
        assert not re.search(r"\d\.\d\d|\d{5}", grade.reason), grade.reason
    else:
        assert reason in grade.reason


CELLS = {  # a cell -> the state, and what is said
    "def sample(x0): pass": ("wrong", "defines no q_sample: was it renamed"),
    "q_sample = 3": ("wrong", "q_sample is no function but a int"),
    "def q_sample(:": ("crashed", "SyntaxError: invalid syntax (line 1)"),
    "1 / 0\nq_sample = print(": ("crashed", "SyntaxError"),
    "1 / 0\nq_sample = nope": ("crashed", "ZeroDivisionError: division by zero"),
    "import os; os._exit(3)": ("crashed", "already when its cell runs: the k"),
    "def q_sample(x): 0": ("wrong", "raised TypeError"),
    "def q_sample(*a): return nope": ("wrong", "a typing mistake"),
    "while True: pass": ("timed out", "never ends"),
}


@pytest.mark.parametrize("source", CELLS)
def test_what_a_cell_does_is_told(worker, source):
    state, reason = CELLS[source]
    seconds = 3 if state == "timed out" else 60
    grade = graded(worker, "01.4", source, seconds=seconds)
    assert (grade.state, grade.points) == (state, 0)
    assert reason in grade.reason
    assert not grade.notes


def test_a_line_that_stops_costs_itself_alone(worker):
    """What stands below it counts, and a note tells of it."""
    source = "1 / 0\n" + solutions("01_diffusion")["01.4"]
    grade = graded(worker, "01.4", source)
    assert (grade.state, grade.points) == ("right", 2)
    said = "a line of its cell stops with ZeroDivisionError: division by zero"
    assert grade.notes == (said,)


PEEK = """
import sys, torch
def predict_x0(xk, eps, k, schedule):
    frame, found = sys._getframe(1), []
    while frame is not None:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(value, dict):
                found += [value[n] for n in ("x0", "x_0") if n in value]
        frame = frame.f_back
    return torch.as_tensor(found[0]) if found else torch.zeros_like(xk)
"""


def test_the_answer_is_not_in_the_caller_s_frames(worker):
    grade = graded(worker, "01.10", PEEK)
    assert (grade.state, grade.points) == ("wrong", 0)


def run_of(*probes, **cells):
    """A run by hand. probes: the cells behind the attempt, or what they print."""
    found = {"official": CellRun("ran"), "attempt": CellRun("ran")} | cells
    for n, probe in enumerate(probes or [""] * 3):
        cell = CellRun("ran", probe) if isinstance(probe, str) else probe
        found[f"probe-{n}"] = cell
    return NotebookRun(found)


def grade_run(run, exercise_id="01.4", state="answered"):
    notebook, task = find(exercise_id)
    attempt = Attempt(task, state, "def q_sample(): ...", notes=("a note",))
    return verdict.grade(attempt, notebook, run, seeds_of(task), NONCE)


@pytest.mark.parametrize("ending", ["died", "flooded", "timed out"])
def test_how_a_cell_ends_is_told_once_and_for_later_cells(ending):
    end, after = CellRun(ending), CellRun("not reached")
    grade = grade_run(run_of(end, after, after))
    assert grade.state == ("timed out" if ending == "timed out" else "crashed")
    assert (grade.points, grade.right, grade.cases) == (0, 0, 3)
    assert grade.reason == verdict._ENDINGS[ending][1]
    grade = grade_run(run_of(after, after, after, attempt=end))
    assert grade.reason.startswith("already when its cell runs")


def test_the_grader_s_own_faults_are_not_the_student_s():
    for run in (
        NotebookRun({}),
        run_of(official=CellRun("raised", "", "ImportError: no \x1b[31m module")),
        run_of(official=CellRun("died")),
        NotebookRun({"official": CellRun("ran")}),
    ):
        grade = grade_run(run)
        assert (grade.state, grade.points) == ("not gradable", 0)
        assert grade.reason.isprintable()
        assert grade.notes == ("a note",)


@pytest.mark.parametrize("state", ["unanswered", "missing"])
def test_nothing_handed_in_is_nothing(state):
    grade = grade_run(NotebookRun({}), state=state)
    assert (grade.state, grade.points, grade.cases) == (state, 0, 0)


@cache
def trials_of(exercise_id):
    """The right answer to every case."""
    _, task = find(exercise_id)
    exercise = transplant.exercise_of(task)
    return try_function(exercise.probe(), exercise.reference(), seeds_of(task), 20)


def lines(change, exercise_id="01.4"):
    """What the probes print: the right answers, with one thing changed in each."""
    for trial in trials_of(exercise_id):
        out, touched = change(dict(trial.outputs))
        body = {"out": probe_runtime.pack(out), "fault": None, "touched": touched}
        token = wire.token(NONCE, exercise_id, trial.seed)
        yield f"CK1 {token} {json.dumps(body)}\n"


def each(change):
    """The same change to every array."""
    return lambda out: ({name: change(array) for name, array in out.items()}, [])


REPLIES = {  # what is done to the right answer -> the state
    "nothing": (lambda out: (out, []), "right"),
    "another order": (lambda out: (dict(reversed(out.items())), []), "right"),
    "a rounding error": (each(lambda a: a * (1 + 1e-9)), "right"),
    "an input was changed": (lambda out: (out, ["x0"]), "wrong"),
    "another type": (each(lambda a: a.astype(bool)), "wrong"),
    "nothing in it": (each(lambda a: a[..., :0]), "wrong"),
    "another shape": (each(lambda a: a.reshape(-1)), "wrong"),
    "NaN": (each(lambda a: a * np.nan), "wrong"),
    "infinity": (each(lambda a: a * 1e300 * 1e300), "wrong"),
    "zeros": (each(lambda a: 0 * a), "wrong"),
    "another sign": (each(lambda a: -a), "wrong"),
    "no such input was changed": (lambda out: (out, ["no such"]), "tampered"),
    "one more": (lambda out: (out | {"more": np.ones(1)}, []), "tampered"),
    "one alone": (lambda out: ({"x_k": out["x_k"]}, []), "tampered"),
    "none at all": (lambda out: ({}, []), "tampered"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_replies_are_judged_by_their_numbers(name):
    change, state = REPLIES[name]
    with np.errstate(all="ignore"):
        grade = grade_run(run_of(*lines(change)))
    assert grade.state == state, grade
    assert grade.points == (2 if state == "right" else 0)


def test_the_reply_to_one_case_is_no_reply_to_another():
    first, second, third = lines(lambda out: (out, []))
    grade = grade_run(run_of(second, first, third))
    assert (grade.state, grade.points) == ("tampered", 0.67)
    grade = grade_run(run_of(first, second + "CK1 ", third))
    assert (grade.state, grade.right) == ("tampered", 2)
    assert grade.reason.startswith("for images (B, C, H, W): what came back is not")


@TASKS
def test_no_numbers_can_break_the_judge(notebook, task):
    """Any arrays at all, of the right names, for every exercise with its oracles."""
    rng = np.random.default_rng(0)
    shapes = [(), (0,), (1,), (7,), (1000, 1), (2, 0, 3)]
    makers = [
        lambda a: rng.standard_normal(a.shape).astype(a.dtype),
        lambda a: np.full(a.shape, np.nan, a.dtype),
        lambda a: np.full(a.shape, np.inf, a.dtype),
        lambda a: np.full(a.shape, 1e38, a.dtype),
        lambda a: np.zeros(a.shape, a.dtype),
        lambda a: rng.standard_normal(shapes[rng.integers(6)]).astype(a.dtype),
        lambda a: rng.standard_normal(a.shape).astype("<c16"),
        lambda a: rng.integers(-9, 9, a.shape).astype("<i8"),
    ]
    for maker in makers:
        with np.errstate(all="ignore"):
            grade = grade_run(run_of(*lines(each(maker), task.id)), task.id)
        assert (grade.state, grade.points) == ("wrong", 0)
        assert len(grade.reason) < 300
