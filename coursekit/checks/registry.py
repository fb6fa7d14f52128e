"""The registry of exercises: every id of every notebook, without importing torch.

It is read from the fences of the notebooks' sources, so that each number, title and
question is written down once.
"""

from collections.abc import Iterable
from functools import cache

from coursekit.checks.questions import read_question
from coursekit.checks.spec import Entry, Exercise
from coursekit.sources.lectures import Source, lectures
from coursekit.sources.parser import Fence, fences

KINDS = ("exercise", "question")


def entry_of(source: Source, fence: Fence) -> Entry:
    """What a fence asks for. ValueError, in a sentence, for one that cannot be read."""
    if fence.kind == "question":
        return read_question(" ".join(fence.args), fence.body)
    exercise_id, symbol = fence.args
    return Exercise(
        exercise_id,
        symbol,
        fence.body.strip(),
        source.package,
        source.path.parent / "mistakes.md",
    )


@cache
def all_exercises() -> tuple[Entry, ...]:
    """Every exercise and paper question, by notebook and number.

    Raises ValueError, with the place, for one that cannot be read or stands twice.
    """
    return tuple(read(lectures()))


def read(sources: Iterable[Source]) -> list[Entry]:
    """The exercises and questions of these notebooks; raises as `all_exercises`."""
    found: dict[str, Entry] = {}
    for source in sources:
        for fence in fences(source.text()):
            if fence.kind not in KINDS:
                continue
            try:
                entry = entry_of(source, fence)
            except ValueError as error:
                place = f"{source.shown}:{fence.line}"
                raise ValueError(f"{place}: {error}") from None
            if entry.id in found:
                raise ValueError(f"two exercises have the id {entry.id}")
            found[entry.id] = entry
    return sorted(found.values(), key=_place)


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
