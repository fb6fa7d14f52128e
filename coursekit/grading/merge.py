"""`coursekit merge PART... --out DIR`: one class out of parts graded on their own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from coursekit.grading import report_class, report_text


def main(
    parts: Annotated[list[Path], typer.Argument(help="The folders, all N of them.")],
    out: Annotated[Path, typer.Option(help="The folder of the whole class.")],
) -> int:
    """Join the folders that `coursekit grade --shard I/N` has made.

    Where a part was run twice, the folder named last counts. Exit status 1 when a part
    is missing or unreadable.
    """
    try:
        reports = report_class.merge(parts)
        report_class.write_all(reports, out)
    except report_class.IncompleteError as error:
        print(f"coursekit merge: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"coursekit merge: {out}: {error.strerror}", file=sys.stderr)
        return 1
    print(report_text.classroom(reports), end="")
    return 0
