"""Untrusted text made harmless to show: one line, no control characters, a limit.

Student names, file names and error messages may contain anything. Every report passes
them through `plain` first and then escapes them for its own format.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable

LONGEST = 400  # characters of one reason or note
LONGEST_NAME = 80
_MOST_MARKS = 4  # accents on one letter; real scripts need at most three
# A terminal's commands: colours and cursor (CSI), titles and links (OSC), and the rest.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x1b\\|\x07|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_JOINERS = "\u200c\u200d"  # Persian and emoji are written with them
_RESERVED = {"con", "prn", "aux", "nul", "clock$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}


def plain(text: object, limit: int = LONGEST) -> str:
    """The text on one line of at most `limit` characters, safe for any terminal.

    Control characters and line ends become spaces; marks that change the direction of
    writing or cannot be seen are left out; half a surrogate pair becomes U+FFFD, and
    a letter with its accents one character, however it was written.
    """
    # Cut first, generously: nobody needs the end of a message of 200 MB.
    raw = unicodedata.normalize("NFC", str(text)[: 20 * limit + 1000])
    kept, marks = [], 0
    for char in _ANSI.sub(" ", raw):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            continue
        if category == "Cc":
            kept.append(" ")
        elif category in ("Cs", "Co", "Cn"):
            kept.append("\ufffd")
        elif category != "Cf" or char in _JOINERS:
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."


def name(text: object) -> str:
    """A name or a file's place, cut in the middle, so that its end still tells."""
    line = plain(text, 10 * LONGEST_NAME)
    if not line.strip(_JOINERS + " "):
        return "(no name)"
    if len(line) <= LONGEST_NAME:
        return line
    return f"{line[: LONGEST_NAME // 2 - 2]}...{line[-(LONGEST_NAME // 2 - 1) :]}"


def file_name(origin: object) -> str:
    """The file's own name. Where the teacher keeps it is not the student's business."""
    return name(re.split(r"[/\\]", plain(origin, 10 * LONGEST_NAME))[-1])


def number(value: float) -> str:
    """Points as people write them: 2, 1.5, 0.33. What is no number counts as 0."""
    value = value if math.isfinite(value) else 0.0
    return f"{value:.2f}".rstrip("0").rstrip(".")


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def folder_names(texts: Iterable[str]) -> list[str]:
    """One folder name for each text: safe on every system, and all different.

    Letters and digits of any script stay; everything else becomes a hyphen. A second
    one of a name has -2 behind it, and so on.
    """
    return distinct(map(_safe, texts), fold, "{}-{}")


def distinct(texts: Iterable[str], form: Callable[[str], str], again: str) -> list[str]:
    """The texts, no two of one form: a second one is written with its number."""
    taken: set[str] = set()
    made = []
    for text in texts:
        candidate, count = text, 1
        while form(candidate) in taken:
            count += 1
            candidate = again.format(text, count)
        taken.add(form(candidate))
        made.append(candidate)
    return made


def fold(text: str) -> str:
    """The form in which names are compared, as by many file systems."""
    return unicodedata.normalize("NFKC", text).casefold()


def bare_words(text: str) -> str:
    """The form in which names of files and people are: all but letters and digits."""
    return " ".join(re.findall(r"[^\W_]+", fold(text))) or fold(text)


def _safe(text: str) -> str:
    kept = "".join(c if c.isalnum() or c in "_." else "-" for c in plain(text, 200))
    kept = re.sub(r"\.\.+|-\.|\.-|--+", "-", kept).strip("-.")
    # A file name has at most 255 bytes, and a path 260 characters on Windows.
    kept = kept.encode()[:60].decode(errors="ignore").strip("-.")
    if kept.partition(".")[0].casefold() in _RESERVED:
        kept = f"_{kept}"
    return kept or "student"
