"""A class's reports as a folder: written whole, shared out over machines, merged.

class.html class.txt class.csv class.json junit.xml    for the teacher
students/NAME/feedback.html feedback.txt               for the student
students/NAME/report.json junit.xml results.json       for programs
"""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from coursekit.files import write_atomic
from coursekit.grading import report_data, report_html, report_text
from coursekit.grading.report_clean import folder_names, name, number, plain
from coursekit.grading.report_tally import look, percent, tallies
from coursekit.grading.types import Report

# A spreadsheet runs what begins like this; the last four are the wide forms.
_FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")
WHOLE = "1/1"


class IncompleteError(ValueError):
    """Class reports that cannot be merged; the message says what is missing."""


def parse_shard(text: str) -> tuple[int, int]:
    """The (2, 5) of "2/5". ValueError, with what to write, for anything else."""
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text.strip(), re.ASCII)
    if found and 1 <= int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    raise ValueError(f"--shard {plain(text, 30)!r}: write I/N with 1 <= I <= N, as 2/5")


def in_shard(index: int, shard: tuple[int, int]) -> bool:
    """Does the submission at this place of the sorted list belong to the shard?

    Counted round and round, so that every machine gets its part of every notebook.
    """
    return index % shard[1] == shard[0] - 1


def write_all(
    reports: Sequence[Report], out: Path, shard: str = WHOLE, complete: bool = True
) -> list[Path]:
    """Write every file, each of them whole or not at all, and return their paths.

    shard: "2/5" when this is the second of five parts of a class, for `merge`, which
    refuses a part that is not `complete`. OSError when the folder cannot be written.
    """
    folders = folder_names(reports)
    files: dict[Path, bytes] = {}
    for report, folder in zip(reports, folders, strict=True):
        place = out / "students" / folder
        data = report_data.as_dict(report)
        results = report_data.gradescope([report])
        files[place / "feedback.html"] = _utf8(report_html.student(report))
        files[place / "feedback.txt"] = _utf8(report_text.student(report))
        files[place / "report.json"] = _utf8(report_data.to_json(data))
        files[place / "junit.xml"] = report_data.junit([report])
        files[place / "results.json"] = _utf8(report_data.to_json(results))
    every = {
        "format": report_data.FORMAT,
        "shard": shard,
        "complete": complete,
        "reports": [report_data.as_dict(report) for report in reports],
    }
    files[out / "class.html"] = _utf8(report_html.classroom(reports, folders))
    files[out / "class.txt"] = _utf8(report_text.classroom(reports))
    files[out / "class.csv"] = table(reports)
    files[out / "junit.xml"] = report_data.junit(reports)
    # Last: a folder with a class.json is complete.
    files[out / "class.json"] = _utf8(report_data.to_json(every))
    mask = os.umask(0o077)  # grades are as private as the teacher's other files
    os.umask(mask)
    for path, content in files.items():
        write_atomic(path, content, 0o666 & ~mask)
    return list(files)


def table(reports: Sequence[Report]) -> bytes:
    """The class as CSV for a spreadsheet: a row a submission, a column an exercise.

    No cell can be taken for a formula, and the byte order mark makes Excel read UTF-8.
    """
    ids = [tally.task.id for tally in tallies(reports)]
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    head = ["student", "notebook", "points", "possible", "percent", *ids]
    writer.writerow([defuse(cell) for cell in [*head, "to look at", "file"]])
    for report in reports:
        earned = {grade.task.id: number(grade.points) for grade in report.grades}
        totals = [number(report.points), number(report.possible)]
        totals.append(f"{percent(report):.1f}")
        if report.problem:
            totals = ["", "", ""]
        about = f"{look(report)}: {report.problem}" if report.problem else look(report)
        cells = [name(report.student), report.notebook, *totals]
        cells += [earned.get(each, "") for each in ids]
        writer.writerow([defuse(cell) for cell in [*cells, about, name(report.origin)]])
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8")


def defuse(cell: str) -> str:
    """The text of a cell that no spreadsheet takes for a formula."""
    text = plain(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def merge(folders: Iterable[Path]) -> list[Report]:
    """The reports of all parts of a class, in the order of one undivided run.

    Of two folders that hold the same part the later one counts, so a part can be run
    again. IncompleteError names a part that is missing or is no report.
    """
    parts: dict[tuple[int, int], list[Report]] = {}
    for folder in folders:
        shard, reports = _load(Path(folder) / "class.json")
        parts[shard] = reports
    totals = {total for _, total in parts}
    if len(totals) != 1:
        found = ", ".join(sorted(f"{i}/{n}" for i, n in parts)) or "none"
        raise IncompleteError(f"these are not the parts of one class: {found}")
    (total,) = totals
    missing = [f"{i}/{total}" for i in range(1, total + 1) if (i, total) not in parts]
    if missing:
        raise IncompleteError(f"missing: part {', '.join(missing)} of the class")
    # Dealt round and round, so taken back round and round.
    longest = max(map(len, parts.values()))
    return [
        parts[i, total][row]
        for row in range(longest)
        for i in range(1, total + 1)
        if row < len(parts[i, total])
    ]


def _load(path: Path) -> tuple[tuple[int, int], list[Report]]:
    try:
        data = json.loads(path.read_bytes())
        shard = parse_shard(data["shard"])
        if not data["complete"]:
            raise IncompleteError(f"{path}: that run was stopped. Run the part again")
        return shard, [report_data.from_dict(each) for each in data["reports"]]
    except IncompleteError:
        raise
    except FileNotFoundError:
        raise IncompleteError(f"{path} is missing: that run did not finish") from None
    except OSError as error:
        raise IncompleteError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IncompleteError(f"{path} is no class report: {error}") from None


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
