"""The registry of exercises: every id of every notebook, without importing torch.

To add a lecture, write a module with a tuple `ENTRIES` and name it in `LECTURES`.
"""

import importlib
from functools import cache

from coursekit.checks.spec import Entry, Exercise

LECTURES = ("start", "diffusion", "score", "flow", "latent", "architecture")


@cache
def all_exercises() -> tuple[Entry, ...]:
    """Every exercise and paper question, in the order of the notebooks.

    Raises ValueError when two of them share an id.
    """
    found: dict[str, Entry] = {}
    for lecture in LECTURES:
        for entry in importlib.import_module(f"{__name__}.{lecture}").ENTRIES:
            if entry.id in found:
                raise ValueError(f"two exercises have the id {entry.id}")
            found[entry.id] = entry
    return tuple(sorted(found.values(), key=_place))


def _place(entry: Entry) -> tuple[str, int]:
    notebook, _, number = entry.id.partition(".")
    return notebook, int(number)


def by_id(exercise_id: str) -> Entry:
    """The exercise or paper question with this id, e.g. "01.4".

    Raises KeyError with a line that lists the ids there are.
    """
    table = {entry.id: entry for entry in all_exercises()}
    if exercise_id not in table:
        raise KeyError(f"no exercise {exercise_id!r}; there are {', '.join(table)}")
    return table[exercise_id]


def by_symbol(name: str) -> Exercise:
    """The code exercise for a function name or a full "module:name".

    Raises KeyError when there is none, or when a bare name is not unique.
    """
    found = [e for e in code_exercises() if name in (e.name, e.symbol)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise KeyError(f"no exercise is called {name!r}")
    ids = ", ".join(e.id for e in found)
    raise KeyError(f"several exercises are called {name!r}: {ids}")


def code_exercises() -> tuple[Exercise, ...]:
    """The exercises that are answered with code."""
    return tuple(e for e in all_exercises() if isinstance(e, Exercise))
