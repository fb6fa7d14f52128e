"""`coursekit release`: what learners get, and that no solution is in it.

Authorities: the woven notebooks, the text of the package, and leaks planted one by one,
each of which must be found and must stop the release.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import notebook_kit as kit
import pytest
from notebook_kit import SOLVED, Notebook

from coursekit import cli
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import all_exercises, by_id
from coursekit.checks.spec import ChoiceQuestion, Exercise, FormulaQuestion
from coursekit.grading import official, release, release_leaks
from coursekit.sources.modules import Package
from coursekit.weave.project import Project

ROOT = Path(__file__).resolve().parents[2]
Plant = Callable[[Notebook], object]


@pytest.fixture(scope="module")
def hidden() -> list[release_leaks.Secret]:
    return release_leaks.secrets(ROOT)


@pytest.fixture(scope="module")
def notebooks() -> dict[str, bytes]:
    project = Project.here()
    names = [source.name for source in project.sources()]
    return official.woven(project, names)


@pytest.fixture
def first(notebooks: dict[str, bytes]) -> Notebook:
    """Notebook 01 as learners get it."""
    found: Notebook = json.loads(notebooks["01_diffusion"])
    return found


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "handout"
    assert cli.run(["release", "--out", str(out)]) == 0
    return out


def exercises(notebook: Notebook) -> list[str]:
    """The ids of a notebook's exercises."""
    about = [cell["metadata"].get("coursekit", {}) for cell in notebook["cells"]]
    return [each["id"] for each in about if each.get("kind") == "exercise"]


def source_of(beginning: str) -> str:
    """A line of how lecture 1's exercises are tried."""
    path = ROOT / "coursekit" / "lectures" / "l01_diffusion" / "exercises.py"
    lines = path.read_text().splitlines()
    return next(line for line in lines if line.strip().startswith(beginning))


def append(cell_id: str, text: str) -> Plant:
    return lambda n: kit.put(n, f"{kit.text(n, cell_id)}\n{text}", cell_id)


def change(cell_id: str, **fields: Any) -> Plant:
    return lambda n: kit.cell(n, cell_id).update(fields)


def printed(text: Any) -> Plant:
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return change(CODE, outputs=[output])


GIVEN, CODE, TEXT = "make-schedule", "schedule-curves", "text-after-hints-01-1"
SOLUTION = kit.text(kit.solved(), "01.4")
BELOW_4, BELOW_5 = (  # two solutions below their docstrings
    kit.text(kit.solved(), each).rpartition('"""\n')[2] for each in ("01.4", "01.5")
)
SAMPLE, QUESTION = by_id("01.4"), by_id("01.22")
assert isinstance(SAMPLE, Exercise) and isinstance(QUESTION, ChoiceQuestion)
WHY, LONGEST = QUESTION.why[QUESTION.answer], max(BELOW_5.split("\n"), key=len)
LEAKS: dict[str, Plant] = {
    "a solution in the exercise's cell": change("ex-01-4", source=SOLUTION),
    "a solution in a given cell": append(GIVEN, BELOW_4),
    "a solution, laid out otherwise": append(CODE, BELOW_5.replace("\n", "\n\n    ")),
    "one line of a solution in the prose": append(TEXT, LONGEST),
    "the message of a check": append(CODE, f"# {mistakes_of(SAMPLE)[0].message}"),
    "an explanation in an output": printed([WHY]),
    "any output": printed("1"),
    "an explanation in a cell's metadata": change(TEXT, metadata={"a": [{"b": WHY}]}),
    "an explanation in the notebook's": lambda n: n["metadata"].update(note=WHY),
    "an answer on paper": append("ex-01-22", 'answer_01_22 = "d"'),
    "the code of an oracle": append(CODE, source_of("angle = np.linspace(0.008")),
    "the code that tries a solution": append(CODE, source_of('"x_k for x0 = 1": fn(')),
}


@pytest.mark.parametrize("plant", LEAKS.values(), ids=list(LEAKS))
def test_a_planted_leak_is_found(plant, first, hidden):
    assert release_leaks.scan_notebook("01", first, hidden) == []
    plant(first)
    (leak, *_) = release_leaks.scan_notebook("01", first, hidden)
    assert str(leak).startswith("01, ") and len(str(leak)) < 200


def test_only_a_later_notebook_may_show_a_solution(first, hidden):
    LEAKS["a solution in a given cell"](first)
    assert release_leaks.scan_notebook("01_diffusion", first, hidden)
    assert not release_leaks.scan_notebook("02_later", first, hidden)
    LEAKS["a solution, laid out otherwise"](first)
    assert release_leaks.scan_notebook("02_later", first, hidden), "not a given one"


def test_idioms_are_few(hidden):
    found = {line for line in release_leaks.idioms(ROOT) if len(line) >= 25}
    assert "for block in self.blocks:" in found
    assert not found & {secret.text.strip() for secret in hidden if not secret.whole}


def test_every_kind_of_secret_is_known(hidden):
    by_owner: dict[str, set[str]] = {}
    for secret in hidden:
        by_owner.setdefault(secret.owner, set()).add(secret.what)
    for entry in all_exercises():
        if isinstance(entry, Exercise):
            assert by_owner[entry.id] & {"the whole solution", "a line of the solution"}
            assert "the message of a check" in by_owner[entry.id]
        elif isinstance(entry, ChoiceQuestion):
            assert "an explanation" in by_owner[entry.id]
        else:
            assert isinstance(entry, FormulaQuestion)
    assert sum(secret.what == "a line of the check" for secret in hidden) > 400
    assert all(s.whole or len(s.text) >= release_leaks.SHORTEST for s in hidden)


