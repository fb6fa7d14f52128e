"""Package modules seen as text: symbols, import lines and free names, all by `ast`.

The weave never imports what it weaves, so it is fast, needs no torch, and cannot be
fooled by state. A symbol is a top-level function, class or constant of a module.
"""

import ast
import symtable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

Definition = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One name that a module imports.

    `module` is None for `import name`, else the module of `from module import name`.
    """

    module: str | None
    name: str
    asname: str | None

    @property
    def binds(self) -> str:
        """The name that this import makes."""
        if self.asname:
            return self.asname
        return self.name if self.module else self.name.partition(".")[0]

    @property
    def origin(self) -> str:
        """What the name stands for, as a dotted path: two spellings, one origin."""
        if self.module:
            return f"{self.module}.{self.name}"
        return self.name if self.asname else self.name.partition(".")[0]


@dataclass
class Module:
    """A module's text and what its top level defines."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        """The text as lines without line ends."""
        return self.text.split("\n")

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of the module's top level (`if` and `try` included)."""
        package = self.name
        if self.path.name != "__init__.py":
            package = self.name.rpartition(".")[0]
        return imports_of(self.tree, package)

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Top-level name -> the statement that defines it (the last one wins)."""
        found: dict[str, Definition] = {}
        for node in self.tree.body:
            if isinstance(node, FunctionNode | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                found.update(dict.fromkeys(_targets(node), node))
        return found

    def source(self, node: ast.stmt, comments: bool = False) -> str:
        """The full text of a top-level statement, decorators included.

        comments: also take the comment lines directly above it.
        """
        first = first_line(node)
        if comments:
            while first > 1 and self.lines[first - 2].startswith("#"):
                first -= 1
        return "\n".join(self.lines[first - 1 : node.end_lineno])


@dataclass
class Package:
    """Finds modules by file below `root` (the folder that holds the package)."""

    root: Path
    _seen: dict[str, Module | None] = field(default_factory=dict)

    def module(self, name: str) -> Module | None:
        """The module of that dotted name, or None if there is no such file."""
        if name not in self._seen:
            stem = self.root.joinpath(*name.split("."))
            candidates = [stem.with_suffix(".py"), stem / "__init__.py"]
            path = next((path for path in candidates if path.is_file()), None)
            self._seen[name] = None if path is None else read_module(name, path)
        return self._seen[name]

    def canonical(self, origin: str) -> str:
        """Follow re-exports, so that both spellings of an import have one origin."""
        for _ in range(8):  # longer chains of re-exports are cycles
            module_name, _, name = origin.rpartition(".")
            try:
                module = self.module(module_name) if module_name else None
            except SyntaxError:
                return origin  # Python will complain where the module is used
            if module is None or name in module.definitions:
                return origin
            found = [each for each in module.imports if each.binds == name]
            if not found:
                return origin
            origin = found[-1].origin
        return origin


def read_module(name: str, path: Path) -> Module:
    """Parse one file. SyntaxError if it is not Python."""
    text = path.read_text(encoding="utf-8")
    return Module(name, path, text, ast.parse(text, str(path)))


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """The plain names that an assignment sets."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    leaves = [leaf for target in targets for leaf in ast.walk(target)]
    return [leaf.id for leaf in leaves if isinstance(leaf, ast.Name)]


def first_line(node: ast.stmt) -> int:
    """Line of a statement, counted from its first decorator."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def imports_of(tree: ast.Module, package: str = "") -> list[Import]:
    """The imports at the top level of a module or cell, `if` and `try` included.

    package: what relative imports start from.
    """
    found: list[Import] = []
    queue: list[ast.AST] = list(tree.body)
    for node in queue:
        if isinstance(node, ast.Import):
            found += [Import(None, each.name, each.asname) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                stem = parts[: len(parts) - node.level + 1]
                base = ".".join([*stem, *([base] if base else [])])
            found += [Import(base, each.name, each.asname) for each in node.names]
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            queue += list(ast.iter_child_nodes(node))
    return found


def free_names(source: str) -> set[str]:
    """Names that a piece of code takes from outside itself, annotations included.

    Local variables, parameters and names that the piece defines are not among them;
    builtins are. Names in quoted annotations count, since ruff reads them as well.
    """
    top = symtable.symtable(source, "<cell>", "exec")
    used: set[str] = set()
    queue = [top]
    for table in queue:
        queue += table.get_children()
        for symbol in table.get_symbols():
            outer = table is top or symbol.is_global()
            if symbol.is_referenced() and outer:
                used.add(symbol.get_name())
    used |= annotation_names(ast.parse(source))
    return used - bound_names(source)


def bound_names(source: str) -> set[str]:
    """Names that a piece of code makes at its top level, imports included."""
    top = symtable.symtable(source, "<cell>", "exec")
    return {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


def annotation_names(tree: ast.AST, quoted: bool = True) -> set[str]:
    """Names used in the annotations of a tree; `quoted` also looks inside strings."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for annotation in (
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
        ):
            if not isinstance(annotation, ast.expr):
                continue
            for leaf in ast.walk(annotation):
                if isinstance(leaf, ast.Name):
                    found.add(leaf.id)
                elif quoted and isinstance(leaf, ast.Constant):
                    found |= _quoted(leaf.value)
    return found


def _quoted(value: object) -> set[str]:
    if not isinstance(value, str):
        return set()
    try:
        tree = ast.parse(value, mode="eval")
    except SyntaxError:
        return set()  # a Literal["two words"], not an annotation
    return {leaf.id for leaf in ast.walk(tree) if isinstance(leaf, ast.Name)}
