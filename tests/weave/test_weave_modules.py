"""Names of code by `symtable`. Authority: Python itself runs code with these names."""

import ast
from pathlib import Path

import pytest

from coursekit.sources.modules import (
    Import,
    Package,
    bound_names,
    free_names,
    imports_of,
)
from coursekit.sources.symbols import SymbolError, find
from coursekit.weave.names import Names, render


@pytest.mark.parametrize(
    ("source", "free"),
    [
        ("def f(x):\n    y = x + z\n    return y", {"z"}),
        ("def f(x: A, *a: 'B') -> list['C']: pass", {"A", "B", "C", "list"}),
        ("def f(x=D): pass", {"D"}),
        ("@deco(E)\ndef f(): pass", {"deco", "E"}),
        ("def f():\n    def g(): return h()\n    return g", {"h"}),
        ("def f(xs): return [x for x in xs if keep(x)]", {"keep"}),
        ("def f():\n    torch = 1\n    return torch", set()),
        ("def f():\n    x: Later = 1\n    return x", {"Later"}),
        ("class A(Base):\n    y = z\n    def m(self): return y", {"Base", "z", "y"}),
        ("class A:\n    def m(self): return super().m(A)", {"super"}),
        ("def f(n): return f(n - 1)", set()),
        ("X: Final = compute()", {"Final", "compute"}),
        ("def f(): return (lambda a: a + b)(1)", {"b"}),
        ("def f():\n    import math\n    return math.pi", set()),
        ("def f(k: Literal['two words']): pass", {"Literal"}),
        ("def f():\n    global G\n    return G", {"G"}),
    ],
)
def test_free_names(source, free):
    assert free_names(source) == free


def test_bound_names():
    source = (
        "import a.b\nfrom c import d as e\nf = 1\nfor g in []: pass\ndef h(): i = 1"
    )
    assert bound_names(source) == {"a", "e", "f", "g", "h"}


def test_relative_and_guarded_imports():
    tree = ast.parse(
        "from . import a\nfrom ..x import b\nfrom .y import c\n"
        "if TYPE_CHECKING:\n    from z import d\n"
        "try:\n    import e\nexcept ImportError:\n    import f as e\n"
    )
    found = {(each.binds, each.origin) for each in imports_of(tree, "p.q")}
    assert found == {
        ("a", "p.q.a"), ("b", "p.x.b"), ("c", "p.q.y.c"), ("d", "z.d"),
        ("e", "e"), ("e", "f"),
    }  # fmt: skip


def package(root: Path, **modules: str) -> Package:
    (root / "p").mkdir()
    (root / "p" / "__init__.py").write_text(modules.pop("init", ""))
    for name, text in modules.items():
        (root / "p" / f"{name}.py").write_text(text)
    return Package(root)


def need(found: Package, module: str, *names: str, cell: str = "") -> object:
    """(import lines, problems) of names of a module, in a notebook with one cell."""
    notebook, source = Names(found), found.module(module)
    if cell:
        notebook.run_cell(cell, "c")
    assert source is not None
    return notebook.need(source, set(names), "f")


def test_two_spellings_of_an_import_are_one_name(tmp_path):
    found = package(
        tmp_path,
        init="from p.m import f",
        m="import torch.nn.functional as F\n\ndef f(): return F\n",
        n="from torch.nn import functional as F\nfrom p import f\n\n"
        "def g(): return f, F\n",
    )
    cell = "import torch.nn.functional as F\nfrom p.m import f"
    assert need(found, "p.n", "f", "F", cell=cell) == ([], [])


def test_a_namesake_with_another_meaning_is_an_error(tmp_path):
    found = package(tmp_path, m="from a import x\n\ndef f(): return x\n")
    said = (
        "'x' is cell c in this notebook, but p.m means a.x. Rename the notebook's 'x'"
    )
    assert need(found, "p.m", "x", cell="x = 3") == ([], [said])


def test_submodules_are_imported_one_by_one(tmp_path):
    text = "import os.path\nimport xml.dom\n\ndef f(): return os.path, xml.dom\n"
    found, cell = package(tmp_path, m=text), "import os\nimport xml.dom"
    assert need(found, "p.m", "os", "xml", cell=cell) == (["import os.path"], [])


def test_a_broken_module_in_passing_does_not_stop_the_weave(tmp_path):
    text = "from p.bad import x\n\ndef f(): return x\n"
    found = package(tmp_path, m=text, bad="def f(:\n")
    assert need(found, "p.m", "x") == (["from p.bad import x"], [])


def test_import_lines_read_as_isort_writes_them():
    names = [
        ("coursekit.a", "b"), ("torch", "Tensor"), ("torch", "DTYPE"),
        ("torch", "arange"), (None, "torch"), (None, "math"), ("typing", "Any"),
    ]  # fmt: skip
    assert render([Import(*each, None) for each in names]) == [
        "import math", "from typing import Any", "",
        "import torch", "from torch import DTYPE, Tensor, arange", "",
        "from coursekit.a import b",
    ]  # fmt: skip


def test_a_class_that_names_itself_unquoted_is_refused(tmp_path):
    text = "from __future__ import annotations\n\nclass A:\n    def m(self) -> A: ...\n"
    with pytest.raises(SymbolError, match="Put the name in quotes"):
        find(package(tmp_path, m=text), "p.m:A")
    quoted = text.replace("-> A", "-> 'A'")
    (tmp_path / "p" / "k.py").write_text(quoted)
    assert find(Package(tmp_path), "p.k:A").name == "A"


def test_a_module_with_a_syntax_error_is_named(tmp_path):
    with pytest.raises(SymbolError, match=r"p\.m has a syntax error on line 2"):
        find(package(tmp_path, m="x = 1\ndef f(:\n"), "p.m:f")