def test_a_solved_notebook_is_full_of_leaks(hidden):
    for path in SOLVED.glob("*.ipynb"):
        notebook = json.loads(path.read_bytes())
        found = release_leaks.scan_notebook(path.stem, notebook, hidden)
        owners = {leak.secret.owner for leak in found}
        assert set(exercises(notebook)) <= owners


def test_a_leak_stops_everything(tmp_path, monkeypatch, capsys, notebooks, first):
    LEAKS["a solution in a given cell"](first)
    planted = notebooks | {"01_diffusion": json.dumps(first).encode()}
    monkeypatch.setattr(official, "woven", lambda *args: planted)
    assert cli.run(["release", "--out", str(tmp_path / "out")]) == 1
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr()
    assert "01_diffusion, cell" in said.err and "nothing written" in said.err


def test_what_somebody_wrote_into_a_copy_stays_there(tmp_path):
    """The notebooks come from their sources, never from the files in notebooks/."""
    for name in ("coursekit", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "notebooks").mkdir()
    worked = tmp_path / "notebooks" / "01_diffusion.ipynb"
    worked.write_bytes((SOLVED / worked.name).read_bytes())
    project = Project(tmp_path, Package(tmp_path))
    found = official.woven(project, ["01_diffusion"])
    assert kit.text(json.loads(found["01_diffusion"])) != SOLUTION


NEEDED = """
README.md Makefile run.py pyproject.toml .jupyter/jupyter_lab_config.py data/SHA256SUMS
notebooks/00_start_here.ipynb notebooks/01_diffusion.ipynb coursekit/theory/ddpm.py
coursekit/lectures/l01_diffusion/01_diffusion.md
"""


class TestHandout:
    def test_it_holds_what_runs_and_nothing_else(self, handout):
        paths = list(handout.rglob("*"))
        files = {p.relative_to(handout).as_posix() for p in paths if p.is_file()}
        assert set(NEEDED.split()) <= files, set(NEEDED.split()) - files
        for name in files:
            parts = Path(name).parts
            assert not {"solutions", "tests", "benchmarks", ".git", "build"} & {*parts}
            assert "__pycache__" not in parts and not name.endswith((".pyc", ".part"))
        assert not any(path.is_symlink() for path in paths)

    def test_its_notebooks_are_the_woven_ones(self, handout, notebooks):
        files = (handout / "notebooks").glob("*.ipynb")
        assert {path.stem: path.read_bytes() for path in files} == notebooks

    def test_it_works_on_its_own(self, handout, notebooks):
        code = (
            "import coursekit; from coursekit.checks import hints, progress\n"
            "from coursekit import cli\n"
            "print(coursekit.__file__, len(hints.ladder('01.1')),"
            " len(progress.summary()['exercises']))\n"
            "raise SystemExit(cli.run(['check', 'notebooks/01_diffusion.ipynb']))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=handout,
            env={**os.environ, "PYTHONPATH": str(handout)},
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        place, rungs, asked = done.stdout.splitlines()[0].split()
        assert place.startswith(str(handout)) and int(rungs) > 0
        woven = [exercises(json.loads(each)) for each in notebooks.values()]
        assert int(asked) == sum(map(len, woven))
        assert re.search(r"\b0 of \d+ answers found", done.stdout)

    def test_the_readme_names_what_is_there(self, handout):
        text = (handout / "README.md").read_text()
        assert "`01_diffusion`" in text and "00_start_here.ipynb" in text
        assert "coursekit check" in text and "solution" not in text


class TestCommand:
    def test_one_notebook_and_the_start_page(self, tmp_path, capsys):
        out = tmp_path / "out"
        out.mkdir()
        assert cli.run(["release", "02_score_matching.ipynb", "--out", str(out)]) == 0
        for files in ("notebooks/*.ipynb", "coursekit/lectures/*/[0-9]*.md"):
            names = sorted(path.stem for path in out.glob(files))
            assert names == ["00_start_here", "02_score_matching"]
        said = capsys.readouterr().out
        assert "contains the reference of every" in said, "it must be said plainly"

    def test_check_writes_nothing(self, tmp_path, capsys):
        out = tmp_path / "out"
        assert cli.run(["release", "--check", "--out", str(out)]) == 0
        assert not out.exists()
        assert "none of" in capsys.readouterr().out

    def test_it_never_writes_over_anything(self, tmp_path, capsys):
        (tmp_path / "mine.txt").write_text("mine")
        assert cli.run(["release", "--out", str(tmp_path)]) == 2
        assert cli.run(["release", "--out", str(tmp_path / "mine.txt")]) == 2
        assert "is not empty" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_an_unknown_notebook(self, tmp_path, capsys):
        assert cli.run(["release", "99_magic", "--out", str(tmp_path / "x")]) == 2
        assert "there are 00_start_here, 01_diffusion" in capsys.readouterr().err

    def test_a_full_disk_leaves_nothing(self, tmp_path, monkeypatch, capsys):
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(release.shutil, "copyfile", full)
        assert cli.run(["release", "--out", str(tmp_path / "out")]) == 1
        assert list(tmp_path.iterdir()) == []
        assert "No space left" in capsys.readouterr().err
