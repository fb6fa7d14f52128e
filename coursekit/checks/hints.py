"""Hints, minutes and points, read from the notebook sources."""

import re
from collections.abc import Iterator
from pathlib import Path

from coursekit.sources.lectures import ROOT, lectures

_FENCE = re.compile(r"^(`{3,})\{(\w+)\}\s*(\S*)(.*)$")


def fences(root: Path = ROOT) -> Iterator[tuple[str, str, str, str]]:
    """Every `{kind}` fence of the sources: (kind, id, rest of the line, body)."""
    for source in lectures(root):
        opening: re.Match[str] | None = None
        body: list[str] = []
        for line in source.text().splitlines():
            if opening is None:
                opening, body = _FENCE.match(line), []
            elif line.strip() == opening[1]:
                yield opening[2], opening[3], opening[4], "\n".join(body)
                opening = None
            else:
                body.append(line)


def ladder(exercise_id: str, root: Path = ROOT) -> list[str]:
    """The hints of an exercise, in the order of the source."""
    return [
        body.strip()
        for kind, found, _, body in fences(root)
        if kind == "hint" and found == exercise_id
    ]


def headers(root: Path = ROOT) -> dict[str, dict[str, int]]:
    """Exercise id -> the numbers of its fence: minutes, difficulty, points."""
    return {
        found: {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)\b", rest)}
        for kind, found, rest, _ in fences(root)
        if kind in ("exercise", "paper")
    }
