"""`coursekit claims`: a table where there is room, else one paragraph each."""

import itertools
import json
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import Annotated

import typer

from coursekit.sources.report import Report
from coursekit.weave.claims import VERDICTS, Claim, Measured, all_claims
from coursekit.weave.project import Project


def table(claims: list[Claim], width: int) -> str:
    """The claims as text for a terminal of that width; narrow ones get paragraphs."""
    rows = [
        [*(each.row, each.time, each.claim, each.measured, each.verdict), _where(each)]
        for each in claims
    ]
    heads = ["row", "time", "the lecture says", "measured", "verdict", "cell"]
    sizes = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    sizes[5] = min(sizes[5], 34)
    free = width - sum(sizes) + sizes[2] + sizes[3] - 2 * (len(heads) - 1)
    if free < 48:
        return "\n\n".join(_paragraph(each, width) for each in claims)
    sizes[2:4] = [free * 45 // 100, free - free * 45 // 100]
    printed = [*_printed(heads, sizes), "  ".join("-" * size for size in sizes)]
    for row in rows:
        printed += _printed(row, sizes)
    return "\n".join(printed)


def _where(claim: Claim) -> str:
    return f"{claim.notebook}#{','.join(claim.see)}"


def _printed(row: list[str], sizes: list[int]) -> list[str]:
    """One row of a table, wrapped within its columns."""
    cells = [
        textwrap.wrap(text, size, break_on_hyphens=False) or [""]
        for text, size in zip(row, sizes, strict=True)
    ]
    lines = itertools.zip_longest(*cells, fillvalue="")
    return [
        "  ".join(p.ljust(w) for p, w in zip(line, sizes, strict=True)).rstrip()
        for line in lines
    ]


def _paragraph(claim: Claim, width: int) -> str:
    """A claim where there is no room for columns."""
    head = f"{claim.row}  {claim.time}  {claim.verdict}  {_where(claim)}"
    texts = [f"says      {claim.claim}", f"measured  {claim.measured}"]
    wrapper = textwrap.TextWrapper(
        max(width, 40), initial_indent="  ", subsequent_indent=" " * 12
    )
    wrapped = [wrapper.fill(text) for text in texts]
    return "\n".join([head, *wrapped])


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> int:
    """Every claim of the lectures: said, measured, verdict, cell."""
    project, report = Project.here(), Report()
    found = list(all_claims(project.sources(), Measured(project.measured), report))
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=1))
    elif found:
        print(table(found, shutil.get_terminal_size((120, 24)).columns))
        counts = [(v, sum(each.verdict == v for each in found)) for v in VERDICTS]
        print("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts))
    else:
        print("No claims in the notebooks yet.")
    if report:
        print(report, file=sys.stderr)
        return 1
    return 0
