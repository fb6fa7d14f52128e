"""`coursekit weave` as its user meets it: files, exit codes, messages, canaries."""

import json
import os
import time
from pathlib import Path

import pytest
from support.process import python
from weave_toy import add_lecture, project

from coursekit.weave.command import run
from coursekit.weave.project import Project


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """A checkout whose notebooks are up to date."""
    found = project(tmp_path)
    assert run(found) == 0
    capsys.readouterr()
    return found


def test_it_writes_both_notebooks_and_says_so(tmp_path, capsys):
    assert run(project(tmp_path)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote notebooks/01_toys.ipynb",
        "wrote notebooks/solutions/01_toys.ipynb",
        "2 notebooks are up to date.",
    ]


def test_weaving_twice_touches_nothing(here, capsys):
    target = here.target("01_toys", "learner")
    os.utime(target, (1, 1))
    assert run(here) == 0
    assert target.stat().st_mtime == 1
    assert capsys.readouterr().out == "2 notebooks are up to date.\n"
    leftovers = [*here.root.glob("notebooks/**/*.part"), *here.root.glob("**/.*.part")]
    assert leftovers == []


def test_check_passes_after_weave(here, capsys):
    assert run(here, check=True) == 0
    assert capsys.readouterr().out == "2 notebooks agree with their sources.\n"


def damage(path: Path, cell_id: str, **changes: object) -> bytes:
    """Change one cell of a notebook; the bytes that the file then has."""
    notebook = json.loads(path.read_text())
    cell = next(each for each in notebook["cells"] if each["id"] == cell_id)
    cell.update(changes)
    path.write_text(json.dumps(notebook))
    return path.read_bytes()


@pytest.mark.parametrize("role", ["learner", "solution"])
def test_canary_an_edited_notebook_fails_the_check(here, capsys, role):
    path = here.target("01_toys", role)
    before = damage(path, "clip", source=["# edited here\n"])
    assert run(here, check=True) == 1
    assert capsys.readouterr().err == (
        f"{path.relative_to(here.root)} differs first in the cell 'clip'.\n"
        "Notebooks are made, not edited: change coursekit/lectures/*/*.md or the "
        "package, then run: coursekit weave\n"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "cell"),
    [
        ("toy/maths.py", "min(max(x, LOW), HIGH)", "x", "clip"),
        ("coursekit/lectures/l01_toys/01_toys.md", "Words", "More", "text-1-toys"),
        ("data/measured/01.A.json", "3.14159", "3.2", "ledger"),
    ],
)
def test_canary_a_changed_source_fails_the_check(here, capsys, file, old, new, cell):
    path = here.root / file
    path.write_text(path.read_text().replace(old, new))
    fresh = Project(here.root, type(here.package)(here.root), "9.8.7")
    assert run(fresh, check=True) == 1
    said = f"01_toys.ipynb differs first in the cell '{cell}'"
    assert said in capsys.readouterr().err


def test_check_says_how_a_file_differs(here, capsys):
    path = here.target("01_toys", "learner")
    notebook = json.loads(path.read_text())
    about, cells = notebook["metadata"], notebook["cells"]
    mine = {**cells[-1], "id": "mine"}
    for change, words in [
        ({}, "has the same cells but other bytes (saved by another program)"),
        ({"metadata": about | {"kernelspec": {}}}, "has other metadata"),
        ({"cells": cells[:-1]}, "lacks the cell 'ledger'"),
        ({"cells": [*cells, mine]}, "has more than it should: the cell 'mine'"),
    ]:
        path.write_text(json.dumps(notebook | change))
        assert run(here, check=True) == 1
        assert f"notebooks/01_toys.ipynb {words}." in capsys.readouterr().err
    path.write_text(json.dumps(notebook)[:100])
    assert run(here, check=True) == 1
    assert "notebooks/01_toys.ipynb is not a notebook." in capsys.readouterr().err
    path.unlink()
    assert run(here, check=True) == 1
    assert "notebooks/01_toys.ipynb is missing." in capsys.readouterr().err


def test_check_finds_notebooks_without_a_source(here, capsys):
    (here.root / "notebooks/solutions/99_old.ipynb").write_text("{}")
    assert run(here, check=True) == 1
    err = capsys.readouterr().err
    assert "notebooks/solutions/99_old.ipynb has no source. Remove it." in err
    assert run(here, ["01_toys"], check=True) == 0


def test_a_notebook_someone_works_in_is_not_overwritten(here, capsys):
    path = here.target("01_toys", "learner")
    before = damage(path, "setup", execution_count=7)
    assert run(here) == 1
    said = "someone works there. Move it away, or overwrite it with --force"
    assert said in capsys.readouterr().err
    assert path.read_bytes() == before
    assert run(here, force=True) == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    "name", ["01_toys", "01_toys.md", "notebooks/01_toys.ipynb", "./01_toys.ipynb"]
)
def test_one_notebook_by_name(here, name):
    add_lecture(here.root, "no title\n", "02_bad")
    assert run(here, [name]) == 0


def test_unknown_name(here, capsys):
    assert run(here, ["01_toy"]) == 2
    assert capsys.readouterr().err == (
        "coursekit weave: no notebook 01_toy; there are: 01_toys\n"
    )


def test_hash_seed_and_locale_do_not_change_the_bytes(tmp_path):
    """Sets are iterated in another order under every hash seed."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from weave_toy import project\n"
        "from coursekit.weave.command import run\n"
        "sys.exit(run(project(Path(sys.argv[2]))))"
    )
    written = []
    for seed in ("0", "1", "2"):
        root = tmp_path / seed
        here = Path(__file__).parent
        done = python("-c", script, here, root, PYTHONHASHSEED=seed, LC_ALL="C")
        assert done.returncode == 0, done.stderr
        written.append([p.read_bytes() for p in sorted(root.rglob("*.ipynb"))])
    assert written[0] == written[1] == written[2]


def test_the_real_weave_needs_no_torch_and_is_quick(record_property):
    script = (
        "import sys; from coursekit.weave import command as w\n"
        "code = w.main(check=True); print('torch' in sys.modules, file=sys.stderr)"
    )
    start = time.perf_counter()
    done = python("-c", script)
    record_property("weave_seconds", round(time.perf_counter() - start, 2))
    assert done.stderr.splitlines()[-1] == "False"
