"""`coursekit weave`: build the notebooks from their sources, or compare."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from coursekit.files import write_atomic
from coursekit.sources.lectures import Source
from coursekit.sources.report import Report
from coursekit.weave.cells import ROLES, notebook_bytes
from coursekit.weave.notebook import weave
from coursekit.weave.project import Project


def build(project: Project, sources: list[Source], report: Report) -> dict[Path, bytes]:
    """Both notebooks of every source, as bytes by file. Writes nothing."""
    built: dict[Path, bytes] = {}
    for source in sources:
        cells = weave(source, project, report)
        about = {
            "source": source.shown,
            "version": project.version,
        }
        for role in ROLES:
            target = project.target(source.name, role)
            built[target] = notebook_bytes(cells, role, about)
    return built


def compare(committed: Path, wanted: bytes) -> str | None:
    """None if the file holds these bytes, else where they first differ."""
    if not committed.is_file():
        return "is missing"
    found = committed.read_bytes()
    if found == wanted:
        return None
    try:
        old, new = json.loads(found), json.loads(wanted)
        pairs = list(zip(old["cells"], new["cells"], strict=False))
        for ours, theirs in pairs:
            if ours != theirs:
                return f"differs first in the cell '{_name(ours, theirs)}'"
        if len(old["cells"]) != len(new["cells"]):
            longer = max(old["cells"], new["cells"], key=len)
            more = "lacks" if longer is new["cells"] else "has more than it should:"
            return f"{more} the cell '{longer[len(pairs)].get('id')}'"
        if old == new:
            return "has the same cells but other bytes (saved by another program)"
        return "has other metadata"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "is not a notebook"


def _name(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    return str(theirs.get("id") or ours.get("id"))


def worked_in(path: Path) -> bool:
    """Whether someone ran cells in this notebook: work that must not be lost."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return any(
            each.get("execution_count") is not None or each.get("outputs")
            for each in cells
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def write(path: Path, content: bytes) -> bool:
    """Write a file in one step; False if it held these bytes already."""
    if path.is_file() and path.read_bytes() == content:
        return False
    write_atomic(path, content)
    return True


def strays(project: Project) -> list[Path]:
    """Notebooks that no source makes."""
    names = {source.name for source in project.sources()}
    found = [
        *project.target("x", "learner").parent.glob("*.ipynb"),
        *project.target("x", "solution").parent.glob("*.ipynb"),
    ]
    return sorted(path for path in found if path.stem not in names)


def run(
    project: Project,
    names: Sequence[str] = (),
    check: bool = False,
    draft: bool = False,
    force: bool = False,
) -> int:
    """The command on one checkout: 0 well, 1 the notebooks differ, 2 bad input."""
    chosen = _chosen(project, names)
    if chosen is None:
        return 2
    report = Report()
    built = build(project, chosen, report)
    if report:
        print(report, file=sys.stderr)
        count = len(report.problems)
        print(
            f"coursekit weave: {count} mistake{'s' * (count > 1)}, "
            + ("drafts written" if draft else "nothing written"),
            file=sys.stderr,
        )
        if draft:
            _write(project, built, force)
            return 1
        return 2
    if check:
        return _check(project, built, whole=not names)
    return _write(project, built, force)


def _chosen(project: Project, names: Sequence[str]) -> list[Source] | None:
    """The sources of these names, all of them for none; None if one is unknown."""
    known = {source.name: source for source in project.sources()}
    wanted = [re.sub(r"\.(md|ipynb)$", "", Path(name).name) for name in names]
    unknown = [name for name in wanted if name not in known]
    for name in unknown:
        print(
            f"coursekit weave: no notebook {name}; "
            f"there are: {', '.join(known) or 'none'}",
            file=sys.stderr,
        )
    if unknown:
        return None
    return [known[name] for name in wanted] or list(known.values())


def _check(project: Project, built: dict[Path, bytes], whole: bool) -> int:
    different = 0
    for path, content in built.items():
        problem = compare(path, content)
        if problem:
            different += 1
            print(f"{path.relative_to(project.root)} {problem}.", file=sys.stderr)
    if whole:
        for path in strays(project):
            different += 1
            shown = path.relative_to(project.root)
            print(f"{shown} has no source. Remove it.", file=sys.stderr)
    if different:
        print(
            "Notebooks are made, not edited: change coursekit/lectures/*/*.md or "
            "the package, then run: coursekit weave",
            file=sys.stderr,
        )
        return 1
    print(f"{len(built)} notebooks agree with their sources.")
    return 0


def _write(project: Project, built: dict[Path, bytes], force: bool) -> int:
    kept = 0
    for path, content in built.items():
        shown = path.relative_to(project.root)
        if path.parent.name != "solutions" and not force and worked_in(path):
            kept += 1
            print(
                f"coursekit weave: {shown} has results in it, so someone works there. "
                "Move it away, or overwrite it with --force",
                file=sys.stderr,
            )
        elif write(path, content):
            print(f"wrote {shown}")
    if kept:
        return 1
    print(f"{len(built)} notebooks are up to date.")
    return 0


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help="Such as 01_diffusion (default: all).")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; fail if anything differs."),
    ] = False,
    draft: Annotated[
        bool, typer.Option("--draft", help="Write in spite of mistakes (exit 1).")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite notebooks with results in them.")
    ] = False,
) -> int:
    """Build notebooks/*.ipynb and notebooks/solutions/*.ipynb; nothing is executed.

    They come from coursekit/lectures/*/*.md and the package.
    """
    return run(Project.here(), names or (), check, draft, force)
