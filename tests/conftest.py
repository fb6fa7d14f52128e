"""How the tests are shared out over processes, and what the notebooks cost.

`make test` runs pytest-xdist with `--dist loadgroup`. A group runs in one process, in
its order, so that what a module sets up is set up once. Groups that take longest come
first: whatever is short fills the gaps at the end.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs" / "book"))  # beside the package, not in it
FIRST = (
    "tests/notebooks/test_nbval.py",
    "tests/browser/",
    "tests/grading/test_attacks.py",
    "tests/grading/",
    "tests/checks/test_exercises.py",
    "tests/training/",
)
TOGETHER = ("tests/browser/",)  # two browsers at once would wait for each other
APART = ("tests/grading/test_verdict.py",)  # each of its tests a group of its own
_COSTS: list[dict[str, Any]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: also what is left out daily."""
    parser.addoption("--long", action="store_true", help="also run what takes long")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is long, and put the groups that take long in front."""
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
    items.sort(key=_place)  # stable: within a module the order stays


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share out by `group_of`.

    xdist's own groups are written into the names of the tests, which pytest 9.2 no
    longer takes up: every test would be a group of its own (pytest-xdist#1386).
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


def group_of(test: str) -> str:
    """The module of a test, given by its id, or what the module is split into."""
    file, _, name = test.partition("::")
    for folder in TOGETHER:
        if file.startswith(folder):
            return folder
    if file in APART:
        return f"{file}::{name.partition('[')[0]}"
    if file == FIRST[0] and (notebook := re.match(r"test_notebook_as\[(\w+)", name)):
        return f"{file}::{notebook[1]}"
    return file


def _place(item: pytest.Item) -> int:
    found = [n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)]
    return found[0] if found else len(FIRST)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: hand over what the notebooks cost here."""
    ran = sys.modules.get("nbval_run")
    costs = ran.summary() if ran is not None else []
    output = getattr(session.config, "workeroutput", None)
    if output is None:
        _COSTS.extend(costs)
    else:
        output["nbval"] = costs


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the process that shares out: a worker is done."""
    _COSTS.extend(getattr(node, "workeroutput", {}).get("nbval", []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what each notebook cost, and keep it in build/nbval.json."""
    if not _COSTS:
        return
    terminalreporter.section("notebooks under nbval")
    terminalreporter.write_line(
        f"{'notebook':<34}{'cells':>6}{'failed':>8}{'seconds':>9}{'peak MB':>9}"
        "  slowest cell"
    )
    for run in sorted(_COSTS, key=lambda run: str(run["notebook"])):
        terminalreporter.write_line(
            f"{run['notebook']:<34}{run['cells']:>6}{run['failed']:>8}"
            f"{run['seconds']:>9.1f}{run['peak_mb']:>9}"
            f"  {run['slowest_cell']} ({run['slowest_seconds']} s)"
        )
    target = ROOT / "build" / "nbval.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(_COSTS, indent=1) + "\n")
