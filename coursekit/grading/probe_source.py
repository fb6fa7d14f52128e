"""The code that calls a student's function, as text that stands on its own.

The function that tries an exercise lives in a module beside oracles and inputs, and
none of those may enter a kernel that a student controls. So the text is put together
from the syntax trees: the function, whatever it uses by name, whatever that uses, and
no more. Modules of checks and lectures are taken apart in this way; everything else is
imported.
"""

import ast
import builtins
import importlib.util
import symtable
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

_INLINED = ("coursekit.checks", "coursekit.lectures")
_SPEC = "coursekit.checks.spec"
_TRIED = "coursekit.checks.tried"


@cache
def source(look: str) -> str:
    """Python text that defines `call(fn, inputs)` and `BadResult`.

    look: `Probe.source`, "module:name". Raises ValueError for a module written in a
    way that cannot be taken apart; a test goes through all exercises.
    """
    module, _, name = look.partition(":")
    wanted = _Wanted()
    wanted.add(_SPEC, "BadResult")
    wanted.add(_TRIED, "calling")
    wanted.add(module, name)
    lines = []
    for part in wanted.in_order():
        lines.append(ast.unparse(_as_function(part)))
        lines.append(f"{part.label} = {part.label}()")
    labels = {module: part.label for module, part in wanted.parts.items()}
    lines.append(f"call = {labels[_TRIED]}['calling']({labels[module]}[{name!r}])")
    lines.append(f"BadResult = {labels[_SPEC]}['BadResult']")
    return "\n".join(lines) + "\n"


@dataclass
class _Part:
    """What is needed of one module: names bound to statements of its syntax tree."""

    label: str
    tree: ast.Module
    bound: dict[str, ast.stmt]
    nodes: list[ast.stmt] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    imports: list[ast.stmt] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)  # other modules that are parts


class _Wanted:
    """The parts needed so far, by module."""

    def __init__(self) -> None:
        self.parts: dict[str, _Part] = {}

    def in_order(self) -> list[_Part]:
        """Every part after the parts it takes names from."""
        uses = {module: part.uses for module, part in self.parts.items()}
        return [self.parts[name] for name in TopologicalSorter(uses).static_order()]

    def part(self, module: str) -> _Part:
        """The part of a module, begun if need be."""
        if module not in self.parts:
            tree = _tree(module)
            label = "_from_" + module.rpartition(".")[2]
            if label in {part.label for part in self.parts.values()}:
                raise ValueError(f"two modules are called {label}")
            self.parts[module] = _Part(label, tree, _bindings(tree))
        return self.parts[module]

    def add(self, module: str, name: str) -> None:
        """Take a name of a module, with all it depends on."""
        part = self.part(module)
        if name in part.names:
            return
        part.names.add(name)
        node = part.bound.get(name)
        if node is None:
            raise ValueError(f"{module} binds no {name!r} at its top level")
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._add_import(part, node, name)
        elif node not in part.nodes:
            part.nodes.append(node)
            self._follow(module, bare(node))

    def _follow(self, module: str, node: ast.stmt) -> None:
        part = self.part(module)
        for name in sorted(_globals(node)):
            if name in part.bound:
                self.add(module, name)
            elif not hasattr(builtins, name):
                raise ValueError(f"{module} uses {name!r}, which nothing there binds")

    def _add_import(
        self, part: _Part, node: ast.Import | ast.ImportFrom, name: str
    ) -> None:
        alias = next(a for a in node.names if _bound_name(a) == name)
        if isinstance(node, ast.Import):
            if alias.name.startswith(_INLINED):
                raise ValueError(f"import names from {alias.name}, not the module")
            part.imports.append(ast.Import([alias]))
            return
        origin = node.module or ""
        if node.level or alias.name == "*":
            raise ValueError(f"an import of {origin or '.'} that cannot be followed")
        if not origin.startswith(_INLINED):
            part.imports.append(ast.ImportFrom(origin, [alias], 0))
            return
        self.add(origin, alias.name)
        part.uses.add(origin)
        there = ast.Name(self.part(origin).label, ast.Load())
        value = ast.Subscript(there, ast.Constant(alias.name), ast.Load())
        part.imports.append(ast.Assign([ast.Name(name, ast.Store())], value))


@cache
def _tree(module: str) -> ast.Module:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ValueError(f"no module {module}")
    return ast.parse(Path(found.origin).read_text(encoding="utf-8"))


def _bindings(tree: ast.Module) -> dict[str, ast.stmt]:
    """Which statement at the top level binds each name."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        for name in _names(node):
            if name in found:
                raise ValueError(f"{name!r} is bound twice")
            found[name] = node
    return found


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [_bound_name(alias) for alias in node.names]
        case ast.Assign():
            inside = [n for target in node.targets for n in ast.walk(target)]
            return [n.id for n in inside if isinstance(n, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _bound_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _globals(node: ast.stmt) -> set[str]:
    """The names that a statement takes from around it, as Python resolves them."""
    table = symtable.symtable(ast.unparse(node), "<part>", "exec")
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    open_tables = list(table.get_children())
    while open_tables:
        table = open_tables.pop()
        found |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        open_tables += table.get_children()
    return found


class _Strip(ast.NodeTransformer):
    """Docstrings and annotations are of no use to a kernel."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        node.decorator_list = [d for d in node.decorator_list if not _registers(d)]
        spec = node.args
        every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg]
        for argument in [*every, spec.kwarg]:
            if argument is not None:
                argument.annotation = None
        return _without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # The fields of a NamedTuple or a dataclass are annotations: those stay.
        node.body = [
            n if isinstance(n, ast.AnnAssign) else self.visit(n) for n in node.body
        ]
        return _without_docstring(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        if node.value is None:
            return ast.Pass()
        return ast.Assign([node.target], node.value)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        raise ValueError("`global` cannot be taken apart")


def _registers(decorator: ast.expr) -> bool:
    """Is it `@tried(...)`, which says how inputs are made?"""
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "tried"


def _without_docstring(node: ast.FunctionDef | ast.ClassDef) -> ast.AST:
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


def bare(node: ast.stmt) -> ast.stmt:
    """A copy of a statement without docstrings, comments and annotations."""
    (copied,) = ast.parse(ast.unparse(node)).body
    stripped: ast.stmt = _Strip().visit(copied)
    return ast.fix_missing_locations(stripped)


def _as_function(part: _Part) -> ast.stmt:
    """The part as a function that returns its names: two modules never collide."""
    ordered = [bare(node) for node in part.tree.body if node in part.nodes]
    result = ast.parse("return locals()").body
    body = [*part.imports, *ordered, *result]
    (shell,) = ast.parse(f"def {part.label}(): pass").body
    assert isinstance(shell, ast.FunctionDef)
    shell.body = body
    return ast.fix_missing_locations(shell)
