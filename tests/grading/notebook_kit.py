"""Notebooks for the tests of grading: the course's own, their cells, and small ones."""

import json
import zlib
from typing import Any

from coursekit.course_folder import COURSE
from coursekit.grading import identify, notebook_file, official
from coursekit.grading.types import Attempt, Submission

LEARNER = COURSE / "notebooks"
SOLVED = LEARNER / "solutions"
NAME = "01_diffusion"
Notebook = dict[str, Any]


def learner(name: str = NAME) -> Notebook:
    """A notebook as it is handed out; a copy of one's own."""
    found: Notebook = json.loads((LEARNER / f"{name}.ipynb").read_bytes())
    return found


def solved(name: str = NAME) -> Notebook:
    """The same with the solutions."""
    found: Notebook = json.loads((SOLVED / f"{name}.ipynb").read_bytes())
    return found


def cell(notebook: Notebook, cell_id: str = "ex-01-4") -> dict[str, Any]:
    """The cell of that id. "01.4" is the cell of that exercise."""
    if cell_id[0].isdigit():
        cell_id = f"ex-{cell_id.replace('.', '-')}"
    found: dict[str, Any] = next(
        each for each in notebook["cells"] if each.get("id") == cell_id
    )
    return found


def text(notebook: Notebook, cell_id: str = "ex-01-4") -> str:
    """The source of a cell."""
    return "".join(cell(notebook, cell_id)["source"])


def put(notebook: Notebook, source: Any, cell_id: str = "ex-01-4") -> None:
    """Give a cell another source; a text is stored as Jupyter does."""
    cell(notebook, cell_id)["source"] = _stored(source)


def code(source: Any = "", **more: Any) -> dict[str, Any]:
    """A new code cell, with an id of its own."""
    number = zlib.crc32(repr(source).encode())
    made = {"cell_type": "code", "id": f"new-{number}", "metadata": {}}
    made |= {"source": _stored(source), "execution_count": None, "outputs": []}
    return made | more


def claimed(about: Any, source: Any = "x", **more: Any) -> dict[str, Any]:
    """A code cell with metadata of the course's own, `{"id": "01.4"}`."""
    return code(source, metadata={"coursekit": about}, **more)


def notebook(*cells: Any, **top: Any) -> Notebook:
    """A notebook of these cells."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, **top}


def read(
    made: Notebook | bytes, student: str = "alice", origin: str = "x/alice.ipynb"
) -> Submission:
    """What the grader's reader makes of a notebook or of a file."""
    data = made if isinstance(made, bytes) else json.dumps(made).encode()
    return notebook_file.read(data, student, origin)


def attempts(submission: Submission, name: str = NAME) -> list[Attempt]:
    """The attempts at every task of a notebook."""
    return identify.attempts(official.load(name), submission)


def _stored(source: Any) -> Any:
    return source.splitlines(keepends=True) if isinstance(source, str) else source
