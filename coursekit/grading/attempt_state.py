"""Has the learner's cell been worked on, or is it as it was handed out?

Judged by the code's structure, so that a deleted docstring, another indentation or a
formatter does not turn an untouched stub into an answer.
"""

import ast

from coursekit.grading.cell_code import Function, Statement, parse
from coursekit.grading.types import Task


def untouched(task: Task, statement: Statement) -> bool:
    """Does this definition still say nothing?

    For a function: nothing but a docstring, `pass`, `...`, or raising
    NotImplementedError; for a class: that in all methods that its stub leaves open. For
    an answer: None, `...` or an empty text.
    """
    node = statement.node
    if isinstance(node, Function):
        return _idle(node)
    if isinstance(node, ast.ClassDef):
        stub = parse(task.stub).defining(task.name)
        return stub is not None and _open(stub.node) <= _open(node)
    if isinstance(node, ast.Assign | ast.AnnAssign) and task.kind != "code":
        return isinstance(node.value, ast.Constant) and blank(node.value.value)
    return False


def blank(answer: object) -> bool:
    """Is it None, `...` or an empty text?"""
    empty = isinstance(answer, str) and not answer.split()
    return answer is None or answer is ... or empty


def _open(node: ast.AST) -> set[str]:
    """The methods of a class that say nothing."""
    functions = (each for each in ast.walk(node) if isinstance(each, Function))
    return {each.name for each in functions if _idle(each)}


def _idle(function: Function) -> bool:
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        or unwritten(each)
        for each in function.body
    )


def unwritten(node: ast.stmt) -> bool:
    """Does it raise NotImplementedError?"""
    error = node.exc if isinstance(node, ast.Raise) else None
    error = error.func if isinstance(error, ast.Call) else error
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"
