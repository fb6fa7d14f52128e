"""A notebook as its student has run it: every cell in order, an error stops nothing.

The authority of fair.md: what is right here must be right when it is graded. It runs
in a forked process, with the whole package, on files of our own.
"""

import ast
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from fair import Habit, notebook

from coursekit.checks import cells
from coursekit.checks.judge import judge
from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.grading import official

_SKIPPED = ("%pip", "!pip")  # no tests on the network


def verdicts(pack: tuple[Habit, ...]) -> dict[str, bool]:
    """Is each habit's answer right, behind its own cells or at the very end?"""
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["MPLBACKEND"] = "agg"
    os.chdir(tempfile.mkdtemp())
    sys.path.insert(0, "")
    time.sleep = _Impatient()  # type: ignore[assignment]
    shell: Any = InteractiveShell.instance()
    tasks = {habit.task: habit for habit in pack}
    found: dict[str, bool] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        here: str | None = None
        for each in notebook(pack)["cells"]:
            kind = each["metadata"].get("coursekit", {}).get("kind", "")
            if here and not each["id"].startswith("new-"):
                found[tasks[here].name] = _right(shell.user_ns, tasks[here])
                here = None
            if each["cell_type"] != "code" or kind == "check" or _demo(each):
                continue  # a check would put the package's own function there
            for statement in _statements(shell, "".join(each["source"])):
                shell.run_cell(statement)
            claimed = each["metadata"].get("coursekit", {}).get("id")
            here = claimed if kind == "exercise" and claimed in tasks else here
        return {
            habit.name: found.get(habit.name, False) or _right(shell.user_ns, habit)
            for habit in pack
        }


class _Impatient:
    """Stands for time.sleep: waits for nothing, and stops a demo without an end."""

    calls = 0

    def __call__(self, seconds: float) -> None:
        self.calls += 1
        if self.calls > 200:
            raise KeyboardInterrupt


def _demo(each: dict[str, Any]) -> bool:
    about = each["metadata"].get("coursekit", {})
    ours = about or each["id"] == "imports" or each["id"].startswith("new-")
    return not ours


def _statements(shell: Any, source: str) -> Iterator[str]:
    lines = source.splitlines()
    while lines and lines[0].startswith(("%%time", "%%capture")):
        del lines[0]
    kept = "\n".join(each for each in lines if not each.strip().startswith(_SKIPPED))
    with contextlib.suppress(SyntaxError):
        for node in ast.parse(shell.transform_cell(kept)).body:
            yield ast.unparse(node)


def _right(space: dict[str, Any], habit: Habit) -> bool:
    tasks = official.load(habit.lecture).tasks
    task = next(each for each in tasks if each.id == habit.task)
    entry = by_id(task.id)
    if isinstance(entry, Exercise):
        made = space.get(task.name)
        return made is not None and judge(entry, made, start=11).state == "PASS"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        cells.check_answer(task.id, space.get(task.name))
    return said.getvalue().startswith("PASS")
