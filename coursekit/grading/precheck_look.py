"""What a learner should mend before handing in, found by reading and never by running.

The grader takes the answers out of a notebook and tries each of them alone. So what
counts is whether it finds them, and whether each has all the names it uses.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit.checks.formula import FormulaError, evaluate
from coursekit.checks.registry import by_id
from coursekit.checks.spec import ChoiceQuestion, FormulaQuestion
from coursekit.grading.answers import read_answer
from coursekit.grading.report_clean import plain
from coursekit.grading.types import Attempt, Official, Submission, Task
from coursekit.sources.modules import bound_names, free_names

_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2})$", re.MULTILINE)
_ALWAYS = frozenset(dir(builtins)) | {"__name__", "__doc__", "get_ipython", "display"}
_BIG_OUTPUT, _BIG_FILE = 1_000_000, 5_000_000


@dataclass(frozen=True)
class Finding:
    """One task. state: "found", "empty" or "lost"; mend: what costs points as it is;
    know: what is good to know."""

    task: Task
    state: str
    mend: tuple[str, ...] = ()
    know: tuple[str, ...] = ()


def findings(official: Official, attempts: Iterable[Attempt]) -> list[Finding]:
    """One for each task of the notebook, in order."""
    given: set[str] = set(_ALWAYS)
    for cell in official.cells:
        given |= _names(bound_names, cell.source)
    return [_finding(attempt, given) for attempt in attempts]


def _finding(attempt: Attempt, given: set[str]) -> Finding:
    task, know = attempt.task, tuple(attempt.notes)
    if attempt.state == "missing":
        marker = f"# exercise {task.id}"
        lost = (
            f"its cell is not there. Put your answer into a code cell that begins with "
            f"the line  {marker}"
        )
        return Finding(task, "lost", (lost,))
    if attempt.state == "unanswered":
        return Finding(task, "empty", (), know)
    if task.kind != "code":
        said = _answer(task, f"{attempt.helpers}\n{attempt.source}")
        return Finding(task, "found", (said,), ()) if said else Finding(task, "found")
    mend, about = [], set()
    around = "\n".join((*attempt.above, *attempt.below))
    for text, names in _code(attempt, given):
        if names and all(re.search(rf"\b{name}\b", around) for name in names):
            continue  # the grader runs these cells when the answer alone is not right
        # The one who looked for the definition may know why it does not come along.
        known = [note for note in know if any(f"`{name}`" in note for name in names)]
        mend += known or [text]
        about |= set(known)
    rest = tuple(note for note in know if note not in about)
    return Finding(task, "found", tuple(mend), rest)


def without_magics(source: str) -> str:
    """The source as plain Python: IPython's % and ! lines do nothing."""
    try:
        ast.parse(source)
        return source  # a line of plain Python may begin with % as well
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return _MAGIC.sub(r"\1pass", source)


def _code(attempt: Attempt, given: set[str]) -> Iterator[tuple[str, list[str]]]:
    """What is wrong with the code of an exercise, as far as reading tells, each with
    the names that are missing."""
    source, name = without_magics(attempt.source), attempt.task.name
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"Python cannot read it: {error.msg}, line {error.lineno} of the cell", []
        return
    except (ValueError, RecursionError, MemoryError):
        yield "Python cannot read it", []
        return
    everything = f"{without_magics(attempt.helpers)}\n{source}"
    bound = _names(bound_names, everything)
    if name not in bound:
        yield f"it does not define {name}: the grader looks for this name", []
    bodies = (n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    if any(_unwritten(statement) for body in bodies for statement in body):
        yield "raise NotImplementedError is still in it: delete that line", []
    unknown = sorted(_names(free_names, everything) - bound - given)
    for missing in unknown[:6]:
        yield (
            f"it uses {missing}, and no definition goes with it. Write the function or "
            "value at the top level of a cell, or into this cell",
            [missing],
        )


def _unwritten(node: ast.AST) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"


def _names(find: Any, source: str) -> set[str]:
    try:
        found: set[str] = find(without_magics(source))
        return found
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()


def _answer(task: Task, source: str) -> str:
    """Why an answer to a paper question cannot be read, or ""."""
    try:
        value = read_answer(without_magics(source), task.name)
    except (KeyError, ValueError):
        value = None
    if not isinstance(value, str | int | float):
        return f'write it in quotes, as in  {task.name} = "..."'
    return _readable(by_id(task.id), str(value))


def _readable(question: object, answer: str) -> str:
    """Whether the form of an answer is right; its value stays the grader's business."""
    if isinstance(question, ChoiceQuestion):
        if answer.strip().strip("().").lower() in question.options:
            return ""
        return f"answer with one letter of {', '.join(question.options)}"
    if isinstance(question, FormulaQuestion):
        try:
            evaluate(answer, question.points(np.random.default_rng(0)))
        except FormulaError as error:
            return str(error)
    return ""


def file_notes(
    official: Official, submission: Submission, data: bytes, content: Mapping[str, Any]
) -> list[str]:
    """What is good to know about the file as a whole."""
    notes = [plain(note) for note in submission.notes]
    ours = {cell.id: cell for cell in official.cells if cell.kind == "given"}
    changed = [
        cell.id
        for cell in submission.cells
        if cell.id in ours and cell.source.strip() != ours[cell.id].source.strip()
    ]
    if changed:
        notes.append(
            f"you changed given code ({', '.join(changed)}); grading uses the course's"
        )
    large = _large_outputs(content.get("cells"))
    if large:
        notes.append(
            f"large output in {', '.join(large)}. Outputs are not graded: clear them "
            "(Kernel, Restart and clear outputs) before you hand in"
        )
    elif len(data) > _BIG_FILE:
        notes.append(
            f"the file has {len(data) / 1e6:.0f} MB. Clear the outputs before you hand "
            "in: they are not graded"
        )
    return notes


def _large_outputs(cells: object) -> list[str]:
    """The first places with more than a megabyte of output."""
    large: list[str] = []
    for number, cell in enumerate(cells if isinstance(cells, Sequence) else (), 1):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        if outputs and len(repr(outputs)) > _BIG_OUTPUT:
            large.append(f"cell {number}")
    return large[:5]
