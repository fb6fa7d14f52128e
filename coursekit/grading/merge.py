"""`coursekit merge PART... --out DIR`: one class out of parts graded on their own."""

import argparse
import sys
from pathlib import Path

from coursekit.grading import report_class, report_text


def main(argv: list[str]) -> int:
    """Join the reports. 0: done, 1: a part is missing or unreadable."""
    parser = argparse.ArgumentParser(
        prog="coursekit merge",
        description="Joins the folders that `coursekit grade --shard I/N` has made. "
        "Where a part was run twice, the folder named last counts.",
    )
    parser.add_argument("parts", nargs="+", help="the folders, all N of them")
    parser.add_argument("--out", required=True, help="the folder of the whole class")
    args = parser.parse_args(argv)
    try:
        reports = report_class.merge(map(Path, args.parts))
        report_class.write_all(reports, Path(args.out))
    except report_class.IncompleteError as error:
        print(f"coursekit merge: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"coursekit merge: {args.out}: {error.strerror}", file=sys.stderr)
        return 1
    print(report_text.classroom(reports), end="")
    return 0
