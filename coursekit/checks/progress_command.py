"""`coursekit progress`: the table of what is done, in the terminal."""

import json
import sys
from typing import Annotated, Any

import typer

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


def main(
    notebook: Annotated[
        str | None, typer.Argument(help="A number such as 01: list it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List every exercise.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Plain data.")] = False,
) -> int:
    """What you have solved so far. Exit status 2 for an unknown notebook."""
    data = progress.summary()
    known = [tally["notebook"] for tally in data["notebooks"]]
    if notebook is not None and notebook not in known:
        print(
            f"coursekit progress: no notebook {notebook!r} with exercises; "
            f"there is {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    if as_json:
        print(json.dumps(data, indent=1))
        return 0
    print(table(data))
    if every or notebook is not None:
        print(f"\n{details(data, notebook)}")
    else:
        print("\n`coursekit progress 01` lists the exercises of notebook 01.")
    return 0
