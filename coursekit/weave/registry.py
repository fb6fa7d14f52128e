"""What the weave asks the exercise registry: the only seam between weave and checks.

The specs hold ids, titles, options and answers as plain data and import no torch, so
reading them is cheap. Tests hand the weave a small registry of their own.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One registered exercise or question, as far as the weave cares.

    kind: code, formula or choice.  symbol: module:name of a code exercise.
    options: letter -> text of a choice.  names: symbols that a formula may use.
    answer: the right answer, as text.
    """

    id: str
    kind: str
    title: str
    symbol: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    answer: str = ""


Registry = Mapping[str, Entry]


def load() -> Registry | None:
    """Every registered exercise by id, or None where no registry is installed."""
    if importlib.util.find_spec("coursekit.workbook.exercises") is None:
        return None
    exercises = importlib.import_module("coursekit.workbook.exercises")
    return {
        each.id: Entry(
            id=each.id,
            kind=each.kind,
            title=each.title,
            symbol=getattr(each, "symbol", ""),
            options=getattr(each, "options", {}),
            names=getattr(each, "names", ()) if each.kind == "formula" else (),
            answer=getattr(each, "answer", ""),
        )
        for each in exercises.all_exercises()
    }


def passed(entry_id: str, name: str = "") -> str:
    """What a check prints when the answer is right; a question has no name."""
    return f"PASS {entry_id} {name}".rstrip() + "\n"
