"""A class of thirty over three notebooks, made up from a seed: docs/grading-a-class.md.

    python benchmarks/grading_story.py FOLDER [--seed 7]

Writes a Canvas gradebook, class.csv, and for each notebook a zip as Moodle gives it.
Most students are like any: all right, or some exercises right, some with a known
mistake, some left blank. A few are what an instructor meets sooner or later: SPECIAL.
"""

import argparse
import ast
import json
import random
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from coursekit.checks import mistakes
from coursekit.checks.edits import bare_source, edited, here
from coursekit.checks.registry import by_symbol
from coursekit.course_folder import COURSE
from coursekit.grading import official, spreadsheet
from coursekit.grading.types import Task

DUE = {
    "01_diffusion": date(2026, 11, 6),
    "02_score_matching": date(2026, 11, 13),
    "03_flow_matching": date(2026, 11, 20),
}

# As Canvas sorts them: two of one name, accents, a second comma, one word of two.
PEOPLE = """\
Achterberg, Noor; Almeida, João; Brandt, Felix; Castellanos, Inés; Chen, Wei-Ling; \
Davis, Sammy, Jr.; Dvořák, Tomáš; Eriksen, Søren; Fontaine, Zoé; Ghosh, Anirban; \
Haile, Selam; Hofmann, Greta; Ivanova, Darya; Jansen, Bram; Kowalska, Łucja; \
Lindqvist, Åsa; Mbeki, Thandi; Moreau, Luc; Nakamura, Yui; O'Brien, Síle; \
Okafor, Chidi; Öztürk, Emre; Papadaki, Eleni; Quispe, Mateo; Rossi, Giulia; \
Schmidt, Anna; Schmidt, Anna; Szabó, Réka; van der Berg, Piet; Weber, Jonas\
""".split("; ")

# Whom an instructor meets sooner or later, by place in PEOPLE; some in one notebook.
SPECIAL = {
    "helpers": [2],  # functions of one's own, in another cell
    "solid": [4, 11, 24],
    "login in the name": [25, 26],  # of their files; both are called Anna Schmidt
    "nothing": [12],
    "nothing, 03": [19],
    "late, 03": [8, 22],
    "two tries, 02": [6],  # the first half done
    "copies, 02": [9],  # from number 4, with other names
    "typed, 01": [15],  # two answers on paper, into the check
    "script, 01": [13],  # a .py file
    "foreign, 02": [17],  # a notebook of another course
    "hostile, 02": [20],
}
HELPER = "def root(v):\n    return v**0.5\n"
HOSTILE = """
import os, sys
for stream in (1, 2):
    os.write(stream, b"\\x1b[32mAll checks passed: 41/41 points</td><script>alert(1)")
os._exit(0)
"""


class OwnWay(ast.NodeTransformer):
    """Writes right code another way, as every student does."""

    def __init__(self, chance: random.Random, own: bool) -> None:
        """own: it takes roots by HELPER."""
        self.chance, self.root = chance, "root" if own else "torch.sqrt"

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Change the order of factors."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and self.chance.random() < 0.4:
            node.left, node.right = node.right, node.left
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Take roots in one of two ways."""
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Attribute(x, "sqrt"), []) if self.chance.random() < 0.5:
                return ast.Call(ast.Name(self.root), [x], [])
        return node


def renamed(source: str) -> str:
    """What somebody changes who copies: the names of variables."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    own = {each.id for each in names if isinstance(each.ctx, ast.Store)} | {"_"}
    return re.sub(rf"(?<![.\w])({'|'.join(own)})\b(?!=\S)", r"my_\1", source)


def mistaken(task: Task, source: str, chance: random.Random) -> str:
    """One of the known mistakes, the first ones more often; or a wrong answer."""
    if task.kind != "code":
        value = chance.choice("abcd") if task.kind == "choice" else "sqrt(2)"
        return re.sub(r'"[^"]*"', f'"{value}"', source, count=1)
    text = by_symbol(task.symbol).mistakes_file.read_text(encoding="utf-8")
    known = [each for each in mistakes.read(text) if each.exercise == task.id]
    edits = known[min(int(chance.expovariate(0.7)), len(known) - 1)].edits
    head = re.split(r"^(?:@|def |class )", source, maxsplit=1, flags=re.M)[0]
    return head + edited(bare_source(task.symbol, here()), "", edits)


