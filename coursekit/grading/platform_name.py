"""What a learning platform writes into the names of a download: who, late, when.

The outermost name that fits counts, since what lies within it was named by a student.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from coursekit.grading.report_clean import plain

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WHEN = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[ T_-]?(\d\d)[:.-]?(\d\d)", re.ASCII)
_PATTERNS = {
    kind: re.compile(pattern, re.DOTALL)
    for kind, pattern in {
        "moodle": r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_.*)?",
        "canvas": r"(?:(?P<name>[^\W_]+)_)?(?P<late>LATE_)?(?P<id>\d{2,}|anon_\w{4,8}?)"
        r"(?:-\d+)?_(?:(?P<file>\d{3,})_.+|(?:text|link)\.html)",
        "blackboard": r".*_(?P<id>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:\D.*)?",
        "brightspace": r"(?:(?P<id>\d+)-\d+ - )?(?P<name>.+?) - "
        rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.? "
        r"(?P<day>\d{1,2}),? (?P<year>\d{4}) (?P<hour>\d{1,2})[:.]?"
        r"(?P<minute>\d\d) ?(?P<half>[AP]M)?(?: - .*)?",
        "sakai": r"(?P<name>[^()]+,[^()]+)\((?P<id>[^()\s]+)\)(?:_Submission att.*)?",
    }.items()
}
_TEAMS = ("submitted files", "working files")


@dataclass(frozen=True)
class Whose:
    """Whose a file is. by: a platform, "folder", "file", or "" where nothing tells."""

    name: str
    id: str = ""
    email: str = ""
    late: bool = False
    when: str = ""
    by: str = ""


NOBODY = Whose("")


def told(
    parts: Sequence[str], known: Mapping[tuple[str, ...], Whose]
) -> tuple[Whose, int]:
    """What the folders above a file and its own name tell, and which of them does.

    known: what Gradescope's list says of the folders beside it.
    """
    for place, part in enumerate(parts):
        inner = parts[place + 1 :]
        if part.lower() in _TEAMS and len(inner) > 1:
            whose = Whose(plain(inner[0]), by="teams")
        elif part.lower() == "submitted" and len(inner) == 3:
            whose = Whose(plain(inner[0]), plain(inner[0]), by="nbgrader")
        else:
            whose = known.get(tuple(parts[: place + 1])) or _fits(part)
        if whose.name:
            return whose, place
    return NOBODY, 0


@lru_cache(maxsize=10_000)
def _fits(part: str) -> Whose:
    line = plain(part)
    for kind, pattern in _PATTERNS.items():
        found = pattern.fullmatch(line)
        if found and (whose := _whose(kind, found.groupdict(""))) is not NOBODY:
            return whose
    return NOBODY


def _whose(kind: str, said: dict[str, str]) -> Whose:
    person, name = said["id"], plain(said.get("name", "") or said["id"])
    when = minutes(said.get("when", ""))
    if kind == "canvas" and not person.startswith("anon_"):
        dated = minutes(f"{person}{said['file']}")  # alice_20240105_101112_01.ipynb
        if dated or name != name.lower() or name.isdigit():
            return NOBODY
    elif kind == "moodle":
        name = re.sub(
            r"^(?:gr(?:ou|u)pp?e?|team)\W*\w{1,3}-(?=.)", "", name, flags=re.I
        )
        name = name.replace("_", " ")
        if name == "Participant":  # marked blind
            name = f"{name} {person}"
    elif kind == "brightspace":
        month, hour = _MONTHS.index(said["month"]) + 1, int(said["hour"])
        if said["half"]:
            hour = hour % 12 + 12 * (said["half"] == "PM")
        day = f"{said['year']}-{month:02}-{int(said['day']):02}"
        when = minutes(f"{day}T{hour:02}:{said['minute']}")
    return Whose(name, person, "", bool(said.get("late")), when, kind)


def minutes(text: str) -> str:
    """The first date and time in a text as "2026-11-30T17:40", or ""."""
    found = _WHEN.search(text[:1000])
    if not found:
        return ""
    year, month, day, hour, minute = map(int, found.groups())
    right = 1980 < year < 2200 and 0 < month < 13 and 0 < day < 32
    if not right or hour > 23 or minute > 59:
        return ""
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}"


def gradescope(text: str) -> dict[str, Whose]:
    """The folders that submission_metadata.yml names, and whose each of them is."""
    found: dict[str, dict[str, list[str]]] = {}
    values: dict[str, list[str]] = {}
    for line in text.splitlines()[:200_000]:
        if head := re.fullmatch(r"['\"]?([^\s:'\"][^:'\"]*)['\"]?:\s*", line):
            values = found.setdefault(head[1], {})
        elif pair := re.fullmatch(r"(?:  |- |  - |    ):(\w+): *(.+?)\s*", line):
            values.setdefault(pair[1], []).append(pair[2].strip("'\""))
    return {
        folder: Whose(
            plain(", ".join(values["name"])),
            plain(values.get("sid", [""])[0]),
            plain(values.get("email", [""])[0]),
            when=minutes(values.get("created_at", [""])[0]),
            by="gradescope",
        )
        for folder, values in found.items()
        if values.get("name")
    }
