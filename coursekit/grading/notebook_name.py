"""Which of the official notebooks a submission is.

By what its metadata says, else by the exercises that most of its cells claim, else by
the functions that it defines, else by its file name.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from coursekit.grading import official
from coursekit.grading.exercise_claim import claim
from coursekit.grading.types import Cell

FOREIGN = (
    "This is none of the course's notebooks: no cell of it belongs to an exercise. "
    "Hand in the notebook that you were given, with your answers in it."
)
_SOURCE = re.compile(r"(?:.*[/\\])?(\d\d[a-z]?_[a-z0-9_]+)(?:\.md|\.ipynb)?", re.ASCII)
_DEFINES = re.compile(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=", re.MULTILINE)


def of(about: Any, cells: Sequence[Cell], origin: str, notes: list[str]) -> str:
    """The name of the notebook, or "" after a note that it cannot be told."""
    names = official.available()
    named = _from_metadata(about, names)
    claims = Counter(claim(cell).partition(".")[0] for cell in cells)
    claimed = Counter({name: claims[name.partition("_")[0]] for name in names})
    if named and (claimed[named] or not claimed.total()):
        _compare_versions(about, named, notes)
        return named
    found = _most(claimed) or _most(_defined(cells, names)) or _from_file(origin, names)
    if not found:
        notes.append(
            "It cannot be told which notebook of the course this is: no cell of it "
            "names an exercise."
        )
    return found


def _from_metadata(about: Any, names: Sequence[str]) -> str:
    info = about.get("coursekit") if isinstance(about, dict) else None
    source = info.get("source") if isinstance(info, dict) else None
    if not isinstance(source, str) or len(source) > 300:
        return ""
    found = _SOURCE.fullmatch(source)
    return found[1] if found and found[1] in names else ""


def _compare_versions(about: Any, name: str, notes: list[str]) -> None:
    """An old copy explains much, so the instructor should know of it."""
    theirs = about["coursekit"].get("version")
    ours = official.load(name).version
    if isinstance(theirs, str) and len(theirs) < 20 and theirs != ours:
        notes.append(f"This copy is of version {theirs}; the course is at {ours}.")


def _most(votes: Counter[str]) -> str:
    return next((name for name, count in votes.most_common(1) if count), "")


def _defined(cells: Sequence[Cell], names: Sequence[str]) -> Counter[str]:
    """How many functions and answers of each notebook the cells define."""
    made = {
        first or second
        for cell in cells
        if cell.kind == "code"
        for first, second in _DEFINES.findall(cell.source)
    }
    return Counter(
        {n: sum(task.name in made for task in official.load(n).tasks) for n in names}
    )


def _from_file(origin: str, names: Sequence[str]) -> str:
    tail = re.split(r"[/\\]|: ", origin)[-1]
    found = [name for name in names if name in tail]
    return found[0] if len(found) == 1 else ""
