"""Equal answers: a hint that code was passed on, or taken from the course's package.

Code is compared by a normal form that leaves out what is changed in a minute: names of
its own, layout, comments, docstrings, annotations. A hint and never a deduction: short
functions have few forms, and honest students meet in them.
"""

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from coursekit.grading.report_tally import BLANK, order
from coursekit.grading.types import Report, Task
from coursekit.sources.lectures import ROOT
from coursekit.sources.modules import Package
from coursekit.sources.symbols import SymbolError, find

SMALLEST = 40  # nodes of a normal form; below it, equality means nothing
LONGEST = 20_000  # characters that are read
FEW = 3  # so many students are shown however small the class is
WORDS = (
    "A hint, not a finding: these answers are equal but for names, layout, comments "
    "and annotations. Forms that more than a quarter of the class have are left out, "
    "and so are short functions, which have few forms. Ask before you judge."
)


def fingerprint(task: Task, source: str) -> str:
    """What equal answers share; "" for one too short to tell, or not to be read."""
    try:
        tree = ast.parse(source[: LONGEST + 1])
        _, _, target = task.symbol.partition(":")
        named, _, methods = target.partition(".")
        for node in tree.body:
            if getattr(node, "name", "") in {task.name, named} - {""}:
                tree = ast.Module([node], [])  # the last definition counts
        if methods:  # the rest of the class was given
            wanted = methods.split(",")
            parts = [n for n in ast.walk(tree) if getattr(n, "name", "") in wanted]
            tree = ast.Module([n for n in parts if isinstance(n, ast.stmt)], [])
        _Plain(tree).visit(tree)
        contexts = ast.expr_context | ast.operator | ast.cmpop
        size = sum(not isinstance(node, contexts) for node in ast.walk(tree))
        form = ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    long = len(source) > LONGEST or size < SMALLEST
    return "" if long else hashlib.sha256(form.encode("utf-8", "replace")).hexdigest()


@cache
def of_the_course(task: Task) -> str:
    """The fingerprint of the reference."""
    try:
        return fingerprint(task, find(Package(ROOT), task.symbol).full())
    except (SymbolError, OSError):
        return ""


@dataclass(frozen=True)
class Equal:
    """groups: students, and the exercises in which they are equal; the_course: student
    -> exercises that are as in the course's package."""

    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    the_course: Mapping[str, tuple[str, ...]]


def find_equal(reports: Iterable[Report]) -> Equal:
    """Equal answers of a class, without the forms that most of it have."""
    forms: dict[tuple[str, str], list[str]] = defaultdict(list)
    answered: Counter[str] = Counter()
    course: dict[str, str] = {}
    for report in reports:
        for grade in report.grades:
            key = grade.task.id
            answered[key] += grade.state not in BLANK
            if grade.fingerprint:
                forms[key, grade.fingerprint].append(report.student)
                course.setdefault(key, of_the_course(replace(grade.task, stub="")))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    copies: dict[str, list[str]] = defaultdict(list)
    for (key, form), students in sorted(
        forms.items(), key=lambda each: order(each[0][0])
    ):
        if len(students) > FEW and 4 * len(students) > answered[key]:
            continue
        if len(students) > 1:
            groups[tuple(students)].append(key)
        for student in students if form == course[key] else ():
            copies[student].append(key)
    ranked = sorted(groups.items(), key=lambda each: (-len(each[1]), each[0]))
    return Equal(
        tuple((who, tuple(keys)) for who, keys in ranked),
        {student: tuple(keys) for student, keys in sorted(copies.items())},
    )


class _Plain(ast.NodeTransformer):
    """Own names by number, in the order in which they come; no words for people."""

    def __init__(self, tree: ast.AST) -> None:
        """tree: all of the answer."""
        self.numbers: dict[str, str] = {}
        self.own = {
            name
            for node in ast.walk(tree)
            if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
            for field in ("id", "arg", "name", "asname")
            if isinstance(name := getattr(node, field, None), str)
            and not isinstance(node, ast.keyword)
        }

    def visit(self, node: ast.AST) -> ast.AST:
        """The node in its normal form."""
        for field in ("annotation", "returns"):
            if hasattr(node, field) and not isinstance(node, ast.AnnAssign):
                setattr(node, field, None)
        for field in ("id", "arg", "name", "asname"):
            name = getattr(node, field, None)
            if name in self.own and not isinstance(node, ast.keyword | ast.alias):
                number = self.numbers.setdefault(name, f"_{len(self.numbers)}")
                setattr(node, field, number)
        if isinstance(node, ast.AnnAssign) and node.value:
            node = ast.Assign([node.target], node.value)
        if isinstance(body := getattr(node, "body", None), list):
            kept = [n for n in body if not _is_text(n)]
            node.body = kept or body  # type: ignore[attr-defined]
        return self.generic_visit(node)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or another string that does nothing."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
