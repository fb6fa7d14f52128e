"""The package as kernels get it: the body of every exercise is a stub.

A module of exercises keeps the short functions that call a learner's version, and what
they use. Inputs, oracles and wrong versions stay with the grader.
"""

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path

from coursekit.checks.registry import code_exercises
from coursekit.sources.modules import FunctionNode, Package, first_line
from coursekit.sources.symbols import find

EXERCISES = "exercises.py"
TEXTS = Path("data", "text")
SAID = "the course's own answer to this exercise is not here"


def write(package: Path, target: Path) -> None:
    """Write the stubbed form of the package into the folder `target`/coursekit.

    Beside it the texts that exercises read, in `target`/data.
    """
    place = target / package.name
    # Lectures are written in Markdown, with the answers to the paper questions.
    shutil.copytree(package, place, ignore=shutil.ignore_patterns("*.md"))
    if (package.parent / TEXTS).is_dir():
        shutil.copytree(package.parent / TEXTS, target / TEXTS)
    everything = Package(package.parent)
    blanks: dict[str, list[FunctionNode]] = {}
    for exercise in code_exercises():
        symbol = find(everything, exercise.symbol)
        blanks.setdefault(symbol.module.name, []).extend(symbol.blanks())
    for name, functions in blanks.items():
        module = everything.module(name)
        assert module is not None
        path = target / module.path.relative_to(package.parent)
        _exchange(path, without_bodies(module.lines, functions))
    for path in sorted((place / "lectures").glob(f"*/{EXERCISES}")):
        _exchange(path, calls_only(path.read_text(encoding="utf-8")))


def _exchange(path: Path, text: str) -> None:
    """Another text for a module, and no code of the old one: `import` would read it."""
    path.write_text(text, encoding="utf-8")
    for old in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        old.unlink()


def without_bodies(lines: list[str], functions: Iterable[FunctionNode]) -> str:
    """The text of a module in which these functions raise NotImplementedError."""
    lines = list(lines)
    for node in sorted(functions, key=lambda each: -each.lineno):
        indent = " " * node.body[0].col_offset
        stub = [f"{indent}raise NotImplementedError({SAID!r})"]
        if any(isinstance(n, ast.Name) and n.id == "super" for n in ast.walk(node)):
            # Its code has a cell for the class, and the stub must have one to be
            # filled later (`filling.put`).
            stub.insert(0, f"{indent}__class__  # noqa: B018")
        lines[first_line(node.body[0]) - 1 : node.end_lineno] = stub
    return "\n".join(lines)


def calls_only(text: str) -> str:
    """A module of exercises less all that its calls do not use."""
    tree = ast.parse(text)
    made: dict[str, ast.stmt] = {}
    kept: set[ast.stmt] = set()
    waiting: list[ast.stmt] = []
    for node in tree.body:
        made.update(dict.fromkeys(_makes(node), node))
        if isinstance(node, ast.Import | ast.ImportFrom):
            kept.add(node)
        elif isinstance(node, FunctionNode) and any(map(_tries, node.decorator_list)):
            node.decorator_list = []
            waiting.append(node)
    while waiting:
        node = waiting.pop()
        kept.add(node)
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & made.keys()
        waiting += [made[name] for name in used if made[name] not in kept]
    tree.body = [node for node in tree.body if node in kept]
    return ast.unparse(tree) + "\n"


def _makes(node: ast.stmt) -> list[str]:
    """The names that a statement of the top level makes, imports left out."""
    if isinstance(node, FunctionNode | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        stores = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        return [n.id for n in stores if isinstance(n.ctx, ast.Store)]
    return []


def _tries(decorator: ast.expr) -> bool:
    """Is it `@tried(...)`?"""
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "tried"
