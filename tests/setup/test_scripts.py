"""Scripts outside the package still find what they import. Authority: Python."""

import ast
import importlib
from importlib.util import find_spec

from support.process import ROOT

SCRIPTS = sorted([*ROOT.glob("benchmarks/*.py"), *ROOT.glob("docs/*.py")])


def missing(source: str) -> list[str]:
    """The names that a source imports from the package and that are not there."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if not isinstance(node, ast.ImportFrom) or not name.startswith("coursekit"):
            continue
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            found.append(name)
            continue
        for alias in node.names:
            whole = f"{name}.{alias.name}"
            if not hasattr(module, alias.name) and find_spec(whole) is None:
                found.append(whole)
    return found


def test_scripts_import_what_is_there():
    assert len(SCRIPTS) > 5
    for path in SCRIPTS:
        assert missing(path.read_text(encoding="utf-8")) == [], path.name


def test_canary_what_is_not_there_is_named():
    source = "from coursekit.plots import grid, maps, nothing\nimport coursekit"
    assert missing(source) == ["coursekit.plots.nothing"]
    assert missing("from coursekit.workbook import x") == ["coursekit.workbook"]
