"""Pen and paper: the answer is read from the student's cell, never run."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coursekit.checks.cells import judge_choice
from coursekit.checks.formula import judge_formula
from coursekit.checks.judge import Verdict
from coursekit.checks.registry import by_id
from coursekit.checks.spec import ChoiceQuestion, Exercise, FormulaQuestion
from coursekit.grading.attempt_state import blank
from coursekit.grading.cell_code import ERRORS, Statement, parse
from coursekit.grading.types import Attempt, Grade, Task
from coursekit.grading.wire import clean, without_values

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
    for target, expression in _assignments(_statements(source, name)):
        found[target] = _constant(expression, found)
    value = found[name]
    if isinstance(value, NotPlainError):
        raise value
    return value


def _statements(source: str, name: str) -> Iterable[Statement]:
    """Of the cell, or at least of its line with the answer, when the rest is broken."""
    code = parse(source)
    if code.error:
        lines = [line for line in source.split("\n") if line.startswith(name)]
        code = parse("\n".join(lines))
    if code.error:
        raise NotPlainError("this cell is not Python")
    return code.statements


def _assignments(statements: Iterable[Statement]) -> Iterator[tuple[str, ast.expr]]:
    """The names that are assigned to at the top level, each with its value."""
    for node in (each.node for each in statements):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=noted, value=ast.expr() as value):
                pairs = [(noted, value)]
            case ast.Expr():
                inside = [n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
                pairs = [(each.target, each.value) for each in inside]
        for target, value in pairs:
            match target, value:
                case ast.Name(id=name), _:
                    yield name, value
                case ast.Tuple(elts=names), ast.Tuple(elts=values):
                    for each, part in zip(names, values, strict=False):
                        if isinstance(each, ast.Name):
                            yield each.id, part


def _constant(value: ast.expr, known: Mapping[str, Any]) -> Any:
    try:
        if isinstance(value, ast.Name) and value.id in known:
            return known[value.id]
        if isinstance(value, ast.Lambda):
            return ast.unparse(value.body)
        if isinstance(value, ast.JoinedStr | ast.BinOp):
            return _joined(value, known)
        return ast.literal_eval(value)
    except (*ERRORS, TypeError):
        return NotPlainError("it is not a constant")


def _joined(value: ast.expr, known: Mapping[str, Any]) -> str:
    """A text put together from texts: with +, or in an f-string. ValueError if not."""
    match value:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name) if isinstance(known.get(name), str):
            return str(known[name])
        case ast.JoinedStr(values=parts):
            return "".join(_joined(part, known) for part in parts)
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return _joined(inner, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(left, known) + _joined(right, known)
    raise NotPlainError("it is not a constant")


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
    if blank(answer):
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
    except (ArithmeticError, *ERRORS):
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
