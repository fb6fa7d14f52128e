"""Notebooks as they ran: kept by nbval, and run again when what they depend on changed.

`make test` runs every solved notebook anyway, and leaves the outputs here for the book.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / ".make" / "runs"
SAID = "coursekit_run"  # the metadata that says what a run depends on
CODE = (".py", ".js", ".css", ".md")
CELL_SECONDS = 300  # a safety net far above the budget of 30 s a cell


def fingerprint(notebook: Path) -> str:
    """SHA-256 of what the outputs of a notebook depend on: cells, package, data."""
    digest = hashlib.sha256(package().encode())
    cells = json.loads(notebook.read_bytes())["cells"]
    digest.update(json.dumps([[c["id"], c["source"]] for c in cells]).encode())
    return digest.hexdigest()


@cache
def package() -> str:
    """SHA-256 of the code and data behind whatever is run or drawn."""
    digest = hashlib.sha256((ROOT / "data" / "SHA256SUMS").read_bytes())
    for path in sorted((ROOT / "coursekit").rglob("*")):
        if path.suffix in CODE and "grading" not in path.parts:  # it runs no notebook
            digest.update(path.read_bytes())
    return digest.hexdigest()


def kept(notebook: Path) -> Path | None:
    """The run of a notebook, if there is one and nothing has changed since."""
    place = RUNS / notebook.name
    try:
        said = json.loads(place.read_bytes())["metadata"].get(SAID)
    except (OSError, ValueError):
        return None
    return place if said == fingerprint(notebook) else None


def run(notebook: Path) -> Path:
    """Run a notebook and keep what it put out. RuntimeError when a cell fails."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            command(notebook),
            env=environment(Path(home), RUNS),
            capture_output=True,
            text=True,
        )
    found = kept(notebook)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"{notebook.name} does not run:\n{done.stdout[-3000:]}")
    return found


def command(notebook: Path, *more: str) -> list[str]:
    """nbval over a notebook, as anyone would run it, and `keep_outputs`."""
    return [
        sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir",
        str(notebook.parent), "--noconftest", "-p", "no:cacheprovider", "-p",
        "no:anyio", "-p", "keep_outputs", "--nbval-lax", "--nbval-current-env",
        f"--nbval-cell-timeout={CELL_SECONDS}", "-q", *more, str(notebook),
    ]  # fmt: skip


def environment(home: Path, keep: Path | None) -> dict[str, str]:
    """What a run starts from: one thread, and nobody's own progress.

    keep: where the notebook goes with its outputs, if all goes well.
    """
    here = [str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    found = os.environ | {
        "COURSEKIT_RUNS": str(keep or ""),
        "COURSEKIT_HOME": str(home),
        "COURSEKIT_PROGRESS": "off",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": os.pathsep.join(filter(None, here)),
    }
    found.pop("PYTEST_ADDOPTS", None)
    return found
