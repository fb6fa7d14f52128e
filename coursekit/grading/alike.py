"""Equal answers: a hint that code was passed on, or taken from the course's package.

Code is compared by a normal form that leaves out what is changed in a minute: names of
its own, layout, comments, docstrings, annotations. A hint and never a deduction: short
functions have few forms, and honest students meet in them.
"""

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

from coursekit.grading.cell_code import parse
from coursekit.grading.report_tally import BLANK, order
from coursekit.grading.types import Report, Task
from coursekit.sources.lectures import ROOT
from coursekit.sources.modules import Package
from coursekit.sources.symbols import SymbolError, find

SMALLEST = 40  # nodes of a normal form; below it, equality means nothing
LONGEST = 20_000  # characters that are read
FEW = 3  # so many students are shown however small the class is
_NAMES = ("id", "arg", "name")  # where the nodes of a tree have names
_SIGNS = (ast.expr_context, ast.operator, ast.cmpop)
WORDS = (
    "A hint, not a finding: these answers are equal but for names, layout, comments "
    "and annotations. Forms that more than a quarter of the class have are left out, "
    "and so are short functions, which have few forms. Ask before you judge."
)


def fingerprint(task: Task, source: str) -> str:
    """What equal answers share; "" for one too short to tell, or not to be read."""
    if len(source) > LONGEST:
        return ""
    body = [each.node for each in parse(source).statements]
    name, _, methods = task.symbol.partition(":")[2].partition(".")
    named = [n for n in body if getattr(n, "name", "") in {task.name, name} - {""}]
    tree = ast.Module(named[-1:] or body, [])  # the last definition counts
    try:
        if methods:  # the rest of the class was given
            wanted = methods.split(",")
            found = [n for n in ast.walk(tree) if getattr(n, "name", "") in wanted]
            tree = ast.Module([n for n in found if isinstance(n, ast.stmt)], [])
        _Plain(tree).visit(tree)
        form = ast.dump(tree)
    except RecursionError:
        return ""
    size = sum(not isinstance(node, _SIGNS) for node in ast.walk(tree))
    digest = hashlib.sha256(form.encode("utf-8", "replace")).hexdigest()
    return digest if size >= SMALLEST else ""


@cache
def of_the_course(task: Task) -> str:
    """The fingerprint of the reference."""
    try:
        return fingerprint(task, find(Package(ROOT), task.symbol).full())
    except (SymbolError, OSError):
        return ""


@dataclass(frozen=True)
class Equal:
    """pairs: two students and the exercises that they share, who share most first;
    the_course: students and those that are as in the course's package."""

    pairs: list[tuple[tuple[str, str], list[str]]]
    the_course: list[tuple[str, list[str]]]


def find_equal(reports: Iterable[Report]) -> Equal:
    """Equal answers of a class, without the forms that many of it have."""
    forms: dict[tuple[Task, str], list[str]] = defaultdict(list)
    answered: Counter[str] = Counter()
    for report in reports:
        for grade in report.grades:
            answered[grade.task.id] += grade.state not in BLANK
            if grade.fingerprint:
                task = replace(grade.task, stub="")
                forms[task, grade.fingerprint].append(report.student)
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    copies: dict[str, list[str]] = defaultdict(list)
    for task, form in sorted(forms, key=lambda key: order(key[0].id)):
        students = forms[task, form]
        if len(students) > FEW and 4 * len(students) > answered[task.id]:
            continue
        for pair in combinations(students, 2):
            pairs[pair].append(task.id)
        for student in students if form == of_the_course(task) else ():
            copies[student].append(task.id)
    ranked = sorted(pairs.items(), key=lambda each: (-len(each[1]), each[0]))
    return Equal(ranked, sorted(copies.items()))


class _Plain(ast.NodeTransformer):
    """Own names by number, in the order in which they come; no words for people."""

    def __init__(self, tree: ast.AST) -> None:
        """tree: all of the answer."""
        self.numbers: dict[str, str] = {}
        self.own = {
            getattr(node, field)
            for node in ast.walk(tree)
            for field in _NAMES
            if hasattr(node, field) and not _fixed(node)
            if not isinstance(getattr(node, "ctx", None), ast.Load)
        }

    def visit(self, node: ast.AST) -> ast.AST:
        """The node in its normal form."""
        if isinstance(node, ast.AnnAssign) and node.value:
            node = ast.Assign([node.target], node.value)
        for field in node._fields:
            value = getattr(node, field)
            if field in ("annotation", "returns"):
                setattr(node, field, None)
            elif field in _NAMES and value in self.own and not _fixed(node):
                number = self.numbers.setdefault(value, f"_{len(self.numbers)}")
                setattr(node, field, number)
            elif field == "body" and isinstance(value, list):
                setattr(node, field, [n for n in value if not _is_text(n)] or value)
        return self.generic_visit(node)


def _fixed(node: ast.AST) -> bool:
    """Has it a name that another module gives?"""
    return isinstance(node, ast.keyword | ast.alias)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or another string that does nothing."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
