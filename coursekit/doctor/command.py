"""`coursekit doctor`: one screen with what works here, what is missing, how to get it.

Nothing outside the standard library is imported before it is needed, so the doctor
answers when torch, or anything else, is missing or broken.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer

import coursekit
from coursekit.course_folder import COURSE as ROOT
from coursekit.doctor import data as doctor_data
from coursekit.doctor import machine as doctor_machine
from coursekit.doctor.finding import MARKS, Finding

WIDTH = 88


def examine(root: Path = ROOT) -> Iterator[Finding]:
    """Every finding about this machine and the checkout at `root`, in reading order."""
    checks: list[Callable[[Path], Iterable[Finding]]] = [
        doctor_machine.python,
        doctor_machine.course,
        doctor_machine.torch,
        doctor_machine.libraries,
        doctor_data.embedded,
        doctor_data.checkpoints,
        doctor_data.notebooks,
        doctor_machine.disk,
        doctor_machine.tools,
        doctor_data.fashion_full,
    ]
    for check in checks:
        try:
            yield from check(root)
        except Exception as error:  # a broken check must not hide the others
            text = f"could not be checked: {type(error).__name__}: {error}"
            yield Finding("warning", check.__name__, text, "report this line")


def screen(findings: list[Finding], root: Path) -> str:
    """The findings as text: a line each, and a second one where something is to do."""
    lines = [f"coursekit {coursekit.__version__} in {root}", ""]
    for each in findings:
        room = WIDTH - 24
        detail = shorten(each.detail, room, placeholder=" ...")
        lines.append(f"  {MARKS[each.state]} {each.state:<9}{each.name:<12} {detail}")
        if each.fix:
            lines.append(" " * 26 + f"-> {each.fix}")
    missing = [each.name for each in findings if each.state == "missing"]
    lines.append("")
    if missing:
        lines.append(f"Needed and missing: {', '.join(missing)}.")
    else:
        lines.append("Everything the notebooks need is here.")
    return "\n".join(lines)


def main(
    write_checksums: Annotated[
        bool,
        typer.Option(
            "--write-checksums",
            help="For authors: record the embedded data files in data/SHA256SUMS.",
        ),
    ] = False,
) -> int:
    """What works here, what is missing, and how to get it."""
    if write_checksums:
        count = doctor_data.write_checksums(ROOT)
        print(f"data/SHA256SUMS lists {count} files.")
        return 0
    findings = list(examine())
    print(screen(findings, ROOT))
    return int(any(each.state == "missing" for each in findings))
