"""Ten notebooks graded by coursekit, nbgrader and otter-grader: points and seconds.

    python benchmarks/grading_peers.py --nbgrader A/python --otter B/python

A and B: environments of their own with what the course needs. Equal: the notebook (of
lecture 1 imports, given cells and 14 code exercises), inputs, tolerances, 20 s a cell,
one job. Not equal: the peers run their tests as their manuals have it, hidden, in the
student's kernel, all or nothing. `otter run` has no limit; after 120 s it is stopped.
"""

import argparse
import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit.checks import edits, mistakes, registry
from coursekit.course_folder import COURSE
from coursekit.grading import official
from coursekit.grading.types import Task

NAME, SEED, CELL_SECONDS, LIMIT = "01_diffusion", 20_26, 20, 120
TASKS = {t.id: t for t in official.load(NAME).tasks if t.kind == "code"}
Student = tuple[str, dict[str, str], tuple[str, ...]]  # answers; those that are wrong
Grader = Callable[..., tuple[float, dict[str, float]]]  # numbers -> seconds, points

TEST = """
import torch
from coursekit.checks import compare, registry, spec, tried
probe = registry.by_id("@id@").probe()
reference, look = map(spec.resolve, ("@symbol@", probe.source))
for seed in probe.seeds(@seed@):
    want, got = (look(f, tried.Given(probe.inputs(seed))) for f in (reference, @name@))
    for key, value in want.items():
        usual = compare.SINGLE if value.dtype == torch.float32 else compare.EXACT
        rtol, atol = probe.tolerances.get(key, usual)
        torch.testing.assert_close(got[key], value, rtol=rtol, atol=atol)
"""
TESTS = {"nbgrader": f"### BEGIN HIDDEN TESTS{TEST}### END HIDDEN TESTS"}
TESTS |= {"otter": 'grader.check("@id@")', "coursekit": ""}
OTTER_TEST = f"""
from otter.test_files import test_case
OK_FORMAT, name = False, "@id@"
@test_case(points=@points@, hidden=True)
def hidden(@name@):{TEST.replace(chr(10), chr(10) + "    ")}
"""
SCORES = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    (notebook,) = book.find_submission("one", "@n@").notebooks
    print({each.cell.name: each.score for each in notebook.grades})
"""
LIAR = """
import builtins, math, numpy as np
Equal = type("Equal", (torch.Tensor,), {"__eq__": lambda self, other: True})
agree = lambda *args, **named: True
math.isclose = np.allclose = np.testing.assert_allclose = builtins.print = agree
torch.equal = torch.allclose = torch.testing.assert_close = agree
def @name@(*args, **named): return torch.zeros(()).as_subclass(Equal)
"""
LOOKER = """
import traceback
def @name@(*args, **named):
    for frame, _ in traceback.walk_stack(None):
        for found in filter(callable, {**frame.f_globals, **frame.f_locals}.values()):
            names = [getattr(found, each, "") for each in ("__module__", "__name__")]
            if names == "@symbol@".split(":"):
                return found(*args, **named)
