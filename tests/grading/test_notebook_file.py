"""The reader's rules one by one; test_malformed has the long list of damage.

Authority: nbformat 4's documented cell layout, and the caps that the reader states.
"""

import json
from typing import Any
from unittest.mock import Mock

import pytest
from notebook_kit import LEARNER, SOLVED, Notebook, claimed, code, notebook, read

from coursekit.grading import notebook_file, official


def named(source: str) -> Notebook:
    return notebook(metadata={"coursekit": {"source": source}})


@pytest.mark.parametrize("folder", [LEARNER, SOLVED], ids=["learner", "solved"])
@pytest.mark.parametrize("name", official.available())
def test_the_courses_own_notebooks_read_with_no_other_note(name, folder):
    data = (folder / f"{name}.ipynb").read_bytes()
    found, raw = read(data), json.loads(data)["cells"]
    assert (found.student, found.origin) == ("alice", "x/alice.ipynb")
    notes = (notebook_file.SOLUTION,) if folder == SOLVED else ()
    assert (found.problem, found.notes, found.notebook) == ("", notes, name)
    assert [c.source for c in found.cells] == ["".join(each["source"]) for each in raw]
    assert [c.kind for c in found.cells] == [each["cell_type"] for each in raw]
    assert [c.id for c in found.cells] == [each["id"] for each in raw]
    claims = [c.exercise for c in found.cells if c.exercise]
    assert claims == [task.id for task in official.load(name).tasks]


def test_only_exercise_cells_claim_and_only_by_ids():
    right = [{"id": "01.4", "kind": "exercise"}, {"id": "01.4"}]  # tidied up
    kinds = ["check", "about", "hint", None, 5]
    wrong: list[Any] = [{"id": "01.4", "kind": kind} for kind in kinds]
    ids = [4, None, ["01.4"], "1.4", "01.4 ", "01.4\n", "٠١.٤"]
    wrong += [{"id": each} for each in ids]
    found = read(notebook(*map(claimed, right + wrong)))
    assert [c.exercise for c in found.cells] == ["01.4"] * 2 + [""] * len(wrong)


def test_colab_keeps_ids_in_the_metadata():
    cell = {"cell_type": "code", "source": "x", "metadata": {"id": "ex-01-4"}}
    found = read(notebook(cell))
    assert found.cells[0].id == "ex-01-4"
    assert found.notebook == "01_diffusion"


def test_index_counts_every_cell_of_the_file():
    found = read(notebook(code("a"), "no cell", code("b")))
    assert [c.index for c in found.cells] == [0, 2]
    assert "Cell 2 is not a cell" in found.notes[0]


def test_characters_that_cannot_be_sent_are_replaced():
    data = json.dumps(notebook({"cell_type": "code", "source": "QQQ"})).encode()
    found = read(data.replace(b"QQQ", rb"a\ud800b\u0000c\ud83d\ude00d"))
    assert found.cells[0].source == "a\ufffdbc😀d"
    found.cells[0].source.encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_are_plain(end):
    assert read(notebook(code(f"a{end}b{end}"))).cells[0].source == "a\nb\n"


def test_outputs_are_never_kept():
    output = {"output_type": "stream", "text": "SECRET"}
    assert "SECRET" not in repr(read(notebook(code("a", outputs=[output]))))


def test_the_caps():
    just = code("#" + "x" * (notebook_file.LONGEST_CELL - 1))
    over = code("#" + "x" * notebook_file.LONGEST_CELL)
    found = read(notebook(just, over))
    assert [len(c.source) for c in found.cells] == [notebook_file.LONGEST_CELL, 0]
    assert len(read(notebook(*[code("x")] * 3001)).cells) == notebook_file.MOST_CELLS


def test_notes_do_not_flood_the_report():
    found = read(notebook(*[code(7)] * 500))
    assert len(found.notes) == notebook_file.MOST_NOTES + 1
    assert "notes more" in found.notes[-1]


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (named("lectures/l02_x/02_score_matching.md"), "02_score_matching"),
        (named("notebooks/source/02_score_matching.md"), "02_score_matching"),
        (named("C:\\x\\02_score_matching.ipynb"), "02_score_matching"),
        (named("../../02_score_matching/../x"), ""),
        (named("99_unknown.md"), ""),
        (notebook(*(claimed({"id": f"0{n}.2"}) for n in "212")), "02_score_matching"),
        (notebook(code("# exercise 03.2\nx")), "03_flow_matching"),
        (notebook(code("def q_sample(x0):\n    return x0")), "01_diffusion"),
        (notebook(code("answer_02_15 = 'x'")), "02_score_matching"),
        (notebook(code("print(1)")), ""),
    ],
)  # fmt: skip
def test_which_notebook_it_is(made, wanted):
    found = read(made)
    assert found.notebook == wanted
    assert any("cannot be told" in note for note in found.notes) == (wanted == "")


def test_an_old_copy_is_noted():
    made = named("coursekit/lectures/l01_diffusion/01_diffusion.md")
    made["metadata"]["coursekit"]["version"] = "0.0.7"
    found = read(made)
    assert found.notes[-1].startswith("This copy is of version 0.0.7; the course")


def test_the_file_name_is_the_last_resort():
    origin = "class.zip: alice/03_flow_matching (1).ipynb"
    assert read(notebook(code("1")), origin=origin).notebook == "03_flow_matching"


def test_even_the_unforeseen_does_not_raise(monkeypatch):
    broken = Mock(side_effect=ZeroDivisionError)
    monkeypatch.setattr(notebook_file.notebook_json, "load", broken)
    assert "ZeroDivisionError" in read(notebook()).problem


def test_a_long_notebook_keeps_its_exercises():
    """Whatever stands before and behind them, and however much it is."""
    wanted = {f"01.{n}" for n in range(1, 28)}
    answers = [claimed({"id": each}) for each in wanted]
    scratch = [code("x = 1\n" * 2000)] * 300
    helper = code("def helper():\n    pass\n")
    for cells in (
        [*scratch, helper, *answers],
        [*answers, helper, *scratch],
        [*[code("y")] * 4000, helper, *answers, *[code("y")] * 4000],
    ):
        found = read(notebook(*cells))
        assert {cell.exercise for cell in found.cells} >= wanted
        assert any(cell.source.startswith("def helper") for cell in found.cells)
        assert any("other cells are left out" in note for note in found.notes)
        size = sum(len(cell.source) for cell in found.cells)
        assert size < 2 * notebook_file.LONGEST_CODE
