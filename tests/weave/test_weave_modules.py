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
def test_free_names(source: str, free: set[str]) -> None:
    assert free_names(source) == free


def test_bound_names() -> None:
    source = (
        "import a.b\nfrom c import d as e\nf = 1\nfor g in []: pass\ndef h(): i = 1"
    )
    assert bound_names(source) == {"a", "e", "f", "g", "h"}


def test_relative_and_guarded_imports() -> None:
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


def test_two_spellings_of_an_import_are_one_name(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        init="from p.m import f",
        m="import torch.nn.functional as F\n\ndef f(): return F\n",
        n="from torch.nn import functional as F\nfrom p import f\n\n"
        "def g(): return f, F\n",
    )
    names = Names(found)
    names.run_cell("import torch.nn.functional as F\nfrom p.m import f", "c")
    module = found.module("p.n")
    assert module is not None
    assert names.need(module, {"f", "F"}, "g") == ([], [])


def test_a_namesake_with_another_meaning_is_an_error(tmp_path: Path) -> None:
    found = package(tmp_path, m="from a import x\n\ndef f(): return x\n")
    names = Names(found)
    names.run_cell("x = 3", "c")
    module = found.module("p.m")
    assert module is not None
    lines, problems = names.need(module, {"x"}, "f")
    assert lines == []
    assert problems == [
        "'x' is cell c in this notebook, but p.m means a.x. Rename the notebook's 'x'"
    ]


def test_submodules_are_imported_one_by_one(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        m="import os.path\nimport xml.dom\n\ndef f(): return os.path, xml.dom\n",
    )
    names = Names(found)
    names.run_cell("import os\nimport xml.dom", "c")
    module = found.module("p.m")
    assert module is not None
    assert names.need(module, {"os", "xml"}, "f") == (["import os.path"], [])


def test_import_lines_read_as_isort_writes_them() -> None:
    lines = render(
        [
            Import("coursekit.a", "b", None),
            Import("torch", "Tensor", None),
            Import("torch", "DTYPE", None),
            Import("torch", "arange", None),
            Import(None, "torch", None),
            Import(None, "math", None),
            Import("typing", "Any", None),
        ]
    )
    assert lines == [
        "import math", "from typing import Any", "",
        "import torch", "from torch import DTYPE, Tensor, arange", "",
        "from coursekit.a import b",
    ]  # fmt: skip


def test_a_class_that_names_itself_unquoted_is_refused(tmp_path: Path) -> None:
    text = "from __future__ import annotations\n\nclass A:\n    def m(self) -> A: ...\n"
    with pytest.raises(SymbolError, match="Put the name in quotes"):
        find(package(tmp_path, m=text), "p.m:A")
    quoted = text.replace("-> A", "-> 'A'")
    (tmp_path / "p" / "k.py").write_text(quoted)
    assert find(Package(tmp_path), "p.k:A").name == "A"


def test_a_module_with_a_syntax_error_is_named(tmp_path: Path) -> None:
    with pytest.raises(SymbolError, match=r"p\.m has a syntax error on line 2"):
        find(package(tmp_path, m="x = 1\ndef f(:\n"), "p.m:f")


def test_a_broken_module_in_passing_does_not_stop_the_weave(tmp_path: Path) -> None:
    found = package(
        tmp_path, m="from p.bad import x\n\ndef f(): return x\n", bad="def f(:\n"
    )
    module = found.module("p.m")
    assert module is not None
    assert Names(found).need(module, {"x"}, "f") == (["from p.bad import x"], [])
