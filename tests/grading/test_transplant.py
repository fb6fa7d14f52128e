"""The notebook that is run for one attempt. Authority: the official notebooks and what
Python does with the cells, run by exec in a process of their own.
"""

import ast
from dataclasses import replace

import pytest
from probe_kit import NONCE, TASKS, code_tasks, find, graded, seeds_of, solutions
from written import sections

from coursekit.grading import official, transplant
from coursekit.grading.types import Attempt


def mini_of(exercise_id, source="", helpers=""):
    notebook, task = find(exercise_id)
    attempt = Attempt(task, "answered", source, helpers)
    return transplant.mini(notebook, attempt, seeds_of(task), NONCE)


def solution(exercise_id):
    notebook, task = find(exercise_id)
    return solutions(notebook.name)[task.id]


@TASKS
def test_the_cells_are_trusted_but_for_the_attempt(notebook, task):
    attempt = Attempt(task, "answered", "student = 1", "a = 1\n\ndef b():\n    pass")
    seeds = seeds_of(task)
    mini = transplant.mini(notebook, attempt, seeds, NONCE)
    assert mini.task == task.id
    assert task.symbol not in mini.filled
    ids = [cell.id for cell in mini.cells]
    assert ids[:3] == ["official", "helper", "attempt"]
    assert ids[3:] == [transplant.probe_id(n) for n in range(len(seeds))]
    assert [c.id for c in mini.cells if c.probe] == ids[3:]
    for cell in mini.cells:
        ast.parse(cell.source)
    text = "".join(cell.source for cell in mini.cells)
    assert not any(str(seed) in text for seed in seeds)
    assert NONCE not in text
    assert "workbook.check" not in text


# Later exercises that the reference of one is made of, and the given cell that takes
# a later exercise for a default.
OPERATIONS = {"Knob", "contrast", "crop_box", "exposure", "luma", "saturation"}
NEEDED = {"01.7": {"predict_x0"}, "05.6": {"rotate"}, "08b.1": OPERATIONS}
MADE_OF_LATER = dict.fromkeys(("03.1", "03.2", "03.3", "03.4"), "follow")


@TASKS
def test_the_trusted_cell_brings_every_name_but_one(notebook, task, worker):
    names = {t.name for t in notebook.tasks if t.kind == "code"}
    later = notebook.tasks[notebook.tasks.index(task) :]
    absent = {t.name for t in later if t.kind == "code"} - NEEDED.get(task.id, set())
    names -= absent
    for cell in notebook.cells:
        if cell.id == MADE_OF_LATER.get(task.id):
            continue
        if cell.kind == "given" or cell.id == "imports":
            for node in ast.parse(cell.source).body:
                names |= {a.name for a in getattr(node, "names", ()) if not a.asname}
                names |= {node.name} if hasattr(node, "name") else set()
    listed = sorted(name for name in names if "." not in name)
    look = f"""
there = vars()
missing, early = set({listed}) - there.keys(), {absent or set()!r} & there.keys()
assert not missing and not early, (missing, early)
assert (check(1), hint("x")) == (1, None)
"""
    mini = transplant.mini(
        notebook, Attempt(task, "answered", look), seeds_of(task)[:1], NONCE
    )
    run = worker.run(mini)
    assert run.cells["official"].error == ""
    assert run.cells["attempt"].error == ""


def test_a_task_of_another_package_is_refused():
    notebook, task = find("01.4")
    for changed in ({"name": "q_step"}, {"id": "99.1"}, {"id": "01.14"}):
        attempt = Attempt(replace(task, **changed), "answered")
        with pytest.raises(ValueError, match=r"99\.1|01\."):
            transplant.mini(notebook, attempt, [0], NONCE)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("", []),
        ("# nothing", []),
        ("a = 1; b = 2\nc = 3", ["a = 1; b = 2", "c = 3"]),
        ("a = 1; b = (\n2)\nc = 3", ["a = 1; b = (\n2)", "c = 3"]),
        ("@d\ndef f():\n    '\\\n'\n\nx = 1", ["@d\ndef f():\n    '\\\n'", "x = 1"]),
        ("a = 1\r\nb = 2\r\n", ["a = 1", "b = 2"]),
        ("a = '''\nb\n'''; c = 1", ["a = '''\nb\n'''; c = 1"]),
        ("%magic\nx = 1", ["%magic\nx = 1"]),
        ("x = (", ["x = ("]),
        ("x = '\x00'", ["x = '\x00'"]),
    ],
)  # fmt: skip
def test_statements_stand_alone(source, parts):
    assert transplant.statements(source) == parts


# The names are those of the probe, of Python and of libraries; not those that the
# solutions and the given code use, which a student's notebook would break as well.
SHADOWS = """
print = dict = str = type = sorted = set = vars = open = getattr = repr = None
np = tensor = array = json = sys = base64 = io = builtins = random = warnings = 0
globals = locals = exec = compile = space = call = main = bytes = "shadow"
BadResult = attempt = pack = unpack = guarded = fault_of = Nowhere = object()
__name__ = None
"""


@pytest.mark.parametrize("exercise_id", ["01.4", "01.13", "02.2", "03.10"])
def test_shadowed_names_do_not_get_in_the_way(worker, exercise_id):
    grade = graded(worker, exercise_id, solution(exercise_id) + SHADOWS)
    assert grade.state == "right", grade


SOLUTION = solution("01.4").rstrip()
HABITS = sections("honest.md", SOLUTION=SOLUTION)["one cell"].codes
HEAD, _, LAST = SOLUTION.rpartition("\n")
HABITS["a print of 10 MB"] = f"{HEAD}\n    print('x' * 10_000_000)\n{LAST}"


@pytest.mark.parametrize("name", HABITS)
def test_honest_habits_cost_nothing(worker, name):
    assert graded(worker, "01.4", HABITS[name]).points == 2


def test_helpers_come_first_and_fail_alone(worker):
    helpers = "missing = no_such_name(1)\n\nmy_at = lambda *args: at(*args)"
    source = SOLUTION.replace("at(", "my_at(")
    assert "my_at" in source
    grade = graded(worker, "01.4", source, helpers)
    assert grade.state == "right"
    assert "no_such_name" in "".join(grade.notes)


def test_a_missing_module_costs_only_its_names(worker):
    notebook, task = find("01.4")
    cells = list(notebook.cells)
    place = next(n for n, cell in enumerate(cells) if cell.id == "imports")
    more = "import no_such_module\n" + cells[place].source
    cells[place] = replace(cells[place], source=more)
    changed = replace(notebook, cells=tuple(cells))
    attempt = Attempt(task, "answered", SOLUTION)
    run = worker.run(transplant.mini(changed, attempt, seeds_of(task), NONCE))
    assert {cell.state for cell in run.cells.values()} == {"ran"}


def test_given_code_may_use_the_exercise_for_a_default():
    notebook, task = find("03.5")
    given = next(cell for cell in notebook.cells if cell.id == "follow")
    assert "= euler_step" in given.source
    assert transplant.trusted(notebook, task).endswith("del euler_step")


def test_every_official_notebook_is_covered():
    assert {n.name for n, _ in code_tasks()} == set(official.available())
