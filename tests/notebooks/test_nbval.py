"""Notebooks under nbval, and a canary for each way in which nbval could be blind.

Authority: nbval 0.11 in a process of its own, with the options of the README.
"""

import json
from pathlib import Path

import pytest
from nbval_run import Run, code_cells, kind, nbval, untouched
from nbval_sample import edit, sample
from support.process import ROOT

NOTEBOOKS = sorted(each.stem for each in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


def explain(run: Run) -> str:
    """The end of nbval's own report."""
    return f"failed cells: {run.failed}\n{run.output[-6000:]}"


def start(way: str, name: str, scratch: Path) -> Run:
    """One of the ways to run a notebook."""
    learner = ROOT / "notebooks" / f"{name}.ipynb"
    title = f"{name} ({way})"
    if way == "solution":
        path = ROOT / "notebooks" / "solutions" / learner.name
        return nbval(path, title, scratch, keep=ROOT / ".make" / "runs")  # for the book
    # The lecture's own cells are the solution's, on the same functions, and ruff
    # finds a name that a learner's notebook lacks (test_lint).
    path = untouched(learner, scratch / "run.ipynb", whole=way == "whole")
    return nbval(path, title, scratch, strict=way == "strict")


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "way",
    [
        "solution",
        "strict",
        *(pytest.param(w, marks=LONG) for w in ("untouched", "whole")),
    ],
)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_as(way, name, tmp_path):
    """solution: passes.  strict: exactly one failed cell for each unsolved exercise, so
    nothing else fails.  untouched: reaches the end, every check line is TODO. Both of
    these without the lecture's figures.  whole: untouched, figures and all."""
    run = start(way, name, tmp_path)
    path = ROOT / "notebooks" / f"{name}.ipynb"
    if way == "strict":
        checks = [each["id"] for each in code_cells(path) if kind(each) == "check"]
        assert list(run.failed) == checks, explain(run)
    else:
        assert run.status == 0 and not run.failed, explain(run)
    ran = path if way == "solution" else tmp_path / "run.ipynb"
    assert run.cells == len(code_cells(ran))


def test_the_sample_says_todo(tmp_path):
    """Untouched and whole, but of a few cells, so that it need not wait for --long."""
    learner = sample(tmp_path).target("01_sample", "learner")
    path = untouched(learner, tmp_path / "run.ipynb")
    run = nbval(path, "sample (untouched)", tmp_path)
    assert run.status == 0 and run.failed == (), explain(run)
    assert run.peak_mb == 0 or 50 < run.peak_mb < 2000


def test_canary_wrong_solutions_and_errors_fail(tmp_path):
    path = sample(tmp_path).target("01_sample", "solution")
    edit(path, "ex-01-4", "return ", "return 2 * ")
    edit(path, "use-them", "q_sample(", "q_simple(")
    run = nbval(path, "sample (two mistakes)", tmp_path)
    assert run.failed == ("check-01-4", "use-them"), explain(run)
    assert "FAIL 01.4 q_sample" in run.output


def test_canary_without_counts_nbval_compares_nothing(tmp_path):
    """Why the weave writes execution counts: the wrong solution passes here."""
    path = sample(tmp_path).target("01_sample", "solution")
    edit(path, "ex-01-4", "return ", "return 2 * ")
    content = json.loads(path.read_bytes())
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(execution_count=None, outputs=[])
    path.write_text(json.dumps(content))
    run = nbval(path, "sample (no counts)", tmp_path)
    assert run.failed == (), explain(run)
