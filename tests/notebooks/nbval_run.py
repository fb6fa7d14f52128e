"""One nbval run over one notebook, in a process of its own: cells, seconds, memory.

Each run uses one thread: on two cores, two kernels with two threads each are several
times slower than one after the other.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import runs  # of the book, which keeps what solved notebooks put out

_LOG: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Run:
    """What a run showed. failed: ids of failed cells.  peak_mb: largest process."""

    status: int
    cells: int
    failed: tuple[str, ...]
    seconds: float
    slowest: tuple[float, str]
    peak_mb: float
    output: str


def nbval(
    notebook: Path,
    title: str,
    scratch: Path,
    strict: bool = False,
    keep: Path | None = None,
) -> Run:
    """Run `pytest --nbval-lax` over a notebook, as anyone would at the command line.

    keep: a folder for the notebook with its outputs, if all goes well.
    """
    report = scratch / "nbval.xml"
    env = runs.environment(scratch / "home", keep)
    env |= {"COURSEKIT_STRICT": "1" if strict else "", "COLUMNS": "200"}
    command = runs.command(notebook, f"--junitxml={report}")
    start = time.perf_counter()
    with (scratch / "nbval.txt").open("w+b") as log:
        status, peak = _measured(command, log, env)
        log.seek(0)
        output = log.read().decode(errors="replace")
    seconds = time.perf_counter() - start
    ids = [each["id"] for each in code_cells(notebook)]
    failed, slowest, cells = [], (0.0, ""), 0
    cases = ET.parse(report).getroot().iter("testcase") if report.is_file() else []
    for case in cases:
        cell_id = ids[int(re.findall(r"\d+", case.attrib["name"])[-1])]
        cells += 1
        slowest = max(slowest, (float(case.attrib["time"]), cell_id))
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(cell_id)
    run = Run(status, cells, tuple(failed), seconds, slowest, peak, output)
    _LOG.append(
        {
            "notebook": title,
            "cells": cells,
            "failed": len(failed),
            "seconds": round(seconds, 1),
            "slowest_cell": slowest[1],
            "slowest_seconds": round(slowest[0], 1),
            "peak_mb": round(peak),
        }
    )
    return run


# A process counts the memory of the one it was forked from as its own peak. So a small
# one in between starts the command, waits, and writes what the command really took.
_BETWEEN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""


def _measured(
    command: list[str], log: IO[bytes], env: dict[str, str]
) -> tuple[int, float]:
    """Status, and the largest resident size (MB) among the process and its children."""
    if not hasattr(os, "wait4"):
        return subprocess.call(command, stdout=log, stderr=log, env=env), 0.0
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "usage"
        small = [sys.executable, "-S", "-c", _BETWEEN, str(said)]
        subprocess.call([*small, *command], stdout=log, stderr=log, env=env)
        status, largest = said.read_text().split()
    scale = 1 if sys.platform == "darwin" else 1024
    return int(status), int(largest) * scale / 2**20


def code_cells(notebook: Path) -> list[dict[str, Any]]:
    """The code cells of a notebook file, in nbval's order."""
    cells = json.loads(notebook.read_bytes())["cells"]
    return [each for each in cells if each["cell_type"] == "code"]


def kind(cell: dict[str, Any]) -> str:
    """exercise, check, setup, given, hint, ... or nothing for lecture code."""
    return str(cell["metadata"].get("coursekit", {}).get("kind", ""))


def untouched(notebook: Path, target: Path, whole: bool = True) -> Path:
    """A learner's notebook in which nbval compares every check line with TODO.

    whole: with the lecture's own cells, not only with what a check depends on.
    """
    content = json.loads(notebook.read_bytes())
    cells = [
        cell
        for cell in content["cells"]
        if whole or cell["cell_type"] != "code" or kind(cell) or cell["id"] == "imports"
    ]
    for cell in cells:
        if kind(cell) != "check":
            continue
        line = f"TODO {cell['metadata']['coursekit']['id']}"
        name, _, call = "".join(cell["source"]).partition(" = ")
        if call:  # code, not an answer
            line += f" {name} - going on with the reference"
        stream = {"name": "stdout", "output_type": "stream", "text": line + "\n"}
        cell.update(execution_count=1, outputs=[stream])
    target.write_text(json.dumps(content | {"cells": cells}))
    return target


def summary() -> list[dict[str, Any]]:
    """Every run of this session."""
    return list(_LOG)
