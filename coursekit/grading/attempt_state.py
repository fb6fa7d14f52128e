"""Has the learner's cell been worked on, or is it as it was handed out?

Judged by the code's structure, so that a deleted docstring, another indentation or a
formatter does not turn an untouched stub into an answer.
"""

import ast

from coursekit.grading.cell_code import ERRORS, Code, Function, Statement
from coursekit.grading.types import Task


def untouched(task: Task, statement: Statement) -> bool:
    """Does this definition still say nothing?

    For a function: nothing but a docstring, `pass`, `...`, or raising
    NotImplementedError. For an answer: None, `...` or an empty text.
    """
    node = statement.node
    if isinstance(node, Function):
        return all(_idle(each) for each in node.body)
    if isinstance(node, ast.ClassDef):
        return _shape(node) == _shape(_definition(task))
    if isinstance(node, ast.Assign | ast.AnnAssign) and task.kind != "code":
        value = node.value
        if isinstance(value, ast.Constant):
            blank = isinstance(value.value, str) and not value.value.strip()
            return value.value is None or value.value is ... or blank
    return False


def _idle(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError")):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False


def _definition(task: Task) -> ast.stmt | None:
    for node in ast.parse(task.stub).body:
        if isinstance(node, Function | ast.ClassDef) and node.name == task.name:
            return node
    return None


def _shape(node: ast.AST | None) -> str:
    """A definition without docstrings and annotations, to compare."""
    if node is None:
        return ""
    try:
        copy = ast.parse(ast.unparse(node))
        for each in ast.walk(copy):
            if isinstance(each, Function | ast.ClassDef | ast.Module):
                kept = [child for child in each.body if not _is_text(child)]
                each.body = kept or [ast.Pass()]
            if isinstance(each, Function):
                each.returns = None
            if isinstance(each, ast.arg):
                each.annotation = None
        return ast.dump(copy)
    except ERRORS:
        return ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def same_code(one: ast.AST, other: ast.AST) -> bool:
    """Are two definitions the same but for docstrings, annotations and layout?"""
    shape = _shape(one)
    return bool(shape) and shape == _shape(other)


def parameters(node: ast.AST | None) -> list[str]:
    """The names of a function's parameters, in order."""
    if not isinstance(node, Function):
        return []
    given = node.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def renamed(task: Task, code: Code) -> str:
    """The one function of a cell that has the task's parameters under another name."""
    wanted = parameters(_definition(task))
    found = [
        each.node.name
        for each in code.statements
        if isinstance(each.node, Function) and parameters(each.node) == wanted
    ]
    return found[0] if len(found) == 1 and wanted else ""
