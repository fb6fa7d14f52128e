"""Authority: CONTRIBUTING.md. Imports point one way and never in a circle, training
runs without Jupyter, and importing the package is free."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pydoc import locate

from support.process import ROOT, python

PACKAGE = ROOT / "coursekit"

TRAINING = ["theory", "models", "datasets", "training", "evaluation"]
WORK = [*TRAINING, "editing", "trust", "pipeline", "experiments", "sources"]
MACHINERY = ["checks", "weave", "plots", "widgets", "doctor", "grading"]
MAY_IMPORT = {
    "theory": {"theory"},
    "editing": {"editing"},
    "trust": {"trust"},
    "models": {"models", "theory"},
    "datasets": {"datasets", "theory", "editing"},
    "training": {"training", "editing", "trust", *TRAINING},
    "evaluation": {"evaluation", "models", "theory", "datasets", "editing", "trust"},
    "pipeline": {"pipeline", "editing", "trust", *TRAINING},
    "arena": {"arena", "pipeline", *TRAINING},
    "sources": {"sources"},
    "experiments": {
        "experiments",
        "pipeline",
        "sources",
        "editing",
        "trust",
        *TRAINING,
    },
    "checks": {"checks", "sources"},
    "weave": {"weave", "checks", "sources"},
    "plots": {"plots", *WORK},
    "widgets": {"widgets", "plots", "checks", *WORK},
    "doctor": {"doctor", "weave", *WORK},
    "grading": {"grading", "weave", "checks", "sources"},
}
ANYBODY = {"__version__", "course_folder", "files", "weights"}  # small, below all
ABSENT_ON_A_SERVER = [
    "IPython", "anywidget", "ipykernel", "ipywidgets", "jupyter_client", "jupyterlab",
    "nbformat", "nbval", "platformdirs", "pytest", "traitlets",
]  # fmt: skip


def imports(source: str, package: list[str]) -> Iterator[str]:
    """Every name that a module of `package` imports, wherever in its text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*parent, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def imported() -> dict[str, list[str]]:
    """Module of coursekit -> what it imports."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        *package, name = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join([*package, name]).removesuffix(".__init__")
        found[module] = list(imports(path.read_text(), package))
    return found


def parts(names: Iterable[str]) -> set[str]:
    """The sub-packages of coursekit among names."""
    return {name.split(".")[1] for name in names if name.startswith("coursekit.")}


def test_imports_point_one_way():
    wrong = {}
    for module, names in imported().items():
        allowed = MAY_IMPORT.get(module.partition(".")[2].partition(".")[0])
        if module == "coursekit.models.layers":
            allowed = set()
        if allowed is not None:
            wrong[module] = parts(names) - allowed - ANYBODY
    assert {module: names for module, names in wrong.items() if names} == {}
    assert set(MAY_IMPORT) | {"lectures"} == {
        path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] != "_"
    }


def test_a_lecture_imports_no_other_one():
    for module, names in imported().items():
        if module.startswith("coursekit.lectures"):
            own = module.split(".")[:3]
            others = [n for n in names if n.startswith("coursekit.lectures.")]
            assert all(n.split(".")[:3] == own for n in others), (module, others)


def missing(source: str) -> list[str]:
    """The names that a source imports from the package and that are not there."""
    names = [name for name in imports(source, []) if name.startswith("coursekit")]
    return [name for name in names if locate(name) is None]


def test_scripts_outside_the_package_import_what_is_there():
    scripts = [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("docs/*.py")]
    assert len(scripts) > 5
    for path in scripts:
        assert missing(path.read_text(encoding="utf-8")) == [], path.name


def test_canary_what_is_not_there_is_named():
    source = "from coursekit.plots import grid, maps, nothing\nimport coursekit"
    assert missing(source) == ["coursekit.plots.nothing"]
    assert missing("from coursekit.workbook import x") == ["coursekit.workbook.x"]


def test_the_import_reader_sees_every_form():
    package = ["coursekit", "theory"]
    for source in (
        "import coursekit.checks.cells",
        "from coursekit import checks",
        "from coursekit.checks import cells",
        "def f():\n    from coursekit.checks.cells import check",
        "from ..checks import cells",
        "from .. import checks",
    ):
        assert parts(imports(source, package)) == {"checks"}, source


def arrows() -> dict[str, set[str]]:
    """Module -> the modules it imports."""
    known, found = imported().keys(), {}
    for module, names in imported().items():
        used = {name if name in known else name.rpartition(".")[0] for name in names}
        found[module] = (used & known) - {module}
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle():
    graph = arrows()
    assert len(graph) > 200 and sum(map(len, graph.values())) > 500
    assert circle(graph) == []
    graph["coursekit.theory.paths"].add("coursekit.theory.flow")
    assert circle(graph), "a planted circle must be seen"


def twice(names: Iterable[str]) -> list[str]:
    """The names that stand more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_no_two_test_files_have_one_name():
    """pytest takes a file's name for its module: of two, the second is not run."""
    files = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(files) > 100 and twice(files) == []


def test_canary_a_name_that_stands_twice_is_found():
    assert twice(["test_a.py", "test_b.py", "test_a.py"]) == ["test_a.py"]


def printed(code: str) -> str:
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training_code_needs_no_jupyter():
    output = printed(f"""
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


def test_importing_the_package_is_free():
    heavy = {"torch", "numpy", "matplotlib", "ipywidgets", "scipy", "PIL", "IPython"}
    seconds, loaded = printed(
        "import sys, time; start = time.perf_counter()\n"
        "import coursekit, coursekit.cli\n"
        "print(time.perf_counter() - start, *sys.modules, sep=';')"
    ).split(";", 1)
    assert float(seconds) < 1
    assert not heavy & set(loaded.strip().split(";"))
