"""The student's own cells around an answer: run when the answer alone is not right."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from coursekit.grading.cell_code import Code
from coursekit.grading.exercise_claim import claim
from coursekit.grading.types import Cell, Official, Task

_RUN = re.compile(r"^\s*%(?:run|load)\s+(\S+)", re.MULTILINE)
LONGEST = 200_000  # characters of own cells


class OwnCells:
    """The code cells of a submission that are not, word for word, the course's."""

    def __init__(
        self, cells: Sequence[Cell], code: Mapping[int, Code], official: Official
    ) -> None:
        """code: that of each code cell by its index."""
        self.official = {cell.source.strip() for cell in official.cells}
        self.functions = {task.name for task in official.tasks if task.kind == "code"}
        self.cells, self.code = [c for c in cells if c.kind == "code"], code

    def around(
        self, task: Task, here: Collection[int]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those above the answer in cells `here`, and those below up to the next one.

        What they define for other exercises is left out: there the course's own counts.
        """
        first, last = min(here), max(here)
        above, below = list[str](), list[str]()
        for cell in self.cells:
            claimed = claim(cell)
            if cell.index > last and claimed not in ("", task.id):
                break
            if cell.index in here:
                continue
            if cell.source.strip() in self.official and claimed != task.id:
                continue
            if text := self._text(cell, task):
                (above if cell.index < first else below).append(text)
        while sum(map(len, above)) > LONGEST:
            above.pop(0)
        return tuple(above), tuple(below) if sum(map(len, below)) < LONGEST else ()

    def _text(self, cell: Cell, task: Task) -> str:
        code, others = self.code[cell.index], self.functions - {task.name}
        if not code.statements:
            return cell.source if code.error else ""
        made = ("def", "assign", "import", "check")
        dropped = {s for s in code.statements if s.kind in made and s.binds & others}
        dropped |= {s for s in code.statements if s.kind == "check"}
        return code.without(dropped) if len(dropped) < len(code.statements) else ""


def typed_into_check(code: Code, task_id: str) -> str | None:
    """The answer that is written in `check_answer("01.13", "a")`, as source."""
    for statement in code.statements:
        for node in ast.walk(statement.node) if statement.kind == "check" else ():
            match node:
                case ast.Call(args=[ast.Constant(value=about), ast.Constant() as said]):
                    if about == task_id and isinstance(said.value, str):
                        return ast.unparse(said)
    return None


def brought_along(cell: Cell, code: Code | None, name: str) -> Iterator[str]:
    """What to say of a cell whose answer stands in another file."""
    files = _RUN.findall(cell.source)
    for each in code.statements if code else ():
        node = each.node
        if isinstance(node, ast.ImportFrom) and name in each.binds:
            if (node.module or "").partition(".")[0] != "coursekit":
                files.append(f"{node.module}.py")
    for file in files:
        yield (
            f"Cell {cell.index + 1} takes its answer from the file {file[:60]}, and "
            "only the notebook is handed in: paste the code into the cell."
        )
