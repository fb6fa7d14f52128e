"""The code of a cell, taken apart without running it.

A cell is a list of top-level statements. Of each we know which names it makes, which
it needs when it runs, and which only when its functions are called. Cells come from
students, so nothing here may raise or take long.
"""

import ast
import re
import symtable
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from coursekit.sources.modules import first_line

Kind = Literal["def", "import", "assign", "block", "change", "check", "other"]

MOST_STATEMENTS = 2000
# What the parser may raise for a source that is no Python, or too deep for it.
ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)

_JUDGES = re.compile(r"coursekit\.(checks|lectures\.\w+\.exercises)\b")
_CHECKS = {"check", "check_answer", "hint", "reveal"}
_GROW = {"append", "extend", "add", "update", "insert", "setdefault", "register"}
_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
_CELL_MAGIC = re.compile(r"\A(\s*)%%(time|timeit|capture|prun)\b.*$", re.MULTILINE)
_OFF = re.compile(r"\A\s*%%(?!(?:time|timeit|capture|prun)\b)(\w+)")  # no Python below
_LINE_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
_TOP_MAGIC = re.compile(r"^()(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", re.MULTILINE)
_SET_MAGIC = re.compile(r"^([ \t]*\w+[ \t]*=[ \t]*)[%!].*$", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Statement:
    """One top-level statement.

    kind: "block" is an if, try or with; "change" alters what a name holds (its name is
    in `binds`); "check" is one of the course's check lines.
    now, later: names needed when it runs, and when its functions are called.
    """

    node: ast.stmt
    kind: Kind
    text: str
    first: int  # lines, from 0; last is included
    last: int
    alone: bool  # no other statement on its lines
    binds: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]

    @property
    def star(self) -> bool:
        """Is it `from module import *`?"""
        node = self.node
        return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"

    @property
    def future(self) -> bool:
        """Is it `from __future__ import ...`?"""
        node = self.node
        return isinstance(node, ast.ImportFrom) and node.module == "__future__"


@dataclass(frozen=True)
class Code:
    """A cell's code. error: why it is no Python, or ""; then it has no statements.

    text: as it was read, with magics muted, line by line the same as the source.
    """

    source: str
    text: str = ""
    statements: tuple[Statement, ...] = ()
    error: str = ""

    @cached_property
    def binds(self) -> frozenset[str]:
        """All names that it makes, check lines left out."""
        made = (each.binds for each in self.statements if each.kind != "check")
        return frozenset().union(*made)

    def defining(self, name: str) -> Statement | None:
        """The last statement that defines a name by def, class or assignment."""
        kinds = ("def", "assign", "block")
        found = [s for s in self.statements if s.kind in kinds and name in s.binds]
        return found[-1] if found else None

    def without(self, dropped: set[Statement]) -> str:
        """The text less some statements; comments stay, and magics."""
        lines = self.source.split("\n")
        gone = {n for s in dropped if s.alone for n in range(s.first, s.last + 1)}
        return "\n".join(line for n, line in enumerate(lines) if n not in gone)


def parse(source: str) -> Code:
    """Take a cell apart. Never raises; Jupyter's magics become `pass`."""
    error = ""
    if off := _OFF.match(source):
        return Code(source, error=f"it is switched off by %%{off[1]}")
    for text in _readings(source):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
                if len(tree.body) > MOST_STATEMENTS:
                    return Code(source, error="it has too many statements")
                return Code(source, text, tuple(_statements(tree, text)))
        except ERRORS as problem:
            error = error or _reason(problem)
    return Code(source, error=error)


def _readings(source: str) -> Iterator[str]:
    """The text itself; if that is no Python, as Jupyter would understand it."""
    yield source
    text = _CELL_MAGIC.sub(r"\1pass", source)
    text = _SET_MAGIC.sub(r"\1None", text)
    for pattern in (_TOP_MAGIC, _LINE_MAGIC):  # `% b)` inside brackets is no magic
        muted = pattern.sub(r"\1pass", text)
        if muted != source:
            yield muted
    text = muted
    indent = re.match(r"(?:[ \t]*\n)*([ \t]+)", text)
    if indent:
        yield re.sub(rf"^{indent[1]}", "", text, flags=re.MULTILINE)


def _reason(problem: BaseException) -> str:
    if isinstance(problem, SyntaxError):
        return f"line {problem.lineno or 1}: {(problem.msg or 'not Python')[:80]}"
    return "it is nested too deeply"


def _statements(tree: ast.Module, text: str) -> Iterator[Statement]:
    lines = text.split("\n")
    spans = [(first_line(n) - 1, (n.end_lineno or n.lineno) - 1) for n in tree.body]
    shared = Counter(line for span in spans for line in {*span})
    for node, (first, last) in zip(tree.body, spans, strict=True):
        alone = shared[first] == shared[last] == 1
        own = "\n".join(lines[first : last + 1]) if alone else ast.unparse(node)
        binds, now, later = _names(own)
        now |= _added_to(node)
        kind = _kind(node)
        if kind == "change":
            binds = _changed(node)
        yield Statement(node, kind, own, first, last, alone, binds, now, later)


def _names(
    text: str,
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names made, needed at once, and needed later, with Python's own scoping rules."""
    top = symtable.symtable(text, "<cell>", "exec")
    binds, now, later = set[str](), set[str](), set[str]()
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            binds.add(symbol.get_name())
        if symbol.is_referenced():
            now.add(symbol.get_name())
    queue = [(child, True) for child in top.get_children()]
    for table, at_once in queue:
        runs = table.get_type() == "class" or table.get_name() in _COMPREHENSIONS
        needed = now if at_once and runs else later
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                needed.add(symbol.get_name())
        queue += [(child, at_once and runs) for child in table.get_children()]
    return frozenset(binds), frozenset(now), frozenset(later)


def _added_to(node: ast.stmt) -> set[str]:
    """The names that `x += 1` needs, which symtable does not count as references."""
    if isinstance(node, Function | ast.ClassDef):
        return set()
    adds = [each.target for each in ast.walk(node) if isinstance(each, ast.AugAssign)]
    return {target.id for target in adds if isinstance(target, ast.Name)}


def _kind(node: ast.stmt) -> Kind:
    value = getattr(node, "value", None)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        if value.func.id in _CHECKS:
            return "check"
    match node:
        case ast.ImportFrom(module=str() as name) if _JUDGES.match(name):
            return "check"
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return "def"
        case ast.Import() | ast.ImportFrom():
            return "import"
        case ast.AnnAssign(value=None):
            return "other"
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return "change" if _changed(node) else "assign"
        case ast.Expr() if any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)):
            return "assign"
        case ast.Expr() if _changed(node):
            return "change"
        case ast.If() | ast.Try() | ast.With():
            return "block"
    return "other"


def _changed(node: ast.stmt) -> frozenset[str]:
    """The names whose contents a statement alters: `x[0] = 1`, `x.append(1)`."""
    targets: list[ast.expr] = []
    match node:
        case ast.Assign():
            targets = node.targets
        case ast.AnnAssign() | ast.AugAssign():
            targets = [node.target]
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr) as method)):
            targets = [method] if attr in _GROW else []
    found = set[str]()
    for base in targets:
        whole = base
        while isinstance(base, ast.Attribute | ast.Subscript):
            base = base.value
        if base is not whole and isinstance(base, ast.Name):
            found.add(base.id)
    return frozenset(found)
