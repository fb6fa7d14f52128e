"""Hints, minutes and points, read from the notebook sources."""

import re
from collections.abc import Iterator
from pathlib import Path

from coursekit.sources.lectures import ROOT, lectures
from coursekit.sources.parser import Fence, fences


def ladder(exercise_id: str, root: Path = ROOT) -> list[str]:
    """The hints of an exercise, in the order of the source."""
    return [
        fence.body.strip()
        for fence in _all(root)
        if fence.kind == "hint" and fence.args == (exercise_id,)
    ]


def headers(root: Path = ROOT) -> dict[str, dict[str, int]]:
    """Exercise id -> the numbers of its fence: minutes, difficulty, points."""
    return {
        fence.args[0]: {
            name: int(text)
            for name, text in fence.options.items()
            if re.fullmatch(r"\d+", text)
        }
        for fence in _all(root)
        if fence.kind in ("exercise", "question") and fence.args
    }


def _all(root: Path) -> Iterator[Fence]:
    for source in lectures(root):
        yield from fences(source.text())
