"""A submitted notebook, read as data by a reader that never raises.

Jupyter's own reader rejects a whole file for one bad cell. Here each cell stands for
itself: what is wrong with one becomes a note, and only a file without any cells at all
becomes a problem. Nothing but the sources of cells is kept; outputs, tags, kernels and
all else that a student could have written there are dropped.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from coursekit.grading import notebook_json, notebook_name
from coursekit.grading.exercise_claim import claim
from coursekit.grading.notebook_json import Unreadable
from coursekit.grading.types import Cell, Submission

MOST_CELLS = 3000  # with answers, and as many without
MOST_RAW_CELLS = 30_000
LONGEST_CELL = 100_000  # characters
LONGEST_CODE = 1_000_000  # characters of code in them
LEAST_LINE = 50  # characters that a line counts for, since reading it takes time
MOST_NOTES = 30
SOLUTION = "This began as a copy of the course's solutions."

_KINDS = ("code", "markdown", "raw")
_EXERCISE_ID = re.compile(r"\d\d[a-z]?\.\d{1,3}", re.ASCII)
_DEFINES = re.compile(
    r"^(?:def|class|async def|import|from|@|answer_\d)", re.MULTILINE | re.ASCII
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read(data: bytes, student: str, origin: str) -> Submission:
    """One submitted file. Never raises: what is wrong is said in problem or notes."""
    try:
        return _read(data, student, origin)
    except Unreadable as error:
        return Submission(student, origin, problem=str(error))
    except (Exception, RecursionError, MemoryError) as error:
        # No file is known that comes here; one that does must not stop the class.
        problem = f"The file cannot be read ({type(error).__name__}). Send it again."
        return Submission(student, origin, problem=problem)


def _read(data: bytes, student: str, origin: str) -> Submission:
    value, notes = notebook_json.load(data)
    notebook = _notebook(value)
    about = notebook.get("metadata")
    _format_notes(notebook, notes)
    raw_cells = _raw_cells(notebook)
    if not raw_cells:
        notes.append("The notebook has no cells.")
    found = [_cell(n, raw, notes) for n, raw in enumerate(raw_cells[:MOST_RAW_CELLS])]
    every = [cell for cell in found if cell is not None]
    cells = _within(_within(every, MOST_CELLS, lambda cell: 1), LONGEST_CODE, _length)
    if len(cells) < len(every):
        notes.append(
            f"The notebook is very long ({len(raw_cells):,} cells): its exercises are "
            f"read, and {len(every) - len(cells):,} other cells are left out."
        )
    counts = Counter(cell.id for cell in cells if cell.id)
    twice = [each for each, count in counts.items() if count > 1]
    if twice:
        listed = ", ".join(each[:40] for each in twice[:5])
        more = ", and others" if len(twice) > 5 else ""
        notes.append(f"Cell ids stand more than once: {listed}{more}.")
    if cells and not any(cell.kind == "code" for cell in cells):
        notes.append("The notebook has no code cells.")
    name = notebook_name.of(about, cells, origin, notes)
    if _object(_object(about).get("coursekit")).get("role") == "solution":
        notes.insert(0, SOLUTION)
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [f"And {len(notes) - MOST_NOTES} notes more."]
    return Submission(student, origin, tuple(cells), tuple(notes), notebook=name)


def _within(
    cells: Sequence[Cell], most: int, size: Callable[[Cell], int]
) -> list[Cell]:
    """Those that fit into a budget, in their order.

    Answers have a budget of their own, as large as that of all the rest. Of the rest,
    cells that define something come before scratch; within a kind the later ones come
    first, since the last answer counts.
    """
    left = {True: most, False: most}
    kept: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: (_scratch(cell), -cell.index)):
        answers = bool(claim(cell))
        left[answers] -= size(cell)
        if left[answers] >= 0:
            kept.append(cell)
    return sorted(kept, key=lambda cell: cell.index)


def _scratch(cell: Cell) -> bool:
    return cell.kind != "code" or not _DEFINES.search(cell.source)


def _length(cell: Cell) -> int:
    if cell.kind != "code":
        return 0
    return max(len(cell.source), LEAST_LINE * cell.source.count("\n"))


def _notebook(value: Any) -> dict[str, Any]:
    """The object that holds the cells. Raises Unreadable."""
    if isinstance(value, dict) and isinstance(value.get("content"), dict):
        value = value["content"]  # what Jupyter's own web interface hands out
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", type(None): "empty"}.get(type(value))
        raise Unreadable(
            f"The file is JSON, but {kind or 'a number'}, not a notebook. "
            f"{notebook_json.AGAIN}"
        )
    if "cells" not in value and "worksheets" not in value:
        raise Unreadable(
            f"The file is JSON, but it has no cells: it is not a notebook. "
            f"{notebook_json.AGAIN}"
        )
    return value


def _object(value: Any) -> dict[str, Any]:
    """An object of the file; an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def _raw_cells(notebook: dict[str, Any]) -> list[Any]:
    """Cells in their order, also those of worksheets. Raises Unreadable."""
    if "cells" in notebook:
        groups = [notebook["cells"]]
    else:
        sheets = notebook["worksheets"]
        sheets = sheets if isinstance(sheets, list) else [sheets]
        groups = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    if not groups or any(not isinstance(group, list) for group in groups):
        raise Unreadable(
            "The notebook's cells are not a list, so none can be read. "
            f"{notebook_json.AGAIN}"
        )
    return [raw for group in groups for raw in group]


