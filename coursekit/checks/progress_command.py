"""`coursekit progress`: the table of what is done, in the terminal."""

import argparse
import json
import sys
from typing import Any

from coursekit.checks import progress

_MARKS = {"solved": "+", "revealed": "o", "failed": "x", "todo": "."}


def table(data: dict[str, Any]) -> str:
    """One line for each notebook and a total, from `progress.summary()`."""
    columns = ("solved", "revealed", "failed", "todo")
    lines = [
        f"{'notebook':<10}" + "".join(f"{c:>10}" for c in columns) + f"{'points':>12}"
    ]
    for tally in [*data["notebooks"], data["total"]]:
        points = f"{tally['points']}/{tally['points_total']}"
        cells = "".join(f"{tally[c]:>10}" for c in columns)
        lines.append(f"{tally['notebook']:<10}{cells}{points:>12}")
    return "\n".join(lines)


def details(data: dict[str, Any], notebook: str | None) -> str:
    """One line for each exercise, marked + solved, o revealed, x failed, . to do."""
    return "\n".join(
        f"{_MARKS[row['state']]} {row['id']:<6} "
        f"{row['name'] or row['kind']:<20} {row['title']}"
        for row in data["exercises"]
        if notebook in (None, row["notebook"])
    )


def main(argv: list[str]) -> int:
    """Print the progress; returns 2 for a notebook that does not exist."""
    parser = argparse.ArgumentParser(prog="coursekit progress")
    parser.add_argument("notebook", nargs="?", help="a number such as 01: list it")
    parser.add_argument("--all", action="store_true", help="list every exercise")
    parser.add_argument("--json", action="store_true", help="plain data")
    args = parser.parse_args(argv)
    data = progress.summary()
    known = [tally["notebook"] for tally in data["notebooks"]]
    if args.notebook is not None and args.notebook not in known:
        print(
            f"coursekit progress: no notebook {args.notebook!r} with exercises; "
            f"there is {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    if args.json:
        print(json.dumps(data, indent=1))
        return 0
    print(table(data))
    if args.all or args.notebook is not None:
        print(f"\n{details(data, args.notebook)}")
    else:
        print("\n`coursekit progress 01` lists the exercises of notebook 01.")
    return 0
