"""Pen and paper: the answer is read from the student's cell, never run."""

import ast
from collections.abc import Mapping
from typing import Any

from coursekit.checks.cells import judge_choice
from coursekit.checks.formula import judge_formula
from coursekit.checks.judge import Verdict
from coursekit.checks.registry import by_id
from coursekit.checks.spec import ChoiceQuestion, Exercise, FormulaQuestion
from coursekit.grading.types import Attempt, Grade, Task
from coursekit.grading.wire import clean, without_values

_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_WANTED = {
    "formula": "write the answer as text, such as {name} = 'sqrt(beta)'",
    "choice": "answer with one letter, such as {name} = 'a'",
}


class NotPlainError(ValueError):
    """An answer that would have to be run."""


def read_answer(source: str, name: str) -> Any:
    """The value last assigned to `name`: a constant, or a lambda's body as text.

    Names of constants assigned above are looked up. Raises KeyError when nothing is
    assigned to it, NotPlainError when the value is anything else than a constant.
    """
    found: dict[str, Any] = {}
    for node in _parse(source, name).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            value = _constant(node.value, found)
            found |= {t.id: value for t in targets if isinstance(t, ast.Name)}
    value = found[name]
    if isinstance(value, NotPlainError):
        raise value
    return value


def _parse(source: str, name: str) -> ast.Module:
    """The cell, or at least its line with the answer, when the rest is not Python."""
    try:
        return ast.parse(source)
    except _UNREADABLE:
        lines = [line for line in source.split("\n") if line.startswith(name)]
        try:
            return ast.parse("\n".join(lines))
        except _UNREADABLE:
            raise NotPlainError("this cell is not Python") from None


def _constant(value: ast.expr, known: Mapping[str, Any]) -> Any:
    try:
        if isinstance(value, ast.Name) and value.id in known:
            return known[value.id]
        if isinstance(value, ast.Lambda):
            return ast.unparse(value.body)
        return ast.literal_eval(value)
    except (*_UNREADABLE, TypeError):
        return NotPlainError("it is not a constant")


def grade_answer(attempt: Attempt, seed: int = 0) -> Grade:
    """The grade of a formula or a choice. seed: fixes the points a formula is tried at.

    All points or none.
    """
    task = attempt.task
    if attempt.state != "answered":
        return Grade(task, 0.0, attempt.state, notes=attempt.notes)
    try:
        entry = by_id(task.id)
    except KeyError as error:
        return _grade(attempt, "not gradable", str(error.args[0]))
    if isinstance(entry, Exercise) or entry.kind != task.kind:
        said = f"{task.id} is not a {task.kind} question"
        return _grade(attempt, "not gradable", said)
    try:
        answer = read_answer(f"{attempt.helpers}\n{attempt.source}", task.name)
    except KeyError:
        return _grade(attempt, "missing", f"{task.name} gets no value in this cell")
    except NotPlainError as error:
        return _grade(attempt, "wrong", f"{error}: {_wanted(task)}")
    if (
        answer is None
        or answer is ...
        or (isinstance(answer, str) and not answer.split())
    ):
        return _grade(attempt, "unanswered")
    verdict = _judge(entry, answer, seed, task)
    if verdict.state == "PASS":
        return Grade(task, task.points, "right", "", 1, 1, attempt.notes)
    return _grade(attempt, "wrong", verdict.message)


def _grade(attempt: Attempt, state: str, reason: str = "") -> Grade:
    return Grade(attempt.task, 0.0, state, reason, 0, 1, attempt.notes)


def _wanted(task: Task) -> str:
    return _WANTED[task.kind].format(name=task.name)


def _judge(
    entry: FormulaQuestion | ChoiceQuestion, answer: Any, seed: int, task: Task
) -> Verdict:
    if isinstance(answer, bool) or not isinstance(answer, str | int | float):
        return Verdict("FAIL", _wanted(task))
    try:
        if isinstance(entry, ChoiceQuestion):
            return judge_choice(entry, answer)
        verdict = judge_formula(entry, answer, seed)
    except (ArithmeticError, *_UNREADABLE):
        # A number of a thousand digits, say: no honest answer gets here.
        return Verdict("FAIL", f"it cannot be evaluated; {_wanted(task)}")
    if verdict.message in entry.wrong.values():
        return verdict
    return Verdict(verdict.state, _shown(verdict.message))


def _shown(message: str) -> str:
    """The message without the values of the symbols and of the right formula."""
    if message.startswith("it differs"):
        return "its values are not those of the right formula"
    if message.startswith("off by a constant factor"):
        return "off by a constant factor"
    return without_values(clean(message))