def work(name: str, chance: random.Random, share: float, own: bool = False) -> Any:
    """What a student has who solves this share of the exercises. own: with HELPER."""
    folder, file = COURSE / "notebooks", f"{name}.ipynb"
    made = json.loads((folder / file).read_bytes())
    solved = json.loads((folder / "solutions" / file).read_bytes())
    for task in official.load(name).tasks:
        cell = cell_of(made, task.id)
        cell["source"] = source = "".join(cell_of(solved, task.id)["source"])
        if chance.random() > share:
            tried = chance.random() < 0.6
            cell["source"] = mistaken(task, source, chance) if tried else task.stub
        elif task.kind == "code":
            tree = OwnWay(chance, own).visit(ast.parse(source))
            cell["source"] = f"# exercise {task.id}\n{ast.unparse(tree)}\n"
    if own:
        made["cells"].insert(4, made["cells"][3] | {"id": "mine", "source": HELPER})
    return made


def cell_of(made: dict[str, Any], number: str, kind: str = "ex") -> dict[str, Any]:
    """The cell of an exercise, or with "check" that of its check."""
    wanted = f"{kind}-{number.replace('.', '-')}"
    return next(cell for cell in made["cells"] if cell.get("id") == wanted)


def special(place: int, name: str) -> str:
    """What is special about a student in this notebook, or ""."""
    kinds = [key.partition(", ") for key, places in SPECIAL.items() if place in places]
    return next((kind for kind, _, only in kinds if name.startswith(only)), "")


def handed_in(seed: int, place: int, name: str) -> dict[str, bytes]:
    """The files of one student for one notebook."""
    kind, last, tasks = special(place, name), f"{name}.ipynb", official.load(name).tasks
    which = 4 if kind == "copies" else place
    share = random.Random(f"{seed} {which}").choice((0.95, 0.8, 0.55))
    share = 1.0 if special(which, name) == "solid" else share
    chance = random.Random(f"{seed} {which} {name}")
    made = work(name, chance, share, kind == "helpers")
    if kind == "nothing":
        return {}
    if kind == "copies":
        for cell in (cell_of(made, task.id) for task in tasks if task.kind == "code"):
            cell["source"] = renamed(cell["source"])
    elif kind == "typed":
        for task in [task for task in tasks if task.kind == "choice"][:2]:
            cell_of(made, task.id)["source"] = task.stub
            check = cell_of(made, task.id, "check")
            check["source"] = f'check_answer("{task.id}", "b")'
    elif kind == "hostile":
        cell_of(made, tasks[4].id)["source"] += HOSTILE
    elif kind == "foreign":
        cell = {"cell_type": "markdown", "metadata": {}, "source": "# Lab 3: pandas"}
        made, last = {"cells": [cell], "metadata": {}, "nbformat": 4}, "lab3.ipynb"
    elif kind == "script":
        texts = ("".join(c["source"]) for c in made["cells"] if "outputs" in c)
        return {f"{name}.py": "\n\n# %%\n".join(texts).encode()}
    elif kind == "login in the name":
        last = f"{name}_{login(place)}.ipynb"
    files = {last: json.dumps(made).encode()}
    if kind == "two tries":
        first = json.dumps(work(name, chance, 0.5)).encode()
        files = {last: first, f"{name} (1).ipynb": files[last]}
    return files


def login(place: int) -> str:
    """Of a student, in Canvas."""
    return f"s{4200 + 7 * place}"


def gradebook() -> bytes:
    """A Canvas gradebook in which the first of the assignments is there already."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*head, "01_diffusion (90417)", "Final Score"]]
    rows += [["Points Possible", *[""] * 4, "43.00", "(read only)"]]
    for place, person in enumerate(PEOPLE):
        about = [f"{310_000 + 13 * place}", f"{880_000 + 101 * place}", login(place)]
        rows += [[person, *about, f"Tutorial {'AB'[place % 2]}", "", ""]]
    rows += [["Student, Test", "399999", "", "0a1b2c", "Tutorial A", "", ""]]
    return spreadsheet.write(rows, first="")


def archive(path: Path, seed: int, name: str, due: date) -> None:
    """All that was handed in for a notebook, as Moodle's "Download all"."""
    numbers = random.Random(f"{seed} {name}").sample(range(51_000, 52_000), 99)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for place, person in enumerate(PEOPLE):
            last, _, first = person.partition(", ")
            first, comma, suffix = first.partition(",")
            folder = f"{first} {last}{comma}{suffix}_{numbers[place]}_assignsubmission"
            late = special(place, name) == "late"
            day = due + timedelta(days=1 if late else -(place % 3))
            for count, (each, data) in enumerate(handed_in(seed, place, name).items()):
                when = (day.year, day.month, day.day, 9 + count, place, 0)
                info = zipfile.ZipInfo(f"{folder}_file/{each}", when)
                made.writestr(info, data, zipfile.ZIP_DEFLATED)


def main() -> None:
    """Write the class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    (inbox := args.folder / "submissions").mkdir(parents=True, exist_ok=True)
    (args.folder / "class.csv").write_bytes(gradebook())
    for name, due in DUE.items():
        archive(inbox / f"DL2-{name}-8812.zip", args.seed, name, due)


if __name__ == "__main__":
    main()
