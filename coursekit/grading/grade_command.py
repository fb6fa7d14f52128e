"""`coursekit grade`: a class's notebooks in, reports out.

    coursekit grade submissions/ late.zip --out reports/

Ctrl-C keeps the reports of what was graded so far.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import typer

from coursekit.files import try_folder
from coursekit.grading import class_options, report_class, sandbox
from coursekit.grading.classbook import NO_SANDBOX, NOT_ASKED, Policy
from coursekit.grading.intake import collect
from coursekit.grading.pipeline import Options, grade_all
from coursekit.grading.report_clean import plain
from coursekit.grading.runner import Limits, Workshop
from coursekit.grading.types import Report, Submission


@class_options.add
def main(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", exists=True, show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the reports.")],
    policy: Policy,
    seed: Annotated[
        int | None, typer.Option(help="The same inputs as an earlier run.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions at a time.")] = (
        os.cpu_count() or 1
    ),
    sandbox: Annotated[
        Literal["auto", "require", "off"], typer.Option(help="Walls around kernels.")
    ] = "auto",
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for each call.")
    ] = 20.0,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="This machine's part of the class.")
    ] = report_class.WHOLE,
) -> int:
    """Grade submitted notebooks: results are judged outside, on inputs made now.

    Exit status 0 when every submission has a report, else 1 with one line.
    """
    if not hasattr(os, "fork"):
        said = "this needs Linux or macOS; on Windows run it in WSL"
        print(f"coursekit grade: {said}", file=sys.stderr)
        return 2
    try:
        part = report_class.parse_shard(shard)
        level = sandbox_level(sandbox)
        report_class.numbers_so_far(out, policy)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    whole = policy.marks_file or policy.anonymous or policy.compare or policy.exports
    if shard != report_class.WHOLE and whole:
        said = "--marks, --anonymous, --compare and --export go with coursekit merge"
        raise typer.BadParameter(said)
    if policy.said:
        print(policy.said, file=sys.stderr)
    if level == "off":
        print(NO_SANDBOX, file=sys.stderr)
    try_folder(out)
    start, complete = time.monotonic(), True
    reports: list[Report] = []
    try:
        limits = Limits(cell_seconds=timeout)
        hide = [path.resolve() for path in (*paths, out, *policy.private)]
        with Workshop(level, limits, hide) as shop:
            options = Options(shop) if seed is None else Options(shop, seed)
            submissions = chosen(paths, part, policy)
            for report in grade_all(submissions, options, jobs):
                reports.append(report)
                said = report.problem or f"{report.points:g} of {report.possible:g}"
                said = f"{report.notebook}  {plain(said, 60)}".strip()
                print(f"{len(reports):5d}  {said}", file=sys.stderr)
    except (OSError, RuntimeError) as error:
        complete = False
        print(f"coursekit grade: {str(error) or error!r}", file=sys.stderr)
        if not reports:
            return 1
    except KeyboardInterrupt:
        complete = False
        print("\nStopped. The reports so far are written.", file=sys.stderr)
    if not reports and (shard == report_class.WHOLE or not complete):
        print("coursekit grade: no notebook found", file=sys.stderr)
        return 1
    if shard != report_class.WHOLE or not complete:
        policy = replace(policy, people=())  # the others are not missing
    try:
        report_class.write_all(reports, out, shard, complete, policy)
    except ValueError as error:  # a file that has changed meanwhile
        complete, policy = False, Policy()
        print(f"coursekit grade: {error}. Use: coursekit merge {out}", file=sys.stderr)
        report_class.write_all(reports, out, shard, policy=policy)
    report_class.show(out, policy)
    spent = time.monotonic() - start
    used = reports[0].seed if reports else "-"
    print(
        f"{len(reports)} submission{'s' * (len(reports) != 1)} in {spent:.0f} s, "
        f"seed {used}, sandbox {level}. Reports: {out}"
    )
    return 0 if complete else 1


def sandbox_level(wanted: str) -> str:
    """The level to use. ValueError when one is required and none works here."""
    if wanted == "off":
        return "off"
    level = sandbox.available()
    if wanted == "require" and level == "off":
        raise ValueError(
            "--sandbox require: this system allows no sandbox (it needs Linux, and "
            "root or user namespaces). Grade in a container"
        )
    return level


def chosen(
    paths: list[Path], shard: tuple[int, int], policy: Policy
) -> Iterator[Submission]:
    """The submissions that belong to this machine's part of the class.

    Dealt round and round, so that every machine gets its part of every notebook. A
    notebook that was not asked for is named, and not run.
    """
    part, parts = shard
    asked = policy.notebooks
    for submission in islice(collect(paths, policy.people), part - 1, None, parts):
        if asked and submission.notebook not in ("", *asked):
            submission = replace(submission, cells=(), problem=NOT_ASKED)
        yield submission
