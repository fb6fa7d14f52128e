"""`coursekit merge PART... --out DIR`: one class out of parts graded on their own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from coursekit.grading import class_options, report_class
from coursekit.grading.classbook import Policy


@class_options.add
def main(
    parts: Annotated[list[Path], typer.Argument(help="The folders, all N of them.")],
    out: Annotated[Path, typer.Option(help="The folder of the whole class.")],
    policy: Policy,
) -> int:
    """Join the folders that `coursekit grade --shard I/N` has made.

    Where a part was run twice, the folder named last counts. One folder of a whole
    class is counted anew. Exit status 1 when a part is missing or unreadable.
    """
    try:
        reports, run = report_class.merge(parts)
        report_class.write_all(reports, out, policy=policy, run=run)
    except (ValueError, OSError) as error:
        print(f"coursekit merge: {error}", file=sys.stderr)
        return 1
    report_class.show(out, policy)
    return 0
