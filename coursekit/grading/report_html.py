"""Reports as web pages: one file each, without scripts, links to elsewhere or images.

Everything that came with a submission is cleaned and escaped, and the page forbids the
browser to load or run anything, so that even a mistake here would show text only.
"""

from collections.abc import Sequence
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from coursekit.grading import report_tally
from coursekit.grading.report_clean import file_name, name, number, plain
from coursekit.grading.report_text import NO_SANDBOX
from coursekit.grading.types import Report

_COLOURS = {"right": "right", "partly": "partly", "unanswered": "", "missing": ""}


def student(report: Report) -> str:
    """The page for one student: every exercise, its points and what to do about it."""
    page = _templates().get_template("student.html")
    return page.render(
        report=report,
        score=report_tally.score(report),
        colours=_COLOURS,
        words=report_tally.WORDS,
    )


def classroom(reports: Sequence[Report], folders: Sequence[str]) -> str:
    """The page for the teacher. folders: where each student's page is, relative."""
    page = _templates().get_template("class.html")
    return page.render(
        headline=report_tally.headline(reports),
        warning=NO_SANDBOX if report_tally.unprotected(reports) else "",
        members=list(zip(reports, folders, strict=True)),
        exercises=report_tally.tallies(reports),
    )


@cache
def _templates() -> Environment:
    """The pages; whatever is put into one is escaped."""
    loader = PackageLoader("coursekit.grading")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    made.filters |= {
        "plain": plain,
        "name": name,
        "file_name": file_name,
        "number": number,
        "quote": quote,
        "look": report_tally.look,
        "percent": lambda report: f"{report_tally.percent(report):.0f}",
    }
    return made
