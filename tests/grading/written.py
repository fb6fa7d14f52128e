"""Pieces of code written as text: a heading, what it is about, the code indented.

    # KIND

    ## NAME: what it tries
        the code

Code above the first heading of a section stands in front of each of its pieces, or
around it: where it says @CODE@. Whatever else stands at the margin is for readers.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """Pieces of one kind. start: the code around each; notes, codes: by name."""

    start: str
    notes: dict[str, str]
    codes: dict[str, str]


def sections(file: str, **places: str) -> dict[str, Section]:
    """The pieces in a file of this folder, by kind. places: @NAME@ -> text."""
    text = (HERE / file).read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        pieces = re.split(r"^## ", part, flags=re.MULTILINE)
        kind, *heads = (piece.partition("\n")[0] for piece in pieces)
        notes = {name: note for name, _, note in (h.partition(": ") for h in heads)}
        start, *codes = (_code(piece, places) for piece in pieces)
        whole = [around(start, code) for code in codes]
        found[kind] = Section(start, notes, dict(zip(notes, whole, strict=True)))
    return found


def around(start: str, code: str) -> str:
    """The code with what stands in front of it, or around it."""
    place = re.search(r"^( *)@CODE@\n", start, re.MULTILINE)
    if place is None:
        return start + code
    return start.replace(place[0], textwrap.indent(code, place[1]))


def _code(piece: str, places: dict[str, str]) -> str:
    lines = [line[4:] for line in piece.splitlines() if line.startswith("    ")]
    code = "".join(f"{line}\n" for line in lines)
    for name, value in places.items():
        code = code.replace(f"@{name}@", value)
    return code
