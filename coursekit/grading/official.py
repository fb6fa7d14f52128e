"""The trusted side of grading: the learner's notebooks as the weave made them.

Ids and points come from the metadata of the exercise cells, kinds and names from the
registry, which holds no solutions. A submission is only ever compared with these.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.grading.types import Official, OfficialCell, Task
from coursekit.sources.lectures import lectures
from coursekit.sources.report import Report
from coursekit.weave.cell_text import answer_name
from coursekit.weave.command import build
from coursekit.weave.project import Project


class NotebookMissing(Exception):
    """There is no such official notebook, or its source cannot be woven."""


@cache
def available() -> tuple[str, ...]:
    """The names of the official notebooks, such as "01_diffusion", in order."""
    return tuple(source.name for source in lectures())


def woven(project: Project, names: Sequence[str]) -> dict[str, bytes]:
    """The learners' notebooks as their sources give them.

    Not the files beside them: there learners work, and instructors too.
    """
    report = Report()
    sources = [source for source in project.sources() if source.name in names]
    built = build(project, sources, report)
    if report:
        raise NotebookMissing(f"the notebooks do not weave:\n{report}")
    return {each.name: built[project.target(each.name, "learner")] for each in sources}


@cache
def load(name: str) -> Official:
    """One official notebook.

    Raises NotebookMissing, with one line that lists the names there are, for another
    name; a name is looked up in that list and never becomes a path.
    """
    if name not in available():
        listed = ", ".join(available())
        raise NotebookMissing(f"no official notebook {name!r}; there are: {listed}")
    notebook = json.loads(woven(Project.here(), [name])[name])
    cells, tasks = [], []
    for raw in notebook["cells"]:
        if raw["cell_type"] != "code":
            continue
        info = raw["metadata"].get("coursekit", {})
        cell = OfficialCell(
            id=raw["id"],
            kind=info.get("kind", ""),
            exercise=info.get("id", ""),
            source="".join(raw["source"]),
        )
        cells.append(cell)
        if cell.kind == "exercise":
            tasks.append(_task(cell, info))
    version = notebook["metadata"]["coursekit"]["version"]
    return Official(name, version, tuple(cells), tuple(tasks))


def _task(cell: OfficialCell, info: dict[str, Any]) -> Task:
    entry = by_id(cell.exercise)
    name, symbol = answer_name(entry.id), ""
    if isinstance(entry, Exercise):
        name, symbol = entry.name, entry.symbol
    return Task(
        id=entry.id,
        kind=entry.kind,
        name=name,
        title=entry.title or name,
        points=float(info["points"]),
        stub=cell.source,
        symbol=symbol,
    )
