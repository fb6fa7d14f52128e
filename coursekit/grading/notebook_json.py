"""From the bytes of a submitted file to JSON, or to one sentence that says why not.

Students hand in what their tools left behind: other encodings, half a file, conflict
marks, a web page. Whatever has only one reading is read; the rest is explained.
"""

import json
import re
from typing import Any

LARGEST_FILE = 20 * 2**20
MOST_PARTS = 1_000_000  # lists and objects; each costs memory that its text does not
AGAIN = "Open it in Jupyter, save it and hand it in again."

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\x80\x04", "a pickle, which is never opened"),
    (b"\x80\x05", "a pickle, which is never opened"),
    (b"version https://git-lfs", "a Git LFS pointer, without the notebook itself"),
)


class Unreadable(Exception):
    """The file is no notebook; the message is a sentence for its student."""


def load(data: bytes) -> tuple[Any, list[str]]:
    """The JSON value in a file, and notes on what had to be overlooked.

    Raises Unreadable, and nothing else that a file could bring about.
    """
    if len(data) > LARGEST_FILE:
        raise Unreadable(
            f"The file is larger than {LARGEST_FILE // 2**20} MB. Clear the outputs of "
            "all cells, save and hand it in again."
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise Unreadable(f"The file is empty. {AGAIN}")
    notes: list[str] = []
    text = _decode(data, notes)
    return _parse(text.strip("\x00\ufeff \t\r\n"), notes), notes


def _decode(data: bytes, notes: list[str]) -> str:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Unreadable(f"This is {what}, not a notebook (.ipynb). {AGAIN}")
    encoding: str = json.detect_encoding(data[:16])
    if not encoding.startswith("utf-8"):
        name = encoding[:6].upper()
        notes.append(f"The file is in {name}; notebooks are UTF-8. It was read anyway.")
        return data.decode(encoding, errors="replace")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        notes.append(
            "The file is not UTF-8, so letters with accents may be wrong in it. It was "
            "read anyway."
        )
        return data.decode("cp1252", errors="replace")


def _parse(text: str, notes: list[str]) -> Any:
    if text.count("{") + text.count("[") > MOST_PARTS:
        raise Unreadable(
            "The file has more parts than any notebook needs. Clear the outputs of all "
            "cells, save and hand it in again."
        )
    try:
        try:
            return _loads(text, notes, strict=True)
        except json.JSONDecodeError:
            value = _loads(text, notes, strict=False)
            notes.append("The file has raw control characters in it; they were kept.")
            return value
    except json.JSONDecodeError as error:
        raise Unreadable(_why(text, error)) from None
    except RecursionError:
        raise Unreadable(
            f"Its JSON is nested too deeply to be a notebook. {AGAIN}"
        ) from None


def _loads(text: str, notes: list[str], strict: bool) -> Any:
    found: dict[str, str] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(items)
        if len(value) < len(items):
            found["twice"] = "An entry stands twice in the file; the last one counts."
        return value

    def constant(name: str) -> None:
        found["nan"] = f"The file holds {name[:9]}, which is not JSON. It was ignored."

    value = json.loads(
        text,
        object_pairs_hook=pairs,
        parse_constant=constant,
        parse_int=float,  # an int of 5,000 digits would raise
        strict=strict,
    )
    notes.extend(found.values())
    return value


def _why(text: str, error: json.JSONDecodeError) -> str:
    """What has most likely happened to a file that is not JSON."""
    conflict = re.search(r"^(<{7}|>{7}|={7}|\|{7})( |$)", text, re.MULTILINE)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return (
            f"The file holds marks of an unsettled merge conflict, first in line "
            f"{line}. Settle it in Git, run the notebook once and hand it in again."
        )
    start = text[:400].lower()
    if start.startswith("<"):
        return (
            "This is a web page, not a notebook. Download the notebook itself: File > "
            "Download in Jupyter, File > Download > .ipynb in Colab."
        )
    if not start.startswith(("{", "[")):
        return (
            "This is plain text, not a notebook (.ipynb): a notebook saved by Jupyter "
            f"starts with a brace. {AGAIN}"
        )
    if error.pos >= len(text) or error.msg.startswith("Unterminated string"):
        where = f"in line {error.lineno}"
        return f"The file breaks off {where}: its end is missing. {AGAIN}"
    if error.msg == "Extra data":
        return (
            f"After the end of the notebook more text follows, in line {error.lineno}: "
            f"two files in one? {AGAIN}"
        )
    return (
        f"The file is damaged in line {error.lineno}, column {error.colno} (it is not "
        f"JSON: {error.msg}). {AGAIN}"
    )
