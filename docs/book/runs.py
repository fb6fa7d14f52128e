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
CELL_SECONDS = 600


def fingerprint(notebook: Path) -> str:
    """SHA-256 of what the outputs of a notebook depend on: cells, package, data."""
    digest = hashlib.sha256(_package().encode())
    cells = json.loads(notebook.read_bytes())["cells"]
    digest.update(json.dumps([[c["id"], c["source"]] for c in cells]).encode())
    return digest.hexdigest()


@cache
def _package() -> str:
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
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    environment = os.environ | {
        "COURSEKIT_RUNS": str(RUNS),
        "COURSEKIT_PROGRESS": "off",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": path,
    }
    with tempfile.TemporaryDirectory() as home:  # nobody's own progress is shown
        return _run(notebook, environment | {"COURSEKIT_HOME": home})


def _run(notebook: Path, environment: dict[str, str]) -> Path:
    command = [
        sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", notebook.parent,
        "--noconftest", "-p", "no:cacheprovider", "-p", "no:anyio",
        "-p", "keep_outputs", "--nbval-lax", "--nbval-current-env",
        f"--nbval-cell-timeout={CELL_SECONDS}", "-q", notebook,
    ]  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True
    )
    found = kept(notebook)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"{notebook.name} does not run:\n{done.stdout[-3000:]}")
    return found