def _format_notes(notebook: dict[str, Any], notes: list[str]) -> None:
    found = notebook.get("nbformat")
    if found != 4:
        old = isinstance(found, float) and found < 4
        what = (
            f"nbformat {found:g}" if isinstance(found, float) else "an unknown format"
        )
        kind = "an old format" if old else "not the format of the course"
        notes.append(f"The notebook is in {kind} ({what}). It was read anyway.")


def _cell(index: int, raw: Any, notes: list[str]) -> Cell | None:
    """One cell, as well as it can be read; None when it is none at all."""
    place = f"Cell {index + 1}"
    if not isinstance(raw, dict):
        notes.append(f"{place} is not a cell; it is left out.")
        return None
    about = _object(raw.get("metadata"))
    kind = _kind(raw, about)
    cell_id = raw.get("id") or about.get("id")  # Colab moves the id to the metadata
    cell_id = cell_id if isinstance(cell_id, str) and len(cell_id) <= 64 else ""
    exercise = _exercise(about)
    if exercise:
        place += f" (exercise {exercise})"
    source = _source(raw, place, notes)
    if len(source) > LONGEST_CELL:
        if kind == "code" or exercise:  # a picture inside Markdown is no mistake
            notes.append(
                f"{place} has more than {LONGEST_CELL:,} characters; it is left out."
            )
        source = ""
    return Cell(index, kind, _clean(cell_id), exercise, source)


def _kind(raw: dict[str, Any], about: dict[str, Any]) -> str:
    kind = raw.get("cell_type")
    kind = kind.lower() if isinstance(kind, str) else ""
    if kind in _KINDS:
        return kind
    if kind == "heading":
        return "markdown"
    if _object(about.get("vscode")).get("languageId") == "markdown":
        return "markdown"
    ran = {"outputs", "execution_count", "input"} & raw.keys()
    return "code" if ran else "raw"


def _exercise(about: dict[str, Any]) -> str:
    """The exercise that the metadata of a cell claims; headers and hints claim none."""
    info = _object(about.get("coursekit"))
    claimed = info.get("id")
    if info.get("kind", "exercise") != "exercise" or not isinstance(claimed, str):
        return ""
    return claimed if _EXERCISE_ID.fullmatch(claimed) else ""


def _source(raw: dict[str, Any], place: str, notes: list[str]) -> str:
    """The text of a cell, with plain line ends and only characters that can be sent."""
    value = raw.get("source", raw.get("input", ""))
    if isinstance(value, list):
        lines = [line for line in value if isinstance(line, str)]
        if len(lines) < len(value):
            notes.append(f"{place} has lines that are not text; they are left out.")
        value = "".join(lines)
    if not isinstance(value, str):
        notes.append(f"{place} has no text in its source; it counts as empty.")
        return ""
    clean = _clean(value)
    if clean != value:
        notes.append(f"{place} held broken characters; they were replaced.")
    return clean.replace("\r\n", "\n").replace("\r", "\n")


def _clean(text: str) -> str:
    """Without NUL, which no Python source may hold, and without halves of characters.

    Two halves that belong together, as some tools write an emoji, become one.
    """
    text = text.removeprefix("\ufeff").replace("\x00", "")
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
