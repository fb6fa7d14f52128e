"""The trusted side of grading: the learner's notebooks as the weave made them.

Ids and points come from the metadata of the exercise cells, kinds and names from the
registry, which holds no solutions. A submission is only ever compared with these.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.course_folder import COURSE
from coursekit.grading.types import Official, OfficialCell, Task
from coursekit.sources.lectures import lectures
from coursekit.sources.report import Report
from coursekit.weave.cell_text import answer_name
from coursekit.weave.command import build
from coursekit.weave.project import Project

KINDS = ("setup", "given", "exercise", "check")


class NotebookMissing(Exception):
    """There is no such official notebook, or it is not what the weave writes."""


def folder() -> Path:
    """Where the official notebooks are: beside the package, in the course's folder."""
    return COURSE / "notebooks"


def available() -> tuple[str, ...]:
    """The names of the official notebooks, such as "01_diffusion", in order."""
    return tuple(source.name for source in lectures())


def woven(name: str) -> str:
    """The learner's notebook as its source gives it.

    Not the file beside it: that is where learners work, and instructors too.
    """
    project, report = Project.here(), Report()
    (source,) = (each for each in project.sources() if each.name == name)
    built = build(project, [source], report)
    if report.problems:
        raise NotebookMissing(f"{name} cannot be woven. Run: coursekit weave")
    return built[project.target(name, "learner")].decode("utf-8")


@cache
def load(name: str) -> Official:
    """One official notebook.

    Raises NotebookMissing, with one line that lists the names there are, for another
    name; a name is looked up in that list and never becomes a path.
    """
    if name not in available():
        listed = ", ".join(available()) or f"none in {folder()}"
        raise NotebookMissing(f"no official notebook {name!r}; there are: {listed}")
    notebook: dict[str, Any] = json.loads(woven(name))
    about = notebook["metadata"]["coursekit"]
    if about["role"] != "learner":
        raise NotebookMissing(f"notebooks/{name}.ipynb is not the learner's version")
    cells, tasks = [], []
    for raw in notebook["cells"]:
        if raw["cell_type"] != "code":
            continue
        info = raw["metadata"].get("coursekit", {})
        kind = info.get("kind", "")
        cell = OfficialCell(
            id=raw["id"],
            kind=kind if kind in KINDS else "",
            exercise=info.get("id", ""),
            source="".join(raw["source"]),
        )
        cells.append(cell)
        if cell.kind == "exercise":
            tasks.append(_task(cell, info))
    return Official(name, about["version"], tuple(cells), tuple(tasks))


def _task(cell: OfficialCell, info: dict[str, Any]) -> Task:
    try:
        entry = by_id(cell.exercise)
    except KeyError as error:
        raise NotebookMissing(str(error.args[0])) from None
    name, symbol = answer_name(entry.id), ""
    if isinstance(entry, Exercise):
        name, symbol = entry.name, entry.symbol
    return Task(
        id=entry.id,
        kind=entry.kind,
        name=name,
        title=entry.title or _headline(cell.source, entry.id),
        points=float(info.get("points", 0)),
        stub=cell.source,
        symbol=symbol,
    )


def _headline(stub: str, fallback: str) -> str:
    """The first line of the stub's docstring, for an exercise without a title."""
    _, _, rest = stub.partition('"""')
    return rest.partition("\n")[0].strip('". ') or fallback
