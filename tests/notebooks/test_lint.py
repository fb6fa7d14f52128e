"""The committed notebooks as files: clean, valid, free of answers, and linted.

Authorities: nbformat, ruff, the text of the package, the registry of exercises.
"""

import ast
import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval_run import code_cells, kind
from nbval_sample import edit, sample
from support.process import ROOT, python

from coursekit.checks.registry import all_exercises
from coursekit.sources.modules import FunctionNode, Package, first_line
from coursekit.sources.symbols import find
from coursekit.weave import command as weave_command

LEARNER = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))
REGISTRY = {entry.id: entry for entry in all_exercises()}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def ruff(path: Path) -> subprocess.CompletedProcess[str]:
    """Ruff's two rules about names, on one notebook, without any configuration."""
    rules = ("--select", "F821,F811", "--output-format=concise")
    return python("-m", "ruff", "check", "--isolated", "--no-cache", *rules, path)


def test_committed_notebooks_are_what_the_sources_give(capsys):
    status = weave_command.main(check=True)
    assert status == 0, capsys.readouterr().err


def test_every_learner_notebook_has_its_solution():
    assert [each.name for each in LEARNER] == [each.name for each in SOLUTIONS]


@pytest.mark.parametrize("path", LEARNER + SOLUTIONS, ids=name)
def test_valid_small_and_without_widget_state(path):
    notebook = load(path)
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook["metadata"]["language_info"]["name"] == "python"
    assert "widgets" not in notebook["metadata"]
    assert path.stat().st_size < 300_000


@pytest.mark.parametrize("path", LEARNER + SOLUTIONS, ids=name)
def test_names_are_defined_and_defined_once(path):
    done = ruff(path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", LEARNER + SOLUTIONS, ids=name)
def test_solutions_keep_their_check_lines_and_nothing_else(path):
    """nbval compares a cell only if it has an execution count and an output."""
    assert "check" in map(kind, code_cells(path))
    for cell in code_cells(path):
        is_check, about = kind(cell) == "check", cell["metadata"]
        assert is_check == ("nbval-check-output" in about.get("tags", []))
        if is_check and path in SOLUTIONS:
            assert cell["execution_count"] is not None
            (output,) = cell["outputs"]
            printed = "".join(output["text"])
            assert printed.startswith(f"PASS {about['coursekit']['id']}")
        else:
            assert cell["execution_count"] is None and cell["outputs"] == []


def bodies(target: str) -> list[list[str]]:
    """What the reference does, a list of lines for each function the learner writes."""
    symbol = find(Package(ROOT), target)
    return [
        [
            line.strip()
            for line in symbol.module.lines[first_line(f.body[1]) - 1 : f.end_lineno]
            if line.strip()
        ]
        for f in symbol.blanks()
    ]


@pytest.mark.parametrize("path", LEARNER, ids=name)
def test_no_reference_reaches_the_learner(path):
    """No line of it in the stub, not all of it in any other cell; and stubs raise."""
    cells = ["".join(cell["source"]) for cell in load(path)["cells"]]
    stripped = ["\n".join(map(str.strip, cell.split("\n"))) for cell in cells]
    for cell in code_cells(path):
        entry = REGISTRY.get(cell["metadata"].get("coursekit", {}).get("id", ""))
        if kind(cell) != "exercise" or entry is None:
            continue
        source = "".join(cell["source"])
        assert source.startswith(f"# exercise {entry.id}\n")
        if entry.kind != "code":
            assert f"answer_{entry.id.replace('.', '_')} = None" in source
            continue
        stubs = [
            node.body
            for node in ast.walk(ast.parse(source))
            if isinstance(node, FunctionNode)
            and "NotImplementedError" in ast.dump(node)
        ]
        assert stubs and all(
            len(body) == 2 and isinstance(body[1], ast.Raise) for body in stubs
        )
        for body in bodies(entry.symbol):
            given = [x for x in body if len(x) > 12 and x in source]
            assert not given, f"the stub of {entry.id} gives away: {given}"
            if len(body) > 1 or len(body[0]) > 30:
                shown = [cell for cell in stripped if "\n".join(body) in cell]
                assert not shown, f"{entry.id} is solved in this cell: {shown}"


@pytest.mark.parametrize("path", LEARNER, ids=name)
def test_who_replaces_a_stub_loses_no_import(path):
    """What an exercise needs is imported in the first cell."""
    for cell in code_cells(path):
        if kind(cell) == "exercise":
            source = "".join(cell["source"])
            assert not re.search(r"^(import|from) ", source, re.MULTILINE), source


@pytest.mark.parametrize("path", LEARNER, ids=name)
def test_every_exercise_is_checked_right_below(path):
    nothing = {"metadata": {}}
    for cell, following in pairwise([*code_cells(path), nothing]):
        if kind(cell) == "exercise":
            assert kind(following) == "check"
            here, below = (c["metadata"]["coursekit"]["id"] for c in (cell, following))
            assert here == below


def test_every_registered_exercise_is_in_exactly_one_notebook():
    shown = [
        cell["metadata"]["coursekit"]["id"]
        for path in LEARNER
        for cell in code_cells(path)
        if kind(cell) == "exercise"
    ]
    assert len(shown) == len(set(shown))
    numbers = [(a, int(b)) for a, _, b in (each.partition(".") for each in shown)]
    assert numbers == sorted(numbers), "numbered in the order in which they stand"
    assert set(REGISTRY) - set(shown) == set(), "registered, and in no notebook"


@pytest.mark.parametrize(
    ("cell", "old", "new", "said"),
    [
        ("use-them", "q_sample(x0", "q_simple(x0", "F821 Undefined name `q_simple`"),
        ("imports", "torch", "torch\n\n\ndef at(): ...", "F811"),
    ],
)
def test_canary_ruff_sees(tmp_path, cell, old, new, said):
    path = sample(tmp_path).target("01_sample", "learner")
    assert ruff(path).returncode == 0
    edit(path, cell, old, new)
    done = ruff(path)
    assert done.returncode == 1 and said in done.stdout


def test_canary_without_a_language_ruff_is_blind(tmp_path):
    """Why the weave writes the language: ruff skips a notebook that names none.

    Ruff 0.17 takes it from `language_info` or else from the kernelspec; older ones
    looked at `language_info` alone. The weave writes both.
    """
    path = sample(tmp_path).target("01_sample", "learner")
    edit(path, "use-them", "q_sample(x0", "q_simple(x0")
    assert ruff(path).returncode == 1
    notebook = load(path)
    assert notebook["metadata"].pop("language_info") == {"name": "python"}
    assert notebook["metadata"]["kernelspec"].pop("language") == "python"
    path.write_text(json.dumps(notebook))
    assert ruff(path).returncode == 0
