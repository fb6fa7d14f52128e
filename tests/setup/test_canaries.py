"""Authority: a planted error. Every checker that `make test` runs notices one, with the
repository's own settings, and lets the same file without the error pass."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "pyproject.toml"
GOOD = '''"""A module."""


def double(x: int) -> int:
    """Twice x."""
    return 2 * x
'''


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    quiet = {**os.environ, "RUFF_NO_CACHE": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        text=True,
        capture_output=True,
        env=quiet,
    )


def notebook(path: Path, *cells: str, output: str | None = None) -> Path:
    """A notebook like the woven ones; `output` is what its last cell printed."""
    written = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "source": text,
            "execution_count": None,
            "outputs": [],
        }
        for number, text in enumerate(cells)
    ]
    if output is not None:
        stream = {"name": "stdout", "output_type": "stream", "text": output}
        tags = {"tags": ["nbval-check-output"]}
        written[-1].update(execution_count=1, outputs=[stream], metadata=tags)
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": spec, "language_info": {"name": "python"}}
    content = {"cells": written, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (GOOD, ""),
        (GOOD.replace("2 * x", "2 * y"), "F821"),
        ('"""A module."""\n\nimport os\n', "F401"),
        (GOOD.replace('    """Twice x."""\n', ""), "D103"),
    ],
)
def test_ruff_notices(source: str, rule: str, tmp_path: Path) -> None:
    (tmp_path / "canary.py").write_text(source)
    done = run("ruff", "check", "--config", CONFIG, ".", cwd=tmp_path)
    assert done.returncode == bool(rule), done.stdout
    assert rule in done.stdout


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (["x = 1", "print(x)"], ""),
        (["print(undefined)"], "F821"),
        (["import os\n\nimport os\n\nprint(os)"], "F811"),
    ],
)
def test_ruff_looks_into_notebooks(cells: list[str], rule: str, tmp_path: Path) -> None:
    notebook(tmp_path / "canary.ipynb", *cells)
    done = run("ruff", "check", "--config", CONFIG, ".", cwd=tmp_path)
    assert done.returncode == bool(rule), done.stdout
    assert rule in done.stdout


def test_ruff_really_reads_the_woven_notebooks() -> None:
    listed = run("ruff", "check", "--show-files", ".", cwd=ROOT).stdout
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            assert str(path) in listed
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"]
            assert about["language_info"]["name"] == "python", "ruff skips it otherwise"


def test_ruff_format_notices(tmp_path: Path) -> None:
    (tmp_path / "canary.py").write_text(GOOD)
    command = ("ruff", "format", "--check", "--config", CONFIG, ".")
    assert run(*command, cwd=tmp_path).returncode == 0
    (tmp_path / "canary.py").write_text(GOOD.replace("2 * x", "2*x"))
    assert run(*command, cwd=tmp_path).returncode == 1


def test_mypy_notices(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "wrong.py").write_text(GOOD.replace("return 2 * x", "return str(x)"))
    (tmp_path / "bare.py").write_text("def double(x):\n    return 2 * x\n")
    cache = tmp_path / "cache"
    files = [tmp_path / name for name in ("good.py", "wrong.py", "bare.py")]
    done = run(
        "mypy", "--config-file", CONFIG, "--cache-dir", cache, *files, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "good.py" not in done.stdout
    assert "wrong.py:6: error" in done.stdout and "[return-value]" in done.stdout
    assert "bare.py:1: error" in done.stdout and "[no-untyped-def]" in done.stdout


def test_mypy_checks_the_whole_package() -> None:
    settings = CONFIG.read_text()
    assert "strict = true" in settings and 'packages = ["coursekit"]' in settings
    assert "ignore_errors" not in settings


def test_weave_check_notices(tmp_path: Path) -> None:
    from coursekit.weave.command import run as weave
    from coursekit.weave.project import Project

    here = Project.here()
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    lecture = "coursekit/lectures/l00_start"
    shutil.copytree(ROOT / lecture, tmp_path / lecture)
    if here.measured.is_dir():
        shutil.copytree(here.measured, tmp_path / "data" / "measured")
    copy = Project(tmp_path, here.package)
    assert weave(copy, ["00_start_here"], force=True) == 0
    assert weave(copy, ["00_start_here"], check=True) == 0
    source = tmp_path / lecture / "00_start_here.md"
    source.write_text(source.read_text(encoding="utf-8") + "\nOne more line.\n")
    assert weave(copy, ["00_start_here"], check=True) == 1


def test_nbval_notices(tmp_path: Path) -> None:
    checked = "print('PASS')"
    notebook(tmp_path / "good.ipynb", "x = 1", checked, output="PASS\n")
    notebook(tmp_path / "raises.ipynb", "raise ValueError('planted')")
    notebook(tmp_path / "prints.ipynb", "x = 1", checked, output="FAIL\n")
    nbval = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"]
    done = run("pytest", "-rA", "-c", CONFIG, "--rootdir=.", *nbval, ".", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "2 failed, 3 passed" in done.stdout
    for name in ("raises.ipynb::Cell 0", "prints.ipynb::Cell 1"):
        assert f"FAILED {name}" in done.stdout


def test_every_solution_notebook_has_outputs_to_compare() -> None:
    for path in sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        checks = [
            c for c in cells if "nbval-check-output" in c["metadata"].get("tags", [])
        ]
        assert checks, path.name
        for cell in checks:
            assert cell["execution_count"] is not None, "nbval would skip it"
            assert cell["outputs"], f"{path.name}: {cell['id']}"


def test_pytest_notices_a_mistyped_marker(tmp_path: Path) -> None:
    text = "import pytest\n\n\n@pytest.mark.brwoser\ndef test_one():\n    pass\n"
    (tmp_path / "test_canary.py").write_text(text)
    done = run("pytest", "-c", CONFIG, "--rootdir=.", "test_canary.py", cwd=tmp_path)
    assert done.returncode != 0
    assert "brwoser" in done.stdout
