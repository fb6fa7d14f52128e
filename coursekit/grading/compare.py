"""What has changed since an earlier report: `coursekit grade --compare OLD`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from coursekit.grading.report_clean import fold, name, number, plain
from coursekit.grading.report_tally import order, words

Row = Mapping[str, Any]  # a student in class.json


def read(folder: Path) -> list[Row]:
    """The students of an earlier class.json. ValueError says what is wrong."""
    path = folder / "class.json"
    try:
        students = list(json.loads(path.read_bytes())["students"])
        dict(_rows(students))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"--compare: {path} is no class report of today") from None
    return students


def changes(before: Iterable[Row], now: Iterable[Row]) -> list[str]:
    """A line for each change, by student and exercise."""
    old, new = dict(_rows(before)), dict(_rows(now))
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


def _rows(students: Iterable[Row]) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """What tells a student apart; the name, and what was earned for what."""
    for each in students:
        student = str(each["student"])
        known = each["id"] or each["email"] or student
        full = number(each["possible"])
        items = {"sum": f"{number(each['points'])} of {full}"}
        for notebook, entry in each["notebooks"].items():
            late = ", late" if entry["late"] else ""
            earned = "excused" if entry["excused"] else number(entry["points"])
            items[notebook] = earned + late
            for key, grade in entry["exercises"].items():
                state = words(grade["state"])
                items[key] = f"{number(grade['points'])} {state}"
        yield fold(str(known)), (student, items)
