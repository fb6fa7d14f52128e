"""One symbol of the package as notebook code: in full, or as a stub to fill in.

A stub keeps decorators, signature and docstring exactly as they are written and raises
NotImplementedError. It never returns, so an untouched exercise cannot look right.
"""

import ast
import re
from dataclasses import dataclass

from coursekit.sources.modules import (
    Definition,
    FunctionNode,
    Module,
    Package,
    annotation_names,
    first_line,
)

_TARGET = re.compile(r"^([\w.]+):(\w+)(?:\.(\w+(?:,\w+)*))?$")


class SymbolError(Exception):
    """What is wrong with a symbol, as a sentence for its author."""


@dataclass(frozen=True)
class Symbol:
    """A top-level definition of a module; `methods` are those an exercise blanks."""

    module: Module
    name: str
    node: Definition
    methods: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Its dotted path."""
        return f"{self.module.name}.{self.name}"

    @property
    def target(self) -> str:
        """As written in a fence."""
        methods = "." + ",".join(self.methods) if self.methods else ""
        return f"{self.module.name}:{self.name}{methods}"

    @property
    def defines(self) -> list[str]:
        """The names its statement makes (a tuple of constants makes several)."""
        found = self.module.definitions
        return [name for name, node in found.items() if node is self.node]

    def full(self, comments: bool = False) -> str:
        """The whole source; `comments` adds the comment lines right above it."""
        return self.module.source(self.node, comments)

    def blanks(self) -> list[FunctionNode]:
        """The functions that a stub of this symbol leaves empty."""
        if isinstance(self.node, FunctionNode):
            return [self.node]
        if not isinstance(self.node, ast.ClassDef):
            raise SymbolError(
                f"{self.target} is a constant, and an exercise is a function or "
                "methods of a class. Use {weave}"
            )
        if not self.methods:
            raise SymbolError(
                f"{self.target} is a class: name the methods that the learner writes, "
                f"as in {self.target}.forward"
            )
        known = {f.name: f for f in self.node.body if isinstance(f, FunctionNode)}
        for name in self.methods:
            if name not in known:
                raise SymbolError(
                    f"{self.module.name}:{self.name} has no method '{name}'. "
                    f"It has: {', '.join(known)}"
                )
        return [known[name] for name in self.methods]

    def stub(self) -> str:
        """The source with the bodies to write left out."""
        lines = list(self.module.lines)
        blanks = sorted(self.blanks(), key=lambda node: node.lineno)
        for node in reversed(blanks):
            end = _docstring_end(node, self)
            indent = " " * node.body[0].col_offset
            lines[end : node.end_lineno] = [f"{indent}raise NotImplementedError"]
        last = (self.node.end_lineno or 0) - (len(self.module.lines) - len(lines))
        return "\n".join(lines[first_line(self.node) - 1 : last])

    def headline(self) -> str:
        """First line of the docstring, without its full stop."""
        text = ast.get_docstring(self.blanks()[0]) or ""
        return text.partition("\n")[0].rstrip(".")


def find(package: Package, target: str) -> Symbol:
    """The symbol that `module:name` or `module:Class.method,method` names.

    Raises SymbolError with what to do: bad form, no such file, no such name, syntax.
    """
    parts = _TARGET.match(target)
    if parts is None:
        raise SymbolError(
            f"'{target}' is not a symbol. Write package.module:name or "
            "package.module:Class.method"
        )
    try:
        module = package.module(parts[1])
    except SyntaxError as error:
        raise SymbolError(
            f"{parts[1]} has a syntax error on line {error.lineno}. Fix the module"
        ) from None
    if module is None:
        raise SymbolError(f"there is no module {parts[1]}. Check its name")
    node = module.definitions.get(parts[2])
    if node is None:
        known = [each for each in module.definitions if not each.startswith("_")]
        raise SymbolError(
            f"{parts[1]} does not define '{parts[2]}'. It has: {', '.join(known)}"
        )
    methods = tuple((parts[3] or "").split(",")) if parts[3] else ()
    symbol = Symbol(module, parts[2], node, methods)
    _refuse_late_annotations(symbol)
    return symbol


def _refuse_late_annotations(symbol: Symbol) -> None:
    """A class that names itself without quotes needs a __future__ import: refuse."""
    late = any(
        each.module == "__future__" and each.name == "annotations"
        for each in symbol.module.imports
    )
    if late and symbol.name in annotation_names(symbol.node, quoted=False):
        raise SymbolError(
            f"{symbol.target} names itself in an annotation, which works only under "
            f"'from __future__ import annotations'. Put the name in quotes"
        )


def _docstring_end(node: FunctionNode, symbol: Symbol) -> int:
    """Number of the docstring's last line; everything after it is the body."""
    if ast.get_docstring(node) is None:
        raise SymbolError(
            f"{symbol.target}: '{node.name}' has no docstring, and the docstring is "
            "the exercise's statement. Write one"
        )
    doc = node.body[0]
    end = doc.end_lineno or doc.lineno
    if doc.lineno == node.lineno or symbol.module.lines[end - 1][doc.end_col_offset :]:
        raise SymbolError(
            f"{symbol.target}: the docstring of '{node.name}' shares a line with code. "
            "Put it on lines of its own"
        )
    if len(node.body) < 2:
        raise SymbolError(
            f"{symbol.target}: '{node.name}' is only a docstring. Write the reference"
        )
    return end