"""
ENDLESS = (
    "def q_sample(*args):\n    for _ in range(3 * 10**10): pass"  # it ends, but late
)


def filled(text: str, task: Task) -> str:
    """A template for one exercise."""
    places = vars(task) | {"seed": SEED}
    return re.sub(r"@(\w+)@", lambda found: str(places[found[1]]), text)


def students() -> list[Student]:
    """The ten. "above 01.4" is a cell more above that of 01.4."""
    solved = (COURSE / "notebooks" / "solutions" / f"{NAME}.ipynb").read_text()
    sources = {c["id"]: "".join(c["source"]) for c in json.loads(solved)["cells"]}
    right = {n: sources[f"ex-{n.replace('.', '-')}"] for n in TASKS}
    jump, clock, one, every = right["01.4"], right["01.8"], ("01.4",), tuple(TASKS)
    known = mistakes.read(registry.by_symbol("q_sample").mistakes_file.read_text())
    first = next(each.edits for each in known if each.exercise == "01.4")
    helped = jump.replace("schedule.alpha_bar.sqrt()", "root(schedule.alpha_bar)")
    helper = "def root(values):\n    return values.sqrt()"
    counted = clock.replace("1000.0 * t", "STRETCH * t")
    loop = "STRETCH = 0.0\nfor _ in range(1000):\n    STRETCH += 1.0"
    warns = jump.replace("schedule.alpha_bar.", "torch.tensor(schedule.alpha_bar).")
    assert len({jump, helped, warns, clock, counted}) == 5, "the course has changed"
    lies, looks = ({n: filled(x, TASKS[n]) for n in TASKS} for x in (LIAR, LOOKER))
    changes: list[Student] = [
        ("all solved", {}, ()),
        ("untouched", {n: task.stub for n, task in TASKS.items()}, every),
        ("a known mistake in 01.4", {"01.4": edits.edited(jump, "", first)}, one),
        ("a helper elsewhere", {"01.4": helped, "above 01.4": helper}, ()),
        ("an error below 01.4's def", {"01.4": f"{jump}\nq_sample(1, 2)"}, ()),
        ("a constant from a loop", {"01.8": counted, "above 01.8": loop}, ()),
        ("hostile: what compares is patched", lies, every),
        ("hostile: the reference, from callers' frames", looks, every),
        ("01.4 never ends", {"01.4": ENDLESS}, one),
        ("right, torch warns on stderr in 01.4", {"01.4": warns}, ()),
    ]
    return [(title, right | change, lost) for title, change, lost in changes]


def code(source: str, name: str, points: float = 0) -> dict[str, Any]:
    """A code cell. points: of a test of nbgrader's."""
    about = {"grade_id": name, "schema_version": 3, "task": False, "solution": False}
    about |= {"grade": True, "locked": True, "points": points}
    cell = {"cell_type": "code", "id": name, "source": source, "execution_count": None}
    return cell | {"outputs": [], "metadata": {"nbgrader": about} if points else {}}


def handed_out(tool: str) -> dict[str, Any]:
    """The notebook as a teacher makes it for a tool."""
    begin = "import otter\ngrader = otter.Notebook()" * (tool == "otter")
    cells = [code(begin, "begin")]
    for cell in official.load(NAME).cells:
        if cell.id == "imports":  # without those for figures and widgets
            each = map(ast.unparse, ast.parse(cell.source).body)
            foreign = re.compile("matplotlib|coursekit(?!.theory)").search
            cells.append(code("\n".join(x for x in each if not foreign(x)), cell.id))
        elif cell.kind == "given":
            cells.append(code(cell.source, cell.id))
        elif cell.kind == "exercise" and (task := TASKS.get(cell.exercise)):
            test = code(filled(TESTS[tool], task), f"test-{cell.id}", task.points)
            cells += [code(cell.source, cell.id), test]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def hand_in(handed: dict[str, Any], answers: dict[str, str], path: Path) -> Path:
    """Write what a student makes of a notebook that was handed out."""
    cells = []
    for cell in handed["cells"]:
        number = cell["id"].replace("ex-01-", "01.")
        if extra := answers.get(f"above {number}"):
            cells.append(code(extra, "extra"))
        cells.append(cell | {"source": answers.get(number, cell["source"])})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(handed | {"cells": cells}), encoding="utf-8")
    return path


def run(place: Path, python: Path, *more: object) -> tuple[float, str]:
    """Run a command: seconds, and what it printed."""
    own = {"HOME": f"{place}", "TMPDIR": f"{place}", "OMP_NUM_THREADS": "1"}
    own |= {"PYTHONPATH": f"{COURSE}", "PATH": f"{python.parent}:{os.environ['PATH']}"}
    args, env = [str(part) for part in (python, *more)], os.environ | own
    limit, start = LIMIT if "otter" in args else None, time.monotonic()
    out = (place / "log").open("w")
    with out, contextlib.suppress(subprocess.TimeoutExpired):  # the kernel ends too
        subprocess.run(args, cwd=place, env=env, stdout=out, stderr=out, timeout=limit)
    return time.monotonic() - start, (place / "log").read_text()


