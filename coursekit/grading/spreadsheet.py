"""CSV files as spreadsheets write and read them."""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit.grading.report_clean import plain

LARGEST = 10 * 2**20  # bytes of a file that is read
# A spreadsheet runs what begins like this; the last four are the wide forms.
_FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")


@dataclass(frozen=True)
class Table:
    """A file's rows by its headings in small letters. mark: what parts its cells."""

    head: list[str]
    rows: list[dict[str, str]]
    mark: str


def read(path: Path, columns: Iterable[str]) -> Table:
    """What an instructor or a platform has written. ValueError says why not.

    columns: the headings that must be there, however written. A cell is as it was
    before `defuse`.
    """
    lines, mark = cells(path)
    head, *rows = lines or [[]]
    keys = [cell.casefold() for cell in head]
    if missing := [each for each in columns if each.casefold() not in keys]:
        raise ValueError(f"{path}: no column {missing[0]!r}; the first row names them")
    whole = ([*map(_fused, row), *[""] * len(keys)] for row in rows)
    return Table(head, [dict(zip(keys, row, strict=False)) for row in whole], mark)


def cells(path: Path) -> tuple[list[list[str]], str]:
    """The rows of a file, and what stands between its cells. ValueError says why not.

    Commas, semicolons or tabs; in every encoding that spreadsheets write.
    """
    try:
        with path.open("rb") as file:
            text = _text(file.read(LARGEST + 1))
        head = text.splitlines()[:5]
        mark = max(",;\t", key=lambda each: _places(each, head))
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        rows = [[cell.strip() for cell in row] for row in lines]
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path} is no CSV file: {error}") from None
    return [row for row in rows if any(row)], mark


def _places(mark: str, lines: Sequence[str]) -> tuple[int, int]:
    """In how many lines it stands, and how often: a comment may be full of commas."""
    return sum(mark in line for line in lines), sum(line.count(mark) for line in lines)


def _text(data: bytes) -> str:
    """The text of a file in UTF-8, in UTF-16 or as Windows writes it."""
    if len(data) > LARGEST:
        raise ValueError(f"more than {LARGEST // 2**20} MB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data[:2]:  # UTF-16 without its mark
        encoding = "utf-16-be" if data[0] == 0 else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\x00" in text or data.startswith((b"PK\x03\x04", b"%PDF")):
        raise ValueError("it is no text. Save it as CSV")
    return re.sub(r"^sep=.\r?\n", "", text)  # Excel's own first line


def number(text: str) -> float:
    """Points as people write them, also "1,5". ValueError for anything else."""
    value = float(text.replace(",", "."))
    if not math.isfinite(value) or value < 0:
        raise ValueError(text)
    return value


def write(
    rows: Iterable[Sequence[str]], mark: str = ",", first: str = "\ufeff"
) -> bytes:
    """A CSV file in which no cell can be taken for a formula.

    The byte order mark makes Excel read UTF-8.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(
        file, quoting=csv.QUOTE_ALL, lineterminator="\r\n", delimiter=mark
    )
    writer.writerows([defuse(cell) for cell in row] for row in rows)
    return (first + file.getvalue()).encode("utf-8")


def defuse(cell: str) -> str:
    """The text of a cell that no spreadsheet takes for a formula."""
    text = plain(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _fused(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
