"""The code of whole notebooks: the submission's, and what the official one gives."""

from collections.abc import Sequence
from functools import cache

from coursekit.grading.cell_budget import by_worth, rank
from coursekit.grading.cell_code import Code, Statement, parse
from coursekit.grading.types import Cell, Official

MOST_STATEMENTS = 20_000  # of all answers together, and of all other cells


def parsed(cells: Sequence[Cell]) -> dict[int, Code]:
    """The code of each code cell, as long as there is a sensible amount of it.

    Answers are counted apart; of the rest, what defines something comes first.
    """
    found: dict[int, Code] = {}
    count = {True: 0, False: 0}
    for cell in by_worth(cells):
        if cell.kind == "code":
            answers = rank(cell) == 0
            code = Code(cell.source, error="the notebook has too many statements")
            if count[answers] < MOST_STATEMENTS:
                code = parse(cell.source)
                count[answers] += len(code.statements)
            found[cell.index] = code
    return dict(sorted(found.items()))


@cache
def given_names(official: Official) -> dict[str, Statement | None]:
    """What every answer's notebook has anyway: given code, and the official imports.

    The names of the set-up cell count too: they are only for the course's check lines.
    """
    found: dict[str, Statement | None] = {}
    for cell in official.cells:
        for each in parse(cell.source).statements:
            given = cell.kind in ("setup", "given") or cell.id == "imports"
            if given or (cell.kind == "exercise" and each.kind == "import"):
                kept = each if each.kind == "def" else None
                found.update(dict.fromkeys(each.binds, kept))
    return found


@cache
def lecture_code(official: Official) -> dict[int, Code]:
    """Lecture code, for answers that use what it made."""
    return {
        index: parse(cell.source)
        for index, cell in enumerate(official.cells)
        if cell.kind == "" and cell.id != "imports"
    }
