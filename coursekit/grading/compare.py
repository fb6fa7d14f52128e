"""What has changed since an earlier report: `coursekit grade --compare OLD`."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from coursekit.grading.report_clean import fold, name, number, plain
from coursekit.grading.report_tally import order, words

Renamed = Callable[[Mapping[str, Any]], str]


def read(folder: Path) -> list[Any]:
    """The students of an earlier class.json. ValueError says what is wrong."""
    path = folder / "class.json"
    try:
        students = list(json.loads(path.read_bytes())["students"])
        dict(_rows(students, _same))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"--compare: {path} is no class report of today") from None
    return students


def changes(
    before: list[Any], now: list[Any], renamed: Renamed | None = None
) -> list[str]:
    """A line for each change, by student and exercise.

    renamed: the number that stands for a student of the earlier report.
    """
    old, new = dict(_rows(before, renamed or _same)), dict(_rows(now, _same))
    lines = []
    for who in sorted(old.keys() | new.keys()):
        student, was = old.get(who, ("", {}))
        student, is_ = new.get(who, (student, {}))
        for item in sorted(was.keys() | is_.keys(), key=order):
            pair = was.get(item, "not there"), is_.get(item, "not there")
            if pair[0] != pair[1]:
                cells = f"{name(student):<24} {plain(item, 30):<22} "
                lines.append(f"{cells}{pair[0]:<22} -> {pair[1]}")
    return lines or ["Nothing has changed."]


def _same(_: Mapping[str, Any]) -> str:
    return ""


def _rows(
    students: list[Any], renamed: Renamed
) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    for each in students:
        student = renamed(each) or str(each["student"])
        known = "" if renamed(each) else each["id"] or each["email"]
        full = number(each["possible"])
        items = {"sum": f"{number(each['points'])} of {full}"}
        for notebook, entry in each["notebooks"].items():
            late = ", late" if entry["late"] else ""
            earned = "excused" if entry["excused"] else number(entry["points"])
            items[notebook] = earned + late
            for key, grade in entry["exercises"].items():
                state = words(grade["state"])
                items[key] = f"{number(grade['points'])} {state}"
        yield fold(str(known or student)), (student, items)
