"""`coursekit release --out DIR`: the course as learners get it, without solutions.

The notebooks are woven afresh, so nothing that somebody wrote into a copy can slip in,
and nothing is written before all of it has passed the leak test.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from coursekit.grading import official, release_leaks
from coursekit.weave.project import Project

START = "00_start_here"  # the page that `make lab` opens
GLOSSARY = "docs/glossary.md"
FILES = (
    ".gitattributes", ".gitignore", ".jupyter/jupyter_lab_config.py", "LICENSE",
    "Makefile", "constraints.txt", GLOSSARY, "environment.yml", "pyproject.toml",
    "run.py",
)  # fmt: skip
FOLDERS = (".jupyter/labconfig", "coursekit", "data")
_WASTE = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", "node_modules")
README = """\
# The workbook

```bash
make lab      # makes its own environment, then opens JupyterLab on the start page
```

You need Python 3.11 or newer and about 2 GB of disk. No make? `python run.py lab` is
the same. Something odd? `make doctor` says what is missing and how to get it.

Begin with `notebooks/00_start_here.ipynb`. The notebooks are yours to write in:
{notebooks}.

Before you hand in, `coursekit check notebooks/NAME.ipynb` shows what the grader will
find in your file; with `--run` it runs all cells and checks as well. Keep the first
line of each exercise's cell (`# exercise 01.4`): the grader looks for it. Hand in the
`.ipynb` file alone: everything else is ignored.
"""
MIND = """\
Mind: {out}/coursekit is the installed package, and it contains the reference of every
exercise, the answers to the paper questions and the checks. `reveal("01.4")` shows a
reference, `coursekit weave` makes the solved notebooks from it, and a student who looks
finds all of it: the notebooks hide solutions, they do not lock them away. Grade for
learning, or set exercises of your own for an exam (docs/grading.md says more)."""


def main(
    out: Annotated[Path, typer.Option(help="A folder, new or empty.")],
    names: Annotated[
        list[str] | None, typer.Argument(help="Such as 01_diffusion (default: all).")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only test for leaks, write nothing.")
    ] = False,
) -> int:
    """Make a folder to hand out: learner notebooks, package and data, no solutions.

    Exit status 1 for a leak or a mistake: nothing is written.
    """
    project, known = Project.here(), official.available()
    wanted = [Path(name).stem for name in names or known]
    if unknown := [name for name in wanted if name not in known]:
        return _complain(f"no notebook {unknown[0]!r}; there are {', '.join(known)}", 2)
    if not check and out.exists() and (not out.is_dir() or any(out.iterdir())):
        return _complain(f"{out} is not empty. Give a new folder", 2)
    try:
        notebooks = official.woven(project, [START, *wanted])
    except official.NotebookMissing as error:
        return _complain(str(error), 1)
    leaks, count = look_for_leaks(project.root, notebooks)
    if leaks:
        for leak in leaks[:20]:
            print(leak, file=sys.stderr)
        return _complain(f"{len(leaks)} leaks, nothing written", 1)
    shown = f"{len(notebooks)} notebooks"
    print(f"{shown}: none of {count} lines of solutions, answers and checks is in them")
    if check:
        return 0
    try:
        files, size = write(project, notebooks, out)
    except OSError as error:
        return _complain(f"{out}: {error.strerror or error}", 1)
    print(f"wrote {out}: {shown}, {files} files, {size / 1e6:.0f} MB")
    print(f"\n{MIND.format(out=out)}")
    return 0


def look_for_leaks(
    root: Path, notebooks: dict[str, bytes]
) -> tuple[list[release_leaks.Leak], int]:
    """Every leak in the notebooks and the glossary, and how many secrets there are.

    Sources go with the package. What a given cell of one notebook shows is public in
    its own notebook only.
    """
    hidden = release_leaks.secrets(root)
    leaks: list[release_leaks.Leak] = []
    for name, content in notebooks.items():
        leaks += release_leaks.scan_notebook(name, json.loads(content), hidden)
    whole = [s for s in hidden if s.whole or s.what == "an explanation"]
    prose = {GLOSSARY: (root / GLOSSARY).read_text(encoding="utf-8")}
    leaks += release_leaks.scan_texts(prose, whole)
    return leaks, len(hidden)


def write(project: Project, notebooks: dict[str, bytes], out: Path) -> tuple[int, int]:
    """Make the folder beside its place, then move it there: whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    left_out = {s.path for s in project.sources() if s.name not in notebooks}
    with tempfile.TemporaryDirectory(
        prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True
    ) as beside:
        part = Path(beside) / out.name
        for path in _package_files(project.root):
            if path not in left_out:
                target = part / path.relative_to(project.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        (part / "notebooks").mkdir()
        for name, content in notebooks.items():
            (part / "notebooks" / f"{name}.ipynb").write_bytes(content)
        listed = ", ".join(f"`{name}`" for name in notebooks if name != START)
        readme = README.format(notebooks=listed or "none yet")
        (part / "README.md").write_text(readme, encoding="utf-8", newline="\n")
        sizes = [path.stat().st_size for path in part.rglob("*") if path.is_file()]
        if out.is_dir():
            out.rmdir()  # it was empty
        os.replace(part, out)
    return len(sizes), sum(sizes)


def _package_files(root: Path) -> Iterator[Path]:
    """What runs the notebooks: no caches, links or files that are not the course's."""
    for name in FILES:
        if (root / name).is_file():
            yield root / name
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            waste = any(p in _WASTE or p.endswith((".pyc", ".part")) for p in inside)
            if path.is_file() and not path.is_symlink() and not waste:
                yield path


def _complain(text: str, status: int) -> int:
    print(f"coursekit release: {text}", file=sys.stderr)
    return status
