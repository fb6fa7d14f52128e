"""Authority: a planted error. Every checker that `make test` runs notices one, with the
repository's own settings, and lets the same file without the error pass."""

import subprocess
from pathlib import Path

import pytest
from nbformat import v4, write
from support.process import ROOT, python

CONFIG = ROOT / "pyproject.toml"
GOOD = '''"""A module."""


def double(x: int) -> int:
    """Twice x."""
    return 2 * x
'''


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    quiet = {"RUFF_NO_CACHE": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return python("-m", *command, cwd=cwd, **quiet)


def notebook(path: Path, *cells: str, output: str = "") -> None:
    """A notebook like the woven ones; `output` is what its last cell printed."""
    written = [v4.new_code_cell(text) for text in cells]
    if output:
        stream = v4.new_output("stream", text=output)
        tags = {"tags": ["nbval-check-output"]}
        written[-1].update(execution_count=1, outputs=[stream], metadata=tags)
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": spec, "language_info": {"name": "python"}}
    write(v4.new_notebook(cells=written, metadata=about), path)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (GOOD, ""),
        (GOOD.replace("2 * x", "2 * y"), "F821"),
        ('"""A module."""\n\nimport os\n', "F401"),
        (GOOD.replace('    """Twice x."""\n', ""), "D103"),
        (["x = 1", "print(x)"], ""),
        (["print(undefined)"], "F821"),
        (["import os\n\nimport os\n\nprint(os)"], "F811"),
    ],
)
def test_ruff_notices(source, rule, tmp_path):
    if isinstance(source, str):
        (tmp_path / "canary.py").write_text(source)
    else:
        notebook(tmp_path / "canary.ipynb", *source)
    done = run("ruff", "check", "--config", CONFIG, ".", cwd=tmp_path)
    assert done.returncode == bool(rule), done.stdout
    assert rule in done.stdout


def test_ruff_really_reads_the_woven_notebooks():
    listed = run("ruff", "check", "--show-files", ".", cwd=ROOT).stdout
    for path in ROOT.glob("notebooks/**/*.ipynb"):
        assert str(path) in listed or ".ipynb_checkpoints" in path.parts


def test_ruff_format_notices(tmp_path):
    (tmp_path / "canary.py").write_text(GOOD)
    command = ("ruff", "format", "--check", "--config", CONFIG, ".")
    assert run(*command, cwd=tmp_path).returncode == 0
    (tmp_path / "canary.py").write_text(GOOD.replace("2 * x", "2*x"))
    assert run(*command, cwd=tmp_path).returncode == 1


def test_mypy_notices(tmp_path):
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


def test_mypy_checks_the_whole_package():
    settings = CONFIG.read_text()
    assert "strict = true" in settings and 'packages = ["coursekit"]' in settings
    assert "ignore_errors" not in settings


def test_nbval_notices(tmp_path):
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


def test_pytest_notices_a_mistyped_marker(tmp_path):
    text = "import pytest\n\n\n@pytest.mark.brwoser\ndef test_one():\n    pass\n"
    (tmp_path / "test_canary.py").write_text(text)
    done = run("pytest", "-c", CONFIG, "--rootdir=.", "test_canary.py", cwd=tmp_path)
    assert done.returncode != 0
    assert "brwoser" in done.stdout
