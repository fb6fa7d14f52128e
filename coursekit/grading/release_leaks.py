"""Does a text give away a solution? The last look before notebooks are handed out.

Secret are: the code of every reference, the answers on paper with their explanations,
and the checks with the messages of known mistakes. Public is what a
notebook shows on purpose: its woven, given cells, and there also a solution of an
earlier notebook. A line that stands in many files of the package is no secret.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.checks.mistakes import read
from coursekit.checks.registry import all_exercises
from coursekit.checks.spec import Exercise, FormulaQuestion
from coursekit.grading.report_clean import plain
from coursekit.sources.modules import FunctionNode, Package, first_line
from coursekit.sources.symbols import find

SHORTEST = 25  # a shorter line is everybody's
IDIOM = 4  # and so is one that stands in so many files, `for block in self.blocks:`


@dataclass(frozen=True)
class Secret:
    """One line, or with `whole` the body of one reference. owner: "01.4" or a file."""

    owner: str
    what: str
    text: str
    whole: bool = False

    @property
    def key(self) -> str:
        """The text as it is compared."""
        return squeeze(self.text)


@dataclass(frozen=True)
class Leak:
    """A secret, and where it was found."""

    place: str
    secret: Secret

    def __str__(self) -> str:
        """Where, what and whose, on one line."""
        shown = plain(self.secret.text, 60)
        return f"{self.place}: {self.secret.what} of {self.secret.owner}: {shown}"


def squeeze(text: str) -> str:
    """The text without white space and trailing commas: however it was laid out."""
    return re.sub(r",(?=[)\]}])", "", "".join(text.split()))


def secrets(root: Path) -> list[Secret]:
    """Everything that must not reach a learner's notebook."""
    found: list[Secret] = []
    package = Package(root)
    for entry in all_exercises():
        if isinstance(entry, Exercise):
            found += _reference(package, entry)
        elif isinstance(entry, FormulaQuestion):
            wrong = (text for each in entry.wrong.items() for text in each)
            for text in (*entry.right, *wrong):
                found.append(Secret(entry.id, "an answer", text))
        else:
            for text in entry.why.values():
                found.append(Secret(entry.id, "an explanation", text))
    lectures = root / "coursekit" / "lectures"
    for path in sorted(lectures.glob("*/exercises.py")):
        found += _check_lines(path)
    for path in sorted(lectures.glob("*/mistakes.md")):
        for each in read(path.read_text(encoding="utf-8")):
            found.append(Secret(each.exercise, "the message of a check", each.message))
    common = idioms(root)
    return [
        s
        for s in found
        if s.whole or (len(s.text.strip()) >= SHORTEST and s.text.strip() not in common)
    ]


def idioms(root: Path) -> frozenset[str]:
    """The lines that stand in many files of the package, the exercises left out."""
    count: Counter[str] = Counter()
    for path in (root / "coursekit").rglob("*.py"):
        if path.name != "exercises.py":
            text = path.read_text(encoding="utf-8")
            count.update({line.strip() for line in text.split("\n")})
    return frozenset(line for line, files in count.items() if files >= IDIOM)


def _reference(package: Package, entry: Exercise) -> Iterator[Secret]:
    """The lines of a reference below its docstring, and its body as a whole."""
    symbol = find(package, entry.symbol)
    for function in symbol.blanks():
        start = first_line(function.body[1]) - 1
        lines = symbol.module.lines[start : function.end_lineno]
        for line in lines:
            yield Secret(entry.id, "a line of the solution", line.strip())
        if len(squeeze("".join(lines))) >= SHORTEST:
            whole = "\n".join(lines)
            yield Secret(entry.id, "the whole solution", whole, whole=True)


def _check_lines(path: Path) -> Iterator[Secret]:
    """The code inside the functions of a module of exercises."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    for node in ast.parse(text).body:
        if not isinstance(node, FunctionNode):
            continue
        body = node.body[1 if ast.get_docstring(node) else 0 :]
        start = body[0].lineno if body else node.end_lineno or 0
        public = {  # signatures: every stub shows one
            number
            for inner in ast.walk(node)
            if isinstance(inner, FunctionNode)
            for number in range(inner.lineno, inner.body[0].lineno)
        }
        for number in range(start, (node.end_lineno or start) + 1):
            line = lines[number - 1].strip()
            if number not in public and not line.startswith("#"):
                yield Secret(path.parent.name, "a line of the check", line)


def scan_texts(texts: Mapping[str, str], hidden: Iterable[Secret]) -> list[Leak]:
    """The secrets that occur in these texts. texts: place -> text."""
    squeezed = {place: squeeze(text) for place, text in texts.items()}
    everything = "\0".join(squeezed.values())
    return [
        Leak(place, secret)
        for secret in hidden
        if secret.key in everything
        for place, text in squeezed.items()
        if secret.key in text
    ]


def scan_notebook(
    name: str, notebook: Mapping[str, Any], hidden: Iterable[Secret]
) -> list[Leak]:
    """The secrets that occur anywhere in a notebook, and answers left in its cells.

    Lines that a given cell shows on purpose are public; a whole solution only where
    the exercise belongs to an earlier notebook.
    """
    given = [c for c in notebook["cells"] if _about(c, "kind") == "given"]
    public = squeeze("\n".join(map(_source, given)))
    secret = [
        s
        for s in hidden
        if s.key not in public
        or (s.whole and s.owner.partition(".")[0] >= name.partition("_")[0])
    ]
    texts = {
        f"{name}, cell {number} ({cell['id']})": "\n".join(_strings(cell))
        for number, cell in enumerate(notebook["cells"], start=1)
    }
    texts[f"{name}, metadata"] = "\n".join(_strings(notebook["metadata"]))
    found = scan_texts(texts, secret)
    for cell in notebook["cells"]:
        if said := _answered(cell):
            owner = _about(cell, "id") or "this cell"
            place = f"{name}, cell {cell['id']}"
            found.append(Leak(place, Secret(owner, "an answer", said)))
    return found


def _answered(cell: Mapping[str, Any]) -> str:
    """What an exercise cell holds besides its stub, or an output of any cell."""
    if cell.get("outputs"):
        return "the cell has an output"
    if _about(cell, "kind") != "exercise":
        return ""
    tree = ast.parse(_source(cell))
    answers = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    if answers:
        empty = all(ast.unparse(answer) == "None" for answer in answers)
        return "" if empty else "the question is answered"
    stub = any(isinstance(node, ast.Raise) for node in ast.walk(tree))
    return "" if stub else "the exercise is not a stub"


def _about(cell: Mapping[str, Any], key: str) -> str:
    """What the weave says of a cell."""
    return str(cell["metadata"].get("coursekit", {}).get(key, ""))


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _strings(value: object) -> Iterator[str]:
    """Every text in a piece of JSON, keys included; a list of lines is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield "".join(value)
        else:
            for each in value:
                yield from _strings(each)
