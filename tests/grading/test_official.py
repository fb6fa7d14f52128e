"""The trusted notebooks, read as the grader needs them.

Authority: the weave's registry of exercises and the committed notebooks themselves.
"""

import ast
import dataclasses

import pytest

from coursekit.checks.registry import all_exercises, by_id
from coursekit.grading import official


def test_every_exercise_of_the_registry_is_a_task_exactly_once():
    notebooks = map(official.load, official.available())
    found = [task.id for notebook in notebooks for task in notebook.tasks]
    assert sorted(found) == sorted(entry.id for entry in all_exercises())


@pytest.mark.parametrize("name", official.available())
def test_tasks_say_what_the_registry_says(name):
    notebook = official.load(name)
    assert notebook.name == name
    assert notebook.version
    for task in notebook.tasks:
        entry = by_id(task.id)
        assert task.kind == entry.kind
        assert task.title
        assert task.points > 0
        assert task.stub.startswith(f"# exercise {task.id}\n")
        if task.kind == "code":
            body = ast.parse(task.stub).body
            kinds = ast.FunctionDef | ast.ClassDef
            made = [each.name for each in body if isinstance(each, kinds)]
            assert made == [task.name]
            assert "NotImplementedError" in task.stub
            named = task.symbol.partition(":")[2]  # a function, or Class.method
            assert named.partition(".")[0] == task.name
        else:
            assert task.name == f"answer_{task.id.replace('.', '_')}"
            assert task.symbol == ""
            assert "= None" in task.stub, "it is the learner's version"


@pytest.mark.parametrize("name", official.available())
def test_cells_have_their_kinds(name):
    cells = official.load(name).cells
    kinds = {cell.kind for cell in cells}
    assert kinds <= {"setup", "given", "exercise", "check", ""}
    assert [cell.id for cell in cells].count("imports") == 1
    assert cells[0].kind == "setup"
    exercises = [cell.exercise for cell in cells if cell.kind == "exercise"]
    assert exercises == [cell.exercise for cell in cells if cell.kind == "check"]
    assert all(cell.exercise == "" for cell in cells if cell.kind in ("", "given"))


@pytest.mark.parametrize(
    "name",
    ["", "99_nothing", "../01_diffusion", "solutions/01_diffusion", "01_*", "/etc"],
)
def test_another_name_is_refused_with_a_list(name):
    with pytest.raises(official.NotebookMissing, match="01_diffusion"):
        official.load(name)


def test_a_notebook_can_be_a_key():
    """Other layers cache by it."""
    notebook = official.load("01_diffusion")
    assert hash(notebook) == hash(dataclasses.replace(notebook))
    assert official.load("01_diffusion") is notebook
