"""What kept numbers depend on: code and weights, as a mark that changes with them.

The code is the function and every function, class and constant of this package that it
reaches by name; comments, docstrings and empty lines do not count. The weights are
those of the checkpoints that this code names.
"""

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from coursekit.sources.modules import FunctionNode, Module, Package, imports_of

Documented = ast.ClassDef | FunctionNode
ROOT = Path(__file__).parents[2]


def code_mark(function: Callable[..., Any]) -> str:
    """Sixteen letters for what is behind a function, a method or a partial of one.

    A function inside another counts as that one. Code outside this package has no mark
    of its own.
    """
    while isinstance(function, partial):
        function = function.func
    name = function.__qualname__.partition(".")[0]
    return mark(f"{function.__module__}.{name}")


@cache
def mark(origin: str, root: Path = ROOT) -> str:
    """The same by dotted name. root: the folder that holds its package, and data/."""
    texts = reached(origin, Package(root))
    told = json.dumps([texts, _weights("\n".join(texts.values()), root)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _weights(text: str, root: Path) -> dict[str, str]:
    """Name -> SHA-256, of the checkpoints that a text names."""
    cards = sorted((root / "data").glob("*/*/card.json"))
    named = [path for path in cards if f'"{path.parent.name}"' in text]
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["sha256"]
        for path in named
    }


def reached(origin: str, package: Package) -> dict[str, str]:
    """Dotted name -> text, of a definition and all that it reaches, in order."""
    own, found, waiting = origin.partition(".")[0], dict[str, str](), [origin]
    while waiting:
        name = package.canonical(waiting.pop())
        if name in found or name.partition(".")[0] != own:
            continue
        module, defined = package.module(name.rpartition(".")[0]), ""
        if module is not None:
            defined = name.rpartition(".")[2]
        if module is None or defined not in module.definitions:
            continue
        node = module.definitions[defined]
        found[name] = bare(module.source(node))
        waiting += _named(node, module)
    return dict(sorted(found.items()))


def _named(node: ast.stmt, module: Module) -> Iterator[str]:
    """Dotted names of what a definition may reach; too many rather than too few."""
    statements = [each for each in ast.walk(node) if isinstance(each, ast.stmt)]
    inside = imports_of(ast.Module(statements, []))
    imported = {each.binds: each.origin for each in (*module.imports, *inside)}
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Name):
            yield imported.get(leaf.id, f"{module.name}.{leaf.id}")
        elif isinstance(leaf, ast.Attribute) and isinstance(leaf.value, ast.Name):
            yield f"{imported.get(leaf.value.id, leaf.value.id)}.{leaf.attr}"


def bare(text: str) -> str:
    """Code without what no result depends on."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            for row in range(first.lineno - 1, first.end_lineno or first.lineno):
                lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())
