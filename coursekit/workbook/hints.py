"""Hints, minutes and points, read from the notebook sources."""

import re
from collections.abc import Iterator
from pathlib import Path

_SOURCES = Path(__file__).resolve().parents[2] / "notebooks" / "source"
_FENCE = re.compile(r"^(`{3,})\{(\w+)\}\s*(\S*)(.*)$")


def fences(folder: Path | None = None) -> Iterator[tuple[str, str, str, str]]:
    """Every `{kind}` fence of the sources: (kind, id, rest of the line, body)."""
    for path in sorted((folder or _SOURCES).glob("*.md")):
        opening: re.Match[str] | None = None
        body: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if opening is None:
                opening, body = _FENCE.match(line), []
            elif line.strip() == opening[1]:
                yield opening[2], opening[3], opening[4], "\n".join(body)
                opening = None
            else:
                body.append(line)


def ladder(exercise_id: str, folder: Path | None = None) -> list[str]:
    """The hints of an exercise, in the order of the source."""
    return [
        body.strip()
        for kind, found, _, body in fences(folder)
        if kind == "hint" and found == exercise_id
    ]


def headers(folder: Path | None = None) -> dict[str, dict[str, int]]:
    """Exercise id -> the numbers of its fence: minutes, difficulty, points."""
    return {
        found: {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)\b", rest)}
        for kind, found, rest, _ in fences(folder)
        if kind in ("exercise", "paper")
    }
