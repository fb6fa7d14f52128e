"""What a learner should mend before handing in, found by reading and never by running.

The grader takes the answers out of a notebook and tries each of them alone. So what
counts is whether it finds them, and whether each has all the names it uses.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from coursekit.checks.formula import FormulaError, evaluate
from coursekit.checks.registry import by_id
from coursekit.checks.spec import ChoiceQuestion, FormulaQuestion
from coursekit.grading.answers import read_answer
from coursekit.grading.attempt_state import unwritten
from coursekit.grading.cell_code import Code, Function, parse
from coursekit.grading.report_clean import plain
from coursekit.grading.slicing import LACKS
from coursekit.grading.types import Attempt, Official, Submission, Task

_BIG_FILE = 5_000_000


@dataclass(frozen=True)
class Finding:
    """One task. state: "found", "empty" or "lost"; mend: what costs points as it is;
    know: what is good to know."""

    task: Task
    state: str
    mend: tuple[str, ...] = ()
    know: tuple[str, ...] = ()


def findings(attempts: Iterable[Attempt]) -> list[Finding]:
    """One for each task of the notebook, in order."""
    return [_finding(attempt) for attempt in attempts]


def _finding(attempt: Attempt) -> Finding:
    task = attempt.task
    if attempt.state == "missing":
        lost = (
            "its cell is not there. Put your answer into a code cell that begins with "
            f"the line  # exercise {task.id}"
        )
        return Finding(task, "lost", (lost,))
    if attempt.state == "unanswered":
        return Finding(task, "empty", (), attempt.notes)
    mend = tuple(_code(attempt) if task.kind == "code" else _answer(attempt))
    know = tuple(note for note in attempt.notes if note not in mend)
    return Finding(task, "found", mend, know)


def _code(attempt: Attempt) -> Iterator[str]:
    """What is wrong with the code of an exercise, as far as reading tells."""
    code, name = parse(attempt.source), attempt.task.name
    if code.error:
        yield f"Python cannot read it ({code.error})"
        return
    if name not in code.binds:
        yield f"it does not define {name}: the grader looks for this name"
    if _unwritten(code):
        yield "raise NotImplementedError is still in it: delete that line"
    around = "\n".join((*attempt.above, *attempt.below))
    for note in attempt.notes:
        missing = note.removeprefix(LACKS).partition("`")[0]
        # The grader runs the cells around when the answer alone is not right.
        if note.startswith(LACKS) and not re.search(rf"\b{missing}\b", around):
            yield note


def _unwritten(code: Code) -> bool:
    nodes = (node for each in code.statements for node in ast.walk(each.node))
    bodies = (node.body for node in nodes if isinstance(node, Function))
    return any(unwritten(statement) for body in bodies for statement in body)


def _answer(attempt: Attempt) -> Iterator[str]:
    """Why an answer to a paper question cannot be read."""
    name = attempt.task.name
    try:
        value = read_answer(f"{attempt.helpers}\n{attempt.source}", name)
    except (KeyError, ValueError):
        value = None
    if not isinstance(value, str | int | float):
        yield f'write it in quotes, as in  {name} = "..."'
    elif said := _readable(by_id(attempt.task.id), str(value)):
        yield said


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


def file_notes(official: Official, submission: Submission, size: int) -> list[str]:
    """What is good to know about the file as a whole, which has `size` bytes."""
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
    if size > _BIG_FILE:
        notes.append(
            f"the file has {size / 1e6:.0f} MB. Outputs are not graded: clear them "
            "(Kernel, Restart and clear outputs) before you hand in"
        )
    return notes
