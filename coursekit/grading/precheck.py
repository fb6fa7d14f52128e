"""`coursekit check NOTEBOOK`: what the grader will find in a notebook, before it does.

Without --run nothing of the notebook is executed.
"""

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from coursekit.grading import identify, notebook_file, official, precheck_run
from coursekit.grading.notebook_json import LARGEST_FILE
from coursekit.grading.precheck_look import Finding, file_notes, findings
from coursekit.grading.report_clean import number, plain
from coursekit.grading.types import Submission

_MARKS = {"found": "+", "empty": ".", "lost": "!"}
_WORDS = {"found": "found", "empty": "not answered yet", "lost": "NOT FOUND"}


def main(
    notebook: Annotated[
        Path, typer.Argument(help="The file that you are going to hand in.")
    ],
    run: Annotated[
        bool, typer.Option("--run", help="Run all cells and their checks with nbval.")
    ] = False,
    seconds: Annotated[int, typer.Option(help="Limit for a cell with --run.")] = 120,
) -> int:
    """Show what the grader will find in your notebook; runs nothing without --run.

    Exit status 0: ready, 1: something to mend, 2: no such file.
    """
    try:
        with notebook.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)  # one more, and the reader says so
    except OSError as error:
        said = f"there is no file {notebook} to read ({error.strerror})"
        print(f"coursekit check: {said}", file=sys.stderr)
        return 2
    submission = notebook_file.read(data, notebook.stem, str(notebook))
    ready = show(submission, len(data))
    if run and not submission.problem:
        ready = rehearse(submission, seconds) and ready
    return 0 if ready else 1


def show(submission: Submission, size: int) -> bool:
    """Print what is found in a file of `size` bytes; True if nothing needs mending."""
    place = plain(submission.origin)
    if submission.problem:
        print(f"{place} cannot be graded: {plain(submission.problem)}")
        return False
    if submission.notebook not in official.available():
        names = ", ".join(official.available())
        print(f"{place} is none of the course's notebooks: {names}")
        return False
    ours = official.load(submission.notebook)
    found = findings(identify.attempts(ours, submission))
    print(f"{place} answers {ours.name} (version {plain(ours.version, 20)})\n")
    for each in found:
        print(_lines(each))
    notes = file_notes(ours, submission, size)
    if notes:
        print()
    for note in notes:
        print(_wrap(note, "  note: "))
    print(f"\n{_total(found)}")
    return not any(each.mend for each in found)


def rehearse(submission: Submission, seconds: int) -> bool:
    """Run the notebook and print what failed; True if nothing is wrong."""
    print("\nRunning every cell with nbval; a minute or two ...", flush=True)
    try:
        count, troubles = precheck_run.rehearse(submission.cells, seconds)
    except precheck_run.CannotRun as error:
        print(f"coursekit check: {error}", file=sys.stderr)
        return False
    todo = [each for each in troubles if each.kind == "todo"]
    wrong = [each for each in troubles if each.kind != "todo"]
    for each in wrong:
        text = each.text if each.kind == "wrong" else f"{each.cell}: {each.text}"
        print(_wrap(text, "  ! "))
    if todo:
        ids = ", ".join(each.text.split()[1] for each in todo)
        print(_wrap(f"not answered yet: {ids}", "  . "))
    print(f"{count} cells ran, {len(wrong)} of them failed.")
    return not wrong


def _lines(finding: Finding) -> str:
    task, mark = finding.task, _MARKS[finding.state]
    if finding.mend:
        mark = "!"
    title = f"{task.id:<7}{task.name:<23}"
    lines = [f"{mark} {title}{_WORDS[finding.state]}"]
    lines += [_wrap(text, "        mend: ") for text in finding.mend]
    lines += [_wrap(text, "        note: ") for text in finding.know]
    return "\n".join(lines)


def _total(found: Sequence[Finding]) -> str:
    states = [each.state for each in found]
    earn = sum(f.task.points for f in found if f.state == "found" and not f.mend)
    mend = sum(bool(each.mend) for each in found)
    line = (
        f"{states.count('found')} of {len(found)} answers found, "
        f"{mend or 'nothing'} to mend. If all of them are right: {number(earn)} of "
        f"{number(sum(f.task.points for f in found))} points."
    )
    return textwrap.fill(line, 88)


def _wrap(text: str, first: str) -> str:
    return textwrap.fill(
        plain(text),
        88,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )
