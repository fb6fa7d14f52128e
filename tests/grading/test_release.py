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

import pytest

from coursekit import cli
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import all_exercises, by_id
from coursekit.checks.spec import ChoiceQuestion, Exercise, FormulaQuestion
from coursekit.grading import release, release_leaks
from coursekit.sources.modules import Package
from coursekit.weave.project import Project

ROOT = Path(__file__).resolve().parents[2]
Notebook = dict[str, Any]


@pytest.fixture(scope="module")
def hidden() -> list[release_leaks.Secret]:
    return release_leaks.secrets(ROOT)


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.here()


@pytest.fixture(scope="module")
def notebooks(project: Project) -> dict[str, bytes]:
    names = [source.name for source in project.sources()]
    found, problem = release.woven(project, names)
    assert problem == ""
    return found


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "handout"
    assert cli.run(["release", "--out", str(out)]) == 0
    return out


def cell(notebook: Notebook, cell_id: str) -> Notebook:
    found: Notebook = next(c for c in notebook["cells"] if c["id"] == cell_id)
    return found


def asked(notebook: bytes) -> int:
    """How many exercises of the registry a notebook has: not all have one yet."""
    about = [c["metadata"].get("coursekit", {}) for c in json.loads(notebook)["cells"]]
    known = {entry.id for entry in all_exercises()}
    return len({each["id"] for each in about if "id" in each} & known)


def solved(cell_id: str) -> str:
    path = ROOT / "notebooks" / "solutions" / "01_diffusion.ipynb"
    return "".join(cell(json.loads(path.read_bytes()), cell_id)["source"])


def body(cell_id: str) -> str:
    """A solution below its docstring."""
    return solved(cell_id).rpartition('"""\n')[2]


def message(exercise_id: str) -> str:
    entry = by_id(exercise_id)
    assert isinstance(entry, Exercise)
    return mistakes_of(entry)[0].message


def why(exercise_id: str) -> str:
    entry = by_id(exercise_id)
    assert isinstance(entry, ChoiceQuestion)
    return entry.why[entry.answer]


def source_of(module: str, beginning: str) -> str:
    """A line of how a lecture's exercises are tried."""
    path = ROOT / "coursekit" / "lectures" / module / "exercises.py"
    lines = path.read_text().splitlines()
    return next(line for line in lines if line.strip().startswith(beginning))


def append(cell_id: str, text: Callable[[], str]) -> Callable[[Notebook], None]:
    def plant(notebook: Notebook) -> None:
        target = cell(notebook, cell_id)
        target["source"] = "".join(target["source"]) + "\n" + text()

    return plant


def change(cell_id: str, **fields: Any) -> Callable[[Notebook], None]:
    return lambda notebook: cell(notebook, cell_id).update(fields)


GIVEN, CODE, TEXT = "make-schedule", "schedule-curves", "text-after-hints-01-1"
LEAKS: dict[str, Callable[[Notebook], None]] = {
    "a solution in the exercise's cell": lambda n: change(
        "ex-01-4", source=solved("ex-01-4")
    )(n),
    "a solution in a given cell": append(GIVEN, lambda: body("ex-01-4")),
    "a solution, laid out otherwise": append(
        CODE, lambda: "\n\n    ".join(body("ex-01-5").split("\n"))
    ),
    "one line of a solution in the prose": append(
        TEXT, lambda: max(body("ex-01-5").split("\n"), key=len)
    ),
    "the message of a check": append(CODE, lambda: f"# {message('01.4')}"),
    "an explanation in an output": lambda n: change(
        CODE,
        outputs=[{"output_type": "stream", "name": "stdout", "text": [why("01.20")]}],
    )(n),
    "any output": lambda n: change(
        CODE, outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]
    )(n),
    "an explanation in the metadata of a cell": lambda n: change(
        TEXT, metadata={"deep": [{"er": why("01.20")}]}
    )(n),
    "an explanation in the metadata of the notebook": lambda n: n["metadata"].update(
        note=why("01.20")
    ),
    "an answer on paper": append("ex-01-20", lambda: 'answer_01_20 = "d"'),
    "the code of an oracle": append(
        CODE, lambda: source_of("l01_diffusion", "angle = np.linspace(0.008")
    ),
    "the code that tries a solution": append(
        CODE, lambda: source_of("l01_diffusion", '"x_k for x0 = 1": fn(one')
    ),
}


@pytest.mark.parametrize("plant", LEAKS.values(), ids=list(LEAKS))
def test_a_planted_leak_is_found(
    plant: Callable[[Notebook], None],
    notebooks: dict[str, bytes],
    hidden: list[release_leaks.Secret],
) -> None:
    notebook = json.loads(notebooks["01_diffusion"])
    assert release_leaks.scan_notebook("01", notebook, hidden) == []
    plant(notebook)
    (leak, *_) = release_leaks.scan_notebook("01", notebook, hidden)
    assert str(leak).startswith("01, ") and len(str(leak)) < 200


def test_only_a_later_notebook_may_show_a_solution(
    notebooks: dict[str, bytes], hidden: list[release_leaks.Secret]
) -> None:
    notebook = json.loads(notebooks["01_diffusion"])
    LEAKS["a solution in a given cell"](notebook)
    assert release_leaks.scan_notebook("01_diffusion", notebook, hidden)
    assert not release_leaks.scan_notebook("02_later", notebook, hidden)
    LEAKS["a solution, laid out otherwise"](notebook)
    assert release_leaks.scan_notebook("02_later", notebook, hidden), "not a given one"


def test_idioms_are_few(hidden: list[release_leaks.Secret]) -> None:
    found = {line for line in release_leaks.idioms(ROOT) if len(line) >= 25}
    assert "for block in self.blocks:" in found
    assert not found & {secret.text.strip() for secret in hidden if not secret.whole}


def test_every_kind_of_secret_is_known(hidden: list[release_leaks.Secret]) -> None:
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


def test_a_solved_notebook_is_full_of_leaks(hidden: list[release_leaks.Secret]) -> None:
    for path in (ROOT / "notebooks" / "solutions").glob("*.ipynb"):
        notebook = json.loads(path.read_bytes())
        found = release_leaks.scan_notebook(path.stem, notebook, hidden)
        owners = {leak.secret.owner for leak in found}
        wanted = {
            each["metadata"]["coursekit"]["id"]
            for each in notebook["cells"]
            if each["metadata"].get("coursekit", {}).get("kind") == "exercise"
        }
        assert wanted <= owners, wanted - owners


def test_a_leak_stops_everything(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    notebooks: dict[str, bytes],
) -> None:
    notebook = json.loads(notebooks["01_diffusion"])
    LEAKS["a solution in a given cell"](notebook)
    planted = notebooks | {"01_diffusion": json.dumps(notebook).encode()}
    monkeypatch.setattr(release, "woven", lambda *args: (planted, ""))
    out = tmp_path / "out"
    assert cli.run(["release", "--out", str(out)]) == 1
    assert list(tmp_path.iterdir()) == []
    said = capsys.readouterr()
    assert "01_diffusion, cell" in said.err and "nothing written" in said.err


def test_what_somebody_wrote_into_a_copy_stays_there(tmp_path: Path) -> None:
    """The notebooks come from their sources, never from the files in notebooks/."""
    for name in ("coursekit", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "notebooks").mkdir()
    worked = tmp_path / "notebooks" / "01_diffusion.ipynb"
    worked.write_bytes((ROOT / "notebooks/solutions/01_diffusion.ipynb").read_bytes())
    project = Project(tmp_path, Package(tmp_path))
    found, problem = release.woven(project, ["01_diffusion"])
    assert problem == ""
    assert cell(json.loads(found["01_diffusion"]), "ex-01-4")["source"] != solved(
        "ex-01-4"
    )


class TestHandout:
    def test_it_holds_what_runs_and_nothing_else(self, handout: Path) -> None:
        files = {
            path.relative_to(handout).as_posix()
            for path in handout.rglob("*")
            if path.is_file()
        }
        for name in (
            "README.md",
            "Makefile",
            "run.py",
            "pyproject.toml",
            "notebooks/00_start_here.ipynb",
            "notebooks/01_diffusion.ipynb",
            "coursekit/lectures/l01_diffusion/01_diffusion.md",
            "coursekit/theory/ddpm.py",
            "data/SHA256SUMS",
            ".jupyter/jupyter_lab_config.py",
        ):
            assert name in files, name
        for name in files:
            parts = Path(name).parts
            assert not {"solutions", "tests", "benchmarks", ".git", "build"} & {*parts}
            assert "__pycache__" not in parts and not name.endswith((".pyc", ".part"))
        assert not [path for path in handout.rglob("*") if path.is_symlink()]

    def test_its_notebooks_are_the_woven_ones(
        self, handout: Path, notebooks: dict[str, bytes]
    ) -> None:
        found = {
            p.stem: p.read_bytes() for p in (handout / "notebooks").glob("*.ipynb")
        }
        assert found == notebooks

    def test_it_works_on_its_own(
        self, handout: Path, notebooks: dict[str, bytes]
    ) -> None:
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
        place, rungs, exercises = done.stdout.splitlines()[0].split()
        assert place.startswith(str(handout)) and int(rungs) > 0
        assert int(exercises) == sum(map(asked, notebooks.values()))
        assert re.search(r"\b0 of \d+ answers found", done.stdout)

    def test_the_readme_names_what_is_there(self, handout: Path) -> None:
        text = (handout / "README.md").read_text()
        assert "`01_diffusion`" in text and "00_start_here.ipynb" in text
        assert "coursekit check" in text and "solution" not in text


class TestCommand:
    def test_one_notebook_and_the_start_page(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"
        out.mkdir()
        assert cli.run(["release", "02_score_matching.ipynb", "--out", str(out)]) == 0
        names = sorted(path.name for path in (out / "notebooks").glob("*.ipynb"))
        assert names == ["00_start_here.ipynb", "02_score_matching.ipynb"]
        sources = sorted(
            path.stem for path in out.glob("coursekit/lectures/*/[0-9]*.md")
        )
        assert sources == ["00_start_here", "02_score_matching"]
        said = capsys.readouterr().out
        assert "contains the reference of every" in said, "it must be said plainly"

    def test_check_writes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out"
        assert cli.run(["release", "--check", "--out", str(out)]) == 0
        assert not out.exists()
        assert "none of" in capsys.readouterr().out

    def test_it_never_writes_over_anything(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        assert cli.run(["release", "--out", str(tmp_path)]) == 2
        assert cli.run(["release", "--out", str(tmp_path / "mine.txt")]) == 2
        assert "is not empty" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_an_unknown_notebook(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(["release", "99_magic", "--out", str(tmp_path / "x")]) == 2
        assert "there are 00_start_here, 01_diffusion" in capsys.readouterr().err

    def test_a_full_disk_leaves_nothing(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(release.shutil, "copyfile", full)
        assert cli.run(["release", "--out", str(tmp_path / "out")]) == 1
        assert list(tmp_path.iterdir()) == []
        assert "No space left" in capsys.readouterr().err
