"""Authority: CONTRIBUTING.md. Imports point one way, training runs without Jupyter,
importing the package is free, and no module grows beyond one idea."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "coursekit"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 260

TRAINING = ["theory", "models", "datasets", "training", "evaluation"]
MAY_IMPORT = {
    "theory": {"theory"},
    "models": {"models", "theory"},
    "datasets": {"datasets", "theory"},
    "training": {"training", "models", "theory", "datasets", "evaluation"},
    "evaluation": {"evaluation", "models", "theory", "datasets"},
    "pipeline": {"pipeline", *TRAINING},
    "experiments": {"experiments", "pipeline", *TRAINING},
}
ABSENT_ON_A_SERVER = [
    "IPython",
    "anywidget",
    "ipykernel",
    "ipywidgets",
    "jupyter_client",
    "jupyterlab",
    "nbformat",
    "nbval",
    "platformdirs",
    "pytest",
    "traitlets",
]


def imports(tree: ast.AST, package: list[str]) -> Iterator[str]:
    """Every module that a module of `package` names in an import statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def parts(source: str, package: list[str]) -> set[str]:
    """The sub-packages of coursekit that a source imports."""
    names = [name.split(".") for name in imports(ast.parse(source), package)]
    return {name[1] for name in names if name[0] == "coursekit" and len(name) > 1}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    package = list(path.relative_to(ROOT).parts[:-1])
    allowed = MAY_IMPORT.get(package[1]) if len(package) > 1 else None
    found = parts(path.read_text(), package)
    if allowed is not None:
        assert found <= allowed, f"{relative(path)} imports {found - allowed}"
    if relative(path) == "coursekit/models/layers.py":
        assert not found


def test_the_import_reader_sees_every_form() -> None:
    package = ["coursekit", "theory"]
    for source in (
        "import coursekit.checks.cells",
        "from coursekit import workbook",
        "from coursekit.workbook import checks",
        "def f():\n    from coursekit.checks.cells import check",
        "from ..workbook import checks",
        "from .. import workbook",
    ):
        assert parts(source, package) == {"workbook"}, source


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_one_idea(path: Path) -> None:
    count = len(path.read_text().splitlines())
    assert count <= LONGEST, f"{count} lines: that is two ideas, split it"


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training_code_needs_no_jupyter() -> None:
    output = python(f"""
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {ABSENT_ON_A_SERVER!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
count = 0
for part in {[*TRAINING, "pipeline"]!r}:
    package = importlib.import_module(f"coursekit.{{part}}")
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
        count += 1
print(count)
""")
    assert int(output) >= 10, "the walk must really find modules"


def test_importing_the_package_is_free() -> None:
    heavy = {"torch", "numpy", "matplotlib", "ipywidgets", "scipy", "PIL", "IPython"}
    seconds, loaded = python(
        "import sys, time; start = time.perf_counter()\n"
        "import coursekit, coursekit.cli\n"
        "print(time.perf_counter() - start, *sys.modules, sep=';')"
    ).split(";", 1)
    assert float(seconds) < 1
    assert not heavy & set(loaded.strip().split(";"))
