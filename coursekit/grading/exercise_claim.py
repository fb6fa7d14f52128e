"""Which exercise a cell says it answers: metadata, then cell id, then first line.

Metadata and ids get lost on the way through Colab, copy and paste or jupytext; the line
`# exercise 01.4` at the top of the code survives all of them.
"""

import re

from coursekit.grading.types import Cell

_CELL_ID = re.compile(r"ex-(\d\d[a-z]?)-(\d{1,3})", re.ASCII)
_MARKER = re.compile(r"#\s*exercise\s*:?\s*(\d\d[a-z]?\.\d{1,3})\b", re.ASCII | re.I)
_SKIPPED = re.compile(r"\s*($|#|%|```|import\b|from\b)")


def claim(cell: Cell) -> str:
    """The id of the exercise that a cell claims, such as "01.4", or ""."""
    if cell.exercise:
        return cell.exercise
    by_id = _CELL_ID.fullmatch(cell.id)
    if by_id:
        return f"{by_id[1]}.{by_id[2]}"
    return marker(cell.source)


def marker(source: str) -> str:
    """The exercise named in the comment that heads a piece of code, or "".

    Imports, other comments and magics may stand above it; code may not. A headline such
    as "#### Exercise 01.4" is none: it stands above every exercise.
    """
    for line in source.split("\n", 50)[:50]:
        line = line.strip()[:200]
        found = _MARKER.match(line)
        if found:
            return found[1]
        if not _SKIPPED.match(line):
            return ""
    return ""
