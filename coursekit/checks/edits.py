"""A wrong version written as an edit of the right one: replace this text by that.

The text that is edited is the reference's source without its docstrings. The old text
must occur exactly once; runs of white space count as one blank, so a line that ruff
wraps stays found. An empty old text stands for the whole body of the function.

Only text of the package is ever compiled: a reference, and what an author wrote.
"""

import ast
import importlib
import re
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from coursekit.sources.lectures import ROOT
from coursekit.sources.modules import Package
from coursekit.sources.symbols import SymbolError, find

Edit = tuple[str, str]  # old text, new text


class EditError(ValueError):
    """An edit that does not fit its reference; the message says which and why."""


@cache
def here() -> Package:
    """The package that is running, as text."""
    return Package(ROOT)


def bare_source(symbol: str, package: Package) -> str:
    """The source of "module:name" (for a method: of its class), without docstrings.

    Raises EditError when there is no such symbol.
    """
    try:
        source = find(package, symbol).full()
    except SymbolError as error:
        raise EditError(str(error)) from None
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = node.body[0]
            last = text.end_lineno or text.lineno
            lines[text.lineno - 1 : last] = [""] * (last - text.lineno + 1)
            if len(node.body) == 1:
                lines[text.lineno - 1] = " " * text.col_offset + "pass"
    return "\n".join(line for line in lines if line.strip()) + "\n"


def edited(text: str, methods: str, edits: Sequence[Edit]) -> str:
    """A source with all edits made. methods: those of a class, "" for a function.

    Raises EditError when an edit fits nowhere or twice, or leaves no valid Python.
    """
    start, end = _part(text, methods)
    body = text[start:end]
    for old, new in edits:
        if old:
            where = [match.span() for match in _pattern(old).finditer(body)]
        else:
            where, new = [_body(body)], textwrap.dedent(new)
            new = textwrap.indent(new, " " * _depth(body, where[0][0])).lstrip()
        if len(where) != 1:
            times = f"{len(where)} times" if where else "nowhere"
            raise EditError(f"{old!r} occurs {times}, and must occur once")
        first, last = where[0]
        body = body[:first] + new + body[last:]
    made = text[:start] + body + text[end:]
    try:
        ast.parse(made)
    except SyntaxError as error:
        raise EditError(f"what the edit leaves is not Python: {error.msg}") from None
    return made


def compiled(symbol: str, edits: Sequence[Edit]) -> Callable[..., Any]:
    """The reference "module:name" with all edits made, in its own module's namespace.

    Raises EditError as `edited` does.
    """
    module, _, name = symbol.partition(":")
    owner, _, methods = name.partition(".")
    text = edited(bare_source(symbol, here()), methods, edits)
    namespace = dict(vars(importlib.import_module(module)))
    exec(compile(text, f"<edit of {symbol}>", "exec"), namespace)
    made: Callable[..., Any] = namespace[owner]
    return made


def _part(text: str, methods: str) -> tuple[int, int]:
    """Where the one method is in its class; the whole text for anything else."""
    if not methods or "," in methods:
        return 0, len(text)
    offsets = [0, *(m.end() for m in re.finditer(r"\n", text))]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == methods:
            return offsets[node.lineno - 1], offsets[node.end_lineno or 0]
    raise EditError(f"there is no method {methods!r}")


def _body(text: str) -> tuple[int, int]:
    """Where the body of the function in this text begins and ends."""
    unindented = textwrap.dedent(text)
    margin = len(text.partition("\n")[0]) - len(unindented.partition("\n")[0])
    (node,) = ast.parse(unindented).body
    if not isinstance(node, ast.FunctionDef):
        raise EditError("only a function or one method can be written anew")
    offsets = [0, *(m.end() for m in re.finditer(r"\n", text))]
    first = node.body[0]
    return offsets[first.lineno - 1] + first.col_offset + margin, len(text.rstrip())


def _depth(text: str, place: int) -> int:
    """The indentation of the line in which a place is."""
    return place - text.rfind("\n", 0, place) - 1


def _pattern(old: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in old.split())
    left = r"(?<!\w)" if re.match(r"\w", old) else ""
    right = r"(?!\w)" if re.search(r"\w$", old) else ""
    return re.compile(left + words + right)