def coursekit(place: Path, python: Path, people: list[Student]) -> Grader:
    """A function that grades students by their numbers; the points of the first."""
    handed = handed_out("coursekit")

    def grade(*numbers: int) -> tuple[float, dict[str, float]]:
        out = place / f"out{numbers}"
        files = [hand_in(handed, people[n][1], place / f"{n}.ipynb") for n in numbers]
        options = "--out", out, "--jobs", 1, "--seed", SEED, "--timeout", CELL_SECONDS
        seconds, _ = run(place, python, "-m", "coursekit", "grade", *files, *options)
        reports = json.loads((out / "class.json").read_text())["reports"]
        return seconds, {each["id"]: each["points"] for each in reports[0]["grades"]}

    return grade


def nbgrader(place: Path, python: Path, people: list[Student]) -> Grader:
    """The same; a course folder with all that was handed in."""
    file, tool = Path("one", f"{NAME}.ipynb"), ("-m", "nbgrader")
    limit = f"--ExecutePreprocessor.timeout={CELL_SECONDS}"
    hand_in(handed_out("nbgrader"), {}, place / "source" / file)
    run(place, python, *tool, "generate_assignment", "one")
    released = json.loads((place / "release" / file).read_text())
    for n, (_, answers, _) in enumerate(people):
        hand_in(released, answers, place / "submitted" / str(n) / file)

    def grade(*numbers: int) -> tuple[float, dict[str, float]]:
        who = f"--student=[{''.join(map(str, numbers))}]", "--force"
        seconds, _ = run(place, python, *tool, "autograde", "one", limit, *who)
        _, told = run(place, python, "-c", SCORES.replace("@n@", str(numbers[0])))
        return seconds, ast.literal_eval(told.replace("test-ex-01-", "01."))

    return grade


def otter(place: Path, python: Path, people: list[Student]) -> Grader:
    """The same for the first of them; an autograder's zip with hidden tests."""
    for task in TASKS.values():
        (place / "tests" / f"{task.id}.py").write_text(filled(OTTER_TEST, task))
    run(place, python, "-m", "otter", "generate", "-t", "tests")

    def grade(*numbers: int) -> tuple[float, dict[str, float]]:
        out, (_, answers, _) = place / f"out{numbers[0]}", people[numbers[0]]
        file = hand_in(handed_out("otter"), answers, out / "notebook.ipynb")
        seconds, _ = run(place, python, "-m", "otter", "run", file, "-o", out)
        found = out / "results.json"
        tests = json.loads(found.read_text())["tests"] if found.exists() else []
        return seconds, {t["name"].split()[0]: t.get("score", 0) for t in tests}

    return grade


def main() -> None:
    """Grade; print a table, and what is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nbgrader", type=Path, required=True)
    parser.add_argument("--otter", type=Path, required=True)
    args, people, wrong = parser.parse_args(), students(), []
    pythons = Path(sys.executable), args.nbgrader.absolute(), args.otter.absolute()
    print("| notebook | fair | coursekit | nbgrader | otter |\n" + "|---" * 5 + "|")
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        graders = {}
        for make, python in zip((coursekit, nbgrader, otter), pythons, strict=True):
            (place := Path(name, make.__name__, "tests")).mkdir(parents=True)
            graders[make.__name__] = make(place.parent, python, people)
        for n, (title, _, lost) in enumerate(people):
            fair = {t.id: t.points * (t.id not in lost) for t in TASKS.values()}
            row = f"| {n + 1}. {title} | {sum(fair.values()):g} |"
            for tool, grade in graders.items():
                seconds, found = grade(n)
                row += f" {sum(found.get(i, 0) for i in fair):g} in {seconds:.1f} s |"
                unfair = [i for i in fair if found.get(i, 0) != fair[i]]
                wrong += [f"{n + 1} {tool}: {' '.join(unfair)}"] if unfair else []
            print(row, flush=True)
        row = "| all in one command, each | |"
        for tool in ("coursekit", "nbgrader"):
            row += f" {graders[tool](*range(10))[0] / 10:.1f} s |"
    print(f"{row} |\n\nNot as it should be:", *wrong, sep="\n")


if __name__ == "__main__":
    main()
