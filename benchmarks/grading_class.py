"""How long a class takes to grade, and how much memory.

    python benchmarks/grading_class.py [--size 200] [--jobs 1 2 4] [--keep FOLDER]

It makes up a class of lecture 1: good and middling students, some with little time,
a few broken files and a few that do harm. The class is graded once for each number of
jobs, with one seed, and the reports must not differ. Printed are seconds a submission
and the largest memory of the grader itself, without the kernels. The seconds in a
report are left out of the comparison.
"""

import argparse
import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NAME = "01_diffusion"
SEED = 20_26
Notebook = dict[str, Any]

DILIGENCE = (1.0, 0.95, 0.8, 0.5)  # shares of exercises that a student solves
OTHERWISE = {"mistake": 10, "stub": 7, "error": 2, "missing": 1}
HARM = (
    "while True: pass",
    "import os; os._exit(1)",
    "import ctypes; ctypes.string_at(0)",
    "print('x' * 200_000_000)",
    "held = bytearray(b'x') * 6_000_000_000",
    "import os\nfor _ in range(100):\n    if os.fork() == 0:\n"
    "        import time; time.sleep(15); os._exit(0)",
)
BROKEN: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: b"<!DOCTYPE html><html></html>",
    lambda data: data.decode().encode("utf-16"),
    lambda data: b"<<<<<<< HEAD\n" + data,
    lambda data: b"[]",
)


class Slip(ast.NodeTransformer):
    """One sign turned round: the most common mistake there is."""

    def __init__(self, which: int) -> None:
        """Turn the sign of this number, from 1."""
        self.left = which

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Count, and turn."""
        self.generic_visit(node)
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div}
        if type(node.op) in turned:
            self.left -= 1
            if self.left == 0:
                node.op = turned[type(node.op)]()
        return node


def mistake(source: str, chance: random.Random) -> str:
    """The source with a slip in it, or as it is where there is nothing to turn."""
    try:
        changed = Slip(chance.randint(1, 4)).visit(ast.parse(source))
    except SyntaxError:
        return source
    head = source.partition("\n")[0]
    return f"{head}\n{ast.unparse(ast.fix_missing_locations(changed))}\n"


def notebook(path: Path) -> Notebook:
    """A notebook of the course."""
    found: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return found


def submission(number: int) -> bytes:
    """What one student hands in; the same for the same number."""
    chance = random.Random(SEED * 1000 + number)
    made = notebook(ROOT / "notebooks" / "solutions" / f"{NAME}.ipynb")
    blank = notebook(ROOT / "notebooks" / f"{NAME}.ipynb")
    stubs = {cell["id"]: cell["source"] for cell in blank["cells"]}
    answers = [c for c in made["cells"] if re.match(r"ex-\d\d-\d+$", c["id"])]
    diligence = chance.choice(DILIGENCE)
    for cell in answers:
        (kind,) = chance.choices(list(OTHERWISE), list(OTHERWISE.values()))
        source = "".join(cell["source"])
        if chance.random() < diligence:
            cell["source"] = f"{source}\n# {number}\n"
        elif kind == "mistake":
            cell["source"] = mistake(source, chance)
        elif kind == "stub":
            cell["source"] = stubs[cell["id"]]
        elif kind == "error":
            cell["source"] = f"{source}\nprint(undefined_name)\n"
        else:
            made["cells"].remove(cell)
    if number % 33 == 7:
        code = [c for c in answers if "def " in "".join(c["source"])]
        cell = chance.choice(code)
        cell["source"] = "".join(cell["source"]) + "\n" + HARM[number // 33 % len(HARM)]
    data = json.dumps(made).encode()
    return BROKEN[number // 20 % len(BROKEN)](data) if number % 20 == 13 else data


def write_class(folder: Path, size: int) -> None:
    """Half of the class as files, half in one archive, as platforms give them."""
    archive = folder / "late.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as late:
        for number in range(size):
            name, data = f"student_{number:03d}.ipynb", submission(number)
            if number % 2:
                late.writestr(f"student_{number:03d}/{NAME}.ipynb", data)
            else:
                (folder / name).write_bytes(data)


def largest_memory(process: "subprocess.Popen[bytes]") -> Callable[[], float]:
    """Watch a process; the function returned says how many MB it has had at most."""
    seen = [0.0]

    def watch() -> None:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
            except OSError:
                return
            seen[0] = max(seen[0], int(found[1]) / 1024 if found else 0.0)
            time.sleep(0.5)

    threading.Thread(target=watch, daemon=True).start()
    return lambda: seen[0]


def grade(folder: Path, out: Path, jobs: int) -> tuple[float, float]:
    """Grade a folder; seconds, and MB of the grader."""
    command = [sys.executable, "-m", "coursekit", "grade", str(folder)]
    command += ["--out", str(out), "--seed", str(SEED), "--jobs", str(jobs)]
    start = time.monotonic()
    with (out.parent / f"{out.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        largest = largest_memory(process)
        if process.wait() != 0:
            raise SystemExit(f"grading failed: see {log.name}")
    return time.monotonic() - start, largest()


def compared(out: Path) -> tuple[str, str]:
    """class.json, without times, and class.csv."""
    report = json.loads((out / "class.json").read_text())
    del report["run"]
    for each in report["reports"]:
        del each["seconds"]
    return json.dumps(report), (out / "class.csv").read_text()


def main() -> int:
    """Make the class, grade it, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--jobs", type=int, nargs="+", default=[os.cpu_count() or 1])
    parser.add_argument("--keep", type=Path, help="keep class and reports there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coursekit-class-") as name:
        place = args.keep or Path(name)
        folder = place / "class"
        folder.mkdir(parents=True)
        write_class(folder, args.size)
        print("jobs  seconds  a submission  grader MB")
        seen = set()
        for jobs in args.jobs:
            out = place / f"jobs-{jobs}"
            seconds, largest = grade(folder, out, jobs)
            each = seconds / args.size
            print(f"{jobs:4d}{seconds:9.0f}{each:14.2f}{largest:11.0f}", flush=True)
            seen.add(compared(out))
    if len(args.jobs) > 1:
        print("the reports are the same" if len(seen) == 1 else "THE REPORTS DIFFER")
    return int(len(seen) > 1)


if __name__ == "__main__":
    sys.exit(main())
