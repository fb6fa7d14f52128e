"""A notebook run as its learner runs it: every cell in order, under nbval, strictly.

This is a rehearsal and no grade: the learner's own kernel decides, on inputs that are
always the same. Use it on your own notebook only.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.grading.report_clean import plain
from coursekit.grading.types import Cell

ROOT = Path(__file__).resolve().parents[2]
_VERDICT = re.compile(r"\b(TODO|FAIL) (\d\d[a-z]?\.\d+)\b.*")
_ERROR = re.compile(r"^(?:E\s+)?(\w[\w.]*(?:Error|Exception|Exit|Interrupt)\b.*)$")

_NOT_RUN = "Previous cell timed out"  # how nbval excuses what fails after that


@dataclass(frozen=True)
class Trouble:
    """A cell that failed. kind: "todo", "wrong" or "raised"."""

    cell: str
    kind: str
    text: str


class CannotRun(RuntimeError):
    """The rehearsal cannot take place; the message says what to do."""


def rehearse(notebook: Sequence[Cell], seconds: int = 120) -> tuple[int, list[Trouble]]:
    """Run the code cells; the number of cells that ran, and those that failed.

    In an empty folder, as when it is graded: a file beside the notebook is not there.
    """
    if not all(map(importlib.util.find_spec, ("pytest", "nbval"))):
        raise CannotRun(
            '--run needs two more packages: pip install pytest "nbval<0.12"'
        )
    import nbformat  # takes longer than all else of a check without --run

    code = [cell for cell in notebook if cell.kind == "code"]
    with tempfile.TemporaryDirectory(prefix="coursekit-check-") as name:
        folder = Path(name)
        # Sources only: stored outputs, tags and marks must not decide what fails.
        sources = (cell.source.replace("NBVAL_", "NBVAL ") for cell in code)
        form: Any = nbformat.v4
        cells = [form.new_code_cell(source) for source in sources]
        text = json.dumps(form.new_notebook(cells=cells))
        (folder / "run.ipynb").write_text(text)
        said = _nbval(folder, seconds)
        report = folder / "junit.xml"
        if not report.is_file():
            raise CannotRun(f"nbval did not finish: {plain(said[-300:])}")
        cases = list(ET.parse(report).getroot().iter("testcase"))
    # By order, not by "Cell 3": nbval changes how it counts.
    said_of = [(cell, _failure(case)) for cell, case in zip(code, cases, strict=False)]
    ran = sum(_NOT_RUN not in (failure or "") for _, failure in said_of)
    troubles = [
        _trouble(cell, place, failure)
        for place, (cell, failure) in enumerate(said_of, 1)
        if failure is not None and _NOT_RUN not in failure
    ]
    return ran, troubles


def _nbval(folder: Path, seconds: int) -> str:
    environment = {
        **os.environ,
        "COURSEKIT_STRICT": "1",
        "COURSEKIT_PROGRESS": "off",
        "OMP_NUM_THREADS": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    environment.pop("PYTEST_ADDOPTS", None)
    command = [
        sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder),
        "--noconftest", "-p", "no:cacheprovider", "-p", "nbval.plugin", "--nbval-lax",
        "--nbval-current-env", f"--nbval-cell-timeout={seconds}", "-q",
        f"--junitxml={folder / 'junit.xml'}", str(folder / "run.ipynb"),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.stdout.decode(errors="replace")


def _failure(case: ET.Element) -> str | None:
    """What a failed cell said; None for one that ran.

    After a time-out nbval marks the cells that it could not run as skipped.
    """
    for tag in ("failure", "error", "skipped"):
        found = case.find(tag)
        if found is not None:
            return f"{found.attrib.get('message', '')}\n{found.text or ''}"
    return None


def _trouble(cell: Cell, place: int, failure: str) -> Trouble:
    title = f"cell {place}" + (f" ({cell.id})" if cell.id else "")
    lines = [_clean(line) for line in failure.splitlines()]
    if "UnsolvedError" in failure:
        for line in lines:
            if found := _VERDICT.search(line):
                kind = "todo" if found[1] == "TODO" else "wrong"
                return Trouble(title, kind, plain(found[0]))
    if any("timeout" in line.lower() for line in lines[:3]):
        said = "it takes too long, or its kernel died; errors below it are not shown"
        return Trouble(title, "raised", said)
    errors = [found[1] for line in lines if (found := _ERROR.match(line))]
    said = errors[-1] if errors else next(filter(None, reversed(lines)), "it failed")
    return Trouble(title, "raised", plain(said, 200))


def _clean(line: str) -> str:
    """A line without colours; JUnit writes the escape character as #x1B."""
    return re.sub(r"(?:\x1b|#x1B)\[[0-9;]*m", "", line).strip()
