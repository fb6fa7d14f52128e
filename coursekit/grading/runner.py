"""Run mini notebooks with nbval, in kernels from a warm process.

One `Workshop` serves a whole class: it holds the zygote and the sandbox level. Each
submission gets a pytest process of its own, with a limit on its whole time and memory.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from coursekit.grading import filling, sandbox, stubbed
from coursekit.grading.kernel import Walls
from coursekit.grading.pytest_server import PytestServer
from coursekit.grading.types import CellRun, MiniNotebook, NotebookRun

PACKAGE = Path(__file__).resolve().parents[1]
# Plugins of pytest's own without a use here; the last one collects garbage for long.
UNUSED = ("cacheprovider", "doctest", "junitxml", "unraisableexception")


@dataclass(frozen=True)
class Limits:
    """For one submission. cell_seconds: each cell; all_seconds: at least, for all;
    own_seconds: at most, for second tries among the student's own cells."""

    cell_seconds: float = 20.0
    all_seconds: float = 300.0
    own_seconds: float = 90.0
    memory_mb: int = 2500


class Workshop:
    """The zygote and the folder it works in. Use it as a context manager."""

    def __init__(
        self,
        level: str = "auto",
        limits: Limits | None = None,
        hide: Sequence[Path] = (),
    ) -> None:
        """level: "auto" for the best that works here, or one of `sandbox`.

        hide: more that no kernel may see, such as the other submissions.
        """
        self._more = tuple(hide)
        self.limits = limits or Limits()
        self.level = sandbox.available() if level == "auto" else level
        self._number = 0
        self._bench = PytestServer()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Start the zygote. RuntimeError, with its last words, when it does not."""
        self.folder = Path(tempfile.mkdtemp(prefix="coursekit-grade-"))  # ours alone
        self.socket = str(self.folder / "zygote")
        tree = self.folder / "package"
        stubbed.write(PACKAGE, tree)
        walls = Walls(
            level=self.level,
            hide=self._hidden(),
            keep=(sys.prefix, sys.base_prefix, str(tree / stubbed.TEXTS)),
            cpu_seconds=int(self.limits.cell_seconds * 6),
            memory_mb=self.limits.memory_mb,
        )
        command = [sys.executable, "-m", "coursekit.grading.zygote", self.socket]
        self._log = (self.folder / "zygote.log").open("wb")
        self._zygote = subprocess.Popen(
            [*command, json.dumps(asdict(walls))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment() | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(tree)},
            cwd=tree,
            start_new_session=True,
        )
        assert self._zygote.stdout is not None
        if self._zygote.stdout.readline().decode() != f"ready {tree}\n":
            said = (self.folder / "zygote.log").read_text(errors="replace")
            self.__exit__(None, None, None)
            raise RuntimeError(f"no kernels: {said.strip()[-400:]}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the zygote, and with it what it has started."""
        self._zygote.kill()
        self._zygote.wait()
        self._log.close()
        remove(self.folder)

    def _hidden(self) -> tuple[str, ...]:
        """What no kernel may see: the checkout, the homes, the grader's own files."""
        places = [PACKAGE.parent, PACKAGE, self.folder, Path("/root"), Path("/home")]
        places += [place for place in self._more if place.parts[1:2] != ("usr",)]
        return tuple(dict.fromkeys(str(place) for place in places))

    def run(
        self, notebooks: Sequence[MiniNotebook], seconds: float | None = None
    ) -> list[NotebookRun]:
        """Run them one after the other, each in a kernel of its own.

        seconds: for all of them; those that it is too short for are not reached.
        """
        with self._lock:
            self._number += 1
            number = self._number
        place = self.folder / f"s{number}"
        place.mkdir()
        plan: dict[str, dict[str, Any]] = {}
        for i, notebook in enumerate(notebooks):
            home = "" if self.level != "off" else str(place / f"home-{i}")
            filled = place / f"{i}.filled"
            filled.write_text(filling.pack(notebook.filled))
            case = {"zygote": self.socket, "filled": str(filled), "home": home}
            plan[str(i)] = case
            text = json.dumps(as_ipynb(notebook))
            (place / f"{i}.ipynb").write_text(text)
        try:
            lines = self._pytest(place, plan, seconds)
        finally:
            remove(place)
        return [
            collect(notebook, str(i), lines) for i, notebook in enumerate(notebooks)
        ]

    def _pytest(
        self, place: Path, plan: dict[str, Any], seconds: float | None
    ) -> list[dict[str, Any]]:
        """One nbval run; every cell's record, as far as it came."""
        environment = _environment() | {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "COURSEKIT_GRADE_PLAN": json.dumps(plan),
        }
        files = [str(place / f"{name}.ipynb") for name in plan]
        arguments = [
            "-c", os.devnull, "--rootdir", str(place), "--noconftest",
            *(f"-pno:{name}" for name in UNUSED), "-W", "ignore", "-q",
            "-p", "nbval.plugin", "-p", "coursekit.grading.plugin", "--nbval-lax",
            "--tb=no", "--nbval-kernel-name=coursekit-grade",
            f"--nbval-cell-timeout={self.limits.cell_seconds}", *files,
        ]  # fmt: skip
        # A loop without an end in each of them must not cost the last ones their turn.
        turns = len(plan) * (self.limits.cell_seconds + 10)
        seconds = seconds or max(self.limits.all_seconds, turns)
        return self._bench.run(arguments, environment, place, seconds)


def remove(*places: Path) -> None:
    """Delete folders, however deep they are: nothing in them may stop the grader."""
    if os.name == "posix":
        subprocess.run(["rm", "-rf", "--", *map(str, places)], check=False)
    else:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)


def _environment() -> dict[str, str]:
    """Only what Python needs: no secrets, no pytest variables of an outer run."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
    return {key: os.environ[key] for key in kept if key in os.environ}


def as_ipynb(notebook: MiniNotebook) -> dict[str, Any]:
    """A mini notebook as nbval reads it."""
    cells = [
        {
            "cell_type": "code",
            "id": cell.id,
            "metadata": {},
            "execution_count": 1,
            "outputs": [],
            "source": cell.source,
        }
        for cell in notebook.cells
    ]
    about = {"kernelspec": {"name": "coursekit-grade", "display_name": "grading"}}
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def collect(
    notebook: MiniNotebook, name: str, lines: list[dict[str, Any]]
) -> NotebookRun:
    """The record of one mini notebook; cells without one were not reached."""
    own = [line for line in lines if line["task"] == name]
    seen = {line["cell"]: line for line in own if "cell" in line}
    endings: list[dict[str, Any]] = [e["ending"] for e in own if "ending" in e]
    ending = endings[0] if endings else {}
    cells = {}
    for cell in notebook.cells:
        line = seen.get(cell.id)
        if line is None:
            cells[cell.id] = CellRun("not reached")
            continue
        error = line["error"]
        if line["state"] == "died":
            error = ending.get("why", "")
        cells[cell.id] = CellRun(line["state"], line["text"], error)
    seconds = sum(line["seconds"] for line in seen.values())
    return NotebookRun(cells, seconds, float(ending.get("peak_mb", 0.0)))
