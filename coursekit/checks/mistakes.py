"""The known mistakes of a lecture, read from the `mistakes.md` in its folder.

    ## 03.4 cfm_loss

    the network is asked for the noise: its target is the slope eps - x0
        (1 - sigma_min) * eps - x0 => eps

A heading for each exercise. A line at the margin is the message that a learner reads;
the indented lines below are the edits that turn the reference into that wrong version.
Several edits, several lines. Lines indented further continue the new text of an edit,
and an edit without an old text writes the whole body anew.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.checks.edits import Edit, EditError, bare_source, compiled, edited
from coursekit.checks.spec import Exercise, Mistake
from coursekit.sources.modules import Package

_HEADING = re.compile(r"## +(\S+)")


@dataclass
class Written:
    """A mistake as it is written: where, what a learner reads, and the edits."""

    line: int
    exercise: str
    message: str
    edits: list[Edit]


def read(text: str) -> Iterator[Written]:
    """The mistakes of a text, in order."""
    found, exercise = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or line.startswith(("# ", "<!--")):
            continue
        if heading := _HEADING.match(line):
            exercise = heading[1]
        if heading or not line.startswith(" "):
            if found is not None and (heading or found.edits):
                yield found
                found = None
            if heading:
                continue
            if found is None:
                found = Written(number, exercise, stripped, [])
            else:
                found.message += f" {stripped}"
            continue
        found = found or Written(number, exercise, "", [])  # edits without a message
        if line.startswith(" " * 8) and found.edits:
            old, new = found.edits[-1]
            found.edits[-1] = old, f"{new}\n{line[4:]}".strip("\n")
        else:
            old, arrow, new = f" {stripped} ".partition(" => ")
            found.edits.append((old.strip(), new.strip() if arrow else "\0"))
    if found is not None:
        yield found


def problems(
    text: str, symbols: dict[str, str], package: Package
) -> Iterator[tuple[int, str]]:
    """What is wrong with a `mistakes.md`: (line, a sentence). Imports nothing.

    symbols: the exercises of the notebook, id -> symbol.
    """
    known: set[tuple[str, str]] = set()
    for each in read(text):
        if each.exercise not in symbols:
            yield each.line, f"there is no exercise {each.exercise or '(no heading)'}"
        elif not each.message or not each.edits:
            yield each.line, "a mistake is a message and, indented below it, its edits"
        elif any(new == "\0" for _, new in each.edits):
            yield each.line, f"'{each.message}': an edit is written OLD => NEW"
        else:
            symbol = symbols[each.exercise]
            methods = symbol.partition(":")[2].partition(".")[2]
            try:
                source = bare_source(symbol, package)
                made = edited(source, methods, each.edits)
            except EditError as error:
                yield each.line, f"{each.exercise}, '{each.message}': {error}"
                continue
            if made == source or (each.exercise, made) in known:
                yield each.line, f"'{each.message}': its edits change nothing new"
            known.add((each.exercise, made))


@cache
def mistakes_of(exercise: Exercise) -> tuple[Mistake, ...]:
    """The known mistakes of an exercise, compiled.

    Raises EditError, with file and line, for one that does not fit.
    """
    path = exercise.mistakes_file
    made = []
    for each in _written(path):
        if each.exercise != exercise.id:
            continue
        try:
            function = compiled(exercise.symbol, each.edits)
        except EditError as error:
            raise EditError(f"{path.name}:{each.line}: {error}") from None
        name = "; ".join(f"{old} => {new}" for old, new in each.edits)
        made.append(Mistake(name, function, each.message))
    return tuple(made)


@cache
def _written(path: Path) -> tuple[Written, ...]:
    if not path.is_file():
        return ()
    return tuple(read(path.read_text(encoding="utf-8")))
