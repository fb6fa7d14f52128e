"""Reports as web pages: one file each, without links to elsewhere or images.

Everything that came with a submission is cleaned and escaped, and the page forbids the
browser to load or run anything, so that even a mistake here would show text only. The
class page has one script, to sort and filter; its hash is all that the page allows.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from coursekit.grading import alike, report_tally
from coursekit.grading.classbook import Book, Student
from coursekit.grading.report_clean import file_name, name, number, plain
from coursekit.grading.report_text import headline, medians
from coursekit.grading.types import Report

_COLOURS = {"right": "right", "partly right": "partly", "not right": "bad"}


def student(report: Report, result: str) -> str:
    """The page for one file: every exercise, its points and what to do about it."""
    page = _templates().get_template("student.html")
    return page.render(report=report, result=result)


def index(one: Student, pages: Sequence[tuple[str, Report, str]]) -> str:
    """The page of a student. pages: folder, report and result of each file."""
    return _templates().get_template("index.html").render(student=one, pages=pages)


def classroom(book: Book, folders: Sequence[str], foot: str, equal: alike.Equal) -> str:
    """The page for the teacher. folders: where each student's page is, relative."""
    page = _templates().get_template("class.html")
    script = _templates().get_template("class.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return page.render(
        book=book,
        headline=headline(book),
        medians=medians(book),
        members=list(zip(book.students, folders, strict=True)),
        exercises=report_tally.tallies(book.counting),
        equal=equal,
        hint=alike.WORDS,
        foot=foot,
        script=Markup(script),
        allowed=f"'sha256-{digest}'",
    )


@cache
def _templates() -> Environment:
    """The pages; whatever is put into one is escaped."""
    loader = PackageLoader("coursekit.grading")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    made.globals["words"] = report_tally.words
    made.filters |= {
        "plain": plain,
        "name": name,
        "file_name": file_name,
        "number": number,
        "quote": quote,
        "score": report_tally.score,
        "colour": lambda state: _COLOURS.get(report_tally.group(state), ""),
        "percent": lambda result: f"{report_tally.percent(result):.0f}",
    }
    return made
