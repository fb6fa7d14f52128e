"""Which names a notebook has so far, and the import lines that its next cell needs.

One `Names` follows one notebook from cell to cell. Each name remembers its origin, so a
name that is already there is never imported again, and a woven function never meets a
namesake that means something else.
"""

import ast
import builtins
import sys
from collections.abc import Collection, Iterable

from coursekit.sources.modules import (
    Import,
    Module,
    Package,
    bound_names,
    imports_of,
)

_ALWAYS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_WIDTH = 88


class Names:
    """Names bound by the cells so far: name -> where it comes from.

    Origins are dotted paths (`torch.Tensor`, `coursekit.theory.ddpm.at`), or
    `cell LABEL` for a name that lecture code made.
    """

    def __init__(self, package: Package) -> None:
        """package: where re-exports are looked up."""
        self.package = package
        self.origins: dict[str, str] = {}
        self.makers: dict[str, str] = {}  # name -> the cell that made it first
        self.submodules: set[str] = set()  # `a.b` of an `import a.b`

    def define(self, name: str, origin: str, cell: str) -> None:
        """A cell defines `name`."""
        self.origins[name] = origin
        self.makers.setdefault(name, cell)

    def run_cell(self, source: str, label: str) -> None:
        """Follow a cell of lecture code (valid Python): its imports and assignments."""
        found = imports_of(ast.parse(source))
        for each in found:
            self._bind(each, label)
        imported = {each.binds for each in found}
        for name in bound_names(source) - imported:
            self.define(name, f"cell {label}", label)

    def need(
        self, module: Module, free: Iterable[str], cell: str, skip: Collection[str] = ()
    ) -> tuple[list[str], list[str]]:
        """Import lines for the free names of code from `module`, and what went wrong.

        cell: the id of the cell they go to.  skip: origins to leave out.
        """
        wanted: list[Import] = []
        problems: list[str] = []
        for name in sorted(set(free)):
            found = self._lines(module, name)
            if not found:
                if name not in _ALWAYS:
                    problems.append(
                        f"{module.name} uses '{name}', which it neither imports nor "
                        "defines at its top level. Import it there by name"
                    )
                continue
            origin = self.package.canonical(found[-1].origin)
            if origin in skip:
                continue
            if name in self.origins and self.origins[name] != origin:
                problems.append(
                    f"'{name}' is {self.origins[name]} in this notebook, but "
                    f"{module.name} means {origin}. Rename the notebook's '{name}'"
                )
                continue
            for each in found:
                if self._new(each):
                    wanted.append(each)
                    self._bind(each, cell)
        return render(wanted) if wanted else [], problems

    def _lines(self, module: Module, name: str) -> list[Import]:
        """What would bring `name` of `module` into a cell."""
        if name in module.definitions:
            return [Import(module.name, name, None)]
        found = [each for each in module.imports if each.binds == name]
        dotted = [each for each in found if _is_dotted(each)]
        return dotted or found[-1:]

    def _new(self, each: Import) -> bool:
        if _is_dotted(each):
            return each.name not in self.submodules
        return each.binds not in self.origins

    def _bind(self, each: Import, cell: str) -> None:
        self.define(each.binds, self.package.canonical(each.origin), cell)
        if _is_dotted(each):
            self.submodules.add(each.name)


def _is_dotted(each: Import) -> bool:
    return each.module is None and each.asname is None and "." in each.name


def render(imports: Iterable[Import]) -> list[str]:
    """Import statements as lines, in isort's order.

    Standard library, other libraries, this package; a blank line between the groups.
    """
    groups: dict[int, list[str]] = {}
    by_module: dict[str, set[str]] = {}
    for each in imports:
        name = f"{each.name} as {each.asname}" if each.asname else each.name
        if each.module is None:
            groups.setdefault(_group(each.name), []).append(f"import {name}")
        else:
            by_module.setdefault(each.module, set()).add(name)
    for lines in groups.values():
        lines.sort()
    for module in sorted(by_module):
        names = sorted(by_module[module], key=_by_type)
        line = f"from {module} import {', '.join(names)}"
        if len(line) > _WIDTH:
            body = "".join(f"    {name},\n" for name in names)
            line = f"from {module} import (\n{body})"
        groups.setdefault(_group(module), []).append(line)
    return "\n\n".join("\n".join(groups[each]) for each in sorted(groups)).split("\n")


def _group(module: str) -> int:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    return 2 if top == "coursekit" else 1


def _by_type(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by name."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
