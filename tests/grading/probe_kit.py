"""For the tests of the probe: notebooks, solutions, and a worker to run them."""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import notebook_kit as kit
import pytest

from coursekit.grading import filling, official, stubbed, transplant, verdict
from coursekit.grading.types import Attempt, CellRun, NotebookRun

NONCE = "5f1c0ffee"
START = 7_919_191_919_191  # far from the learner's inputs


class Worker:
    """The process of `probe_worker`."""

    def __init__(self, whole=False):
        """whole: with the package as it is, where wrong versions can be made."""
        self.tree = tempfile.TemporaryDirectory()
        package = Path(stubbed.__file__).parents[1]
        home = str(package.parent) if whole else self.tree.name
        if not whole:
            stubbed.write(package, Path(home))
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("probe_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=home,
            env=os.environ | {"PYTHONPATH": home},
        )

    def run_all(self, minis, seconds=60):
        """Notebooks that begin alike: their first cell is run once for all."""
        first, *_ = minis[0].cells
        assert all(mini.cells[0] == first for mini in minis)
        job = {
            "first": [[first.id, first.source]],
            "groups": [[[c.id, c.source] for c in mini.cells[1:]] for mini in minis],
            "filled": filling.pack(minis[0].filled),
            "seconds": seconds,
        }
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return [
            NotebookRun({name: CellRun(*rest) for name, *rest in cells})
            for cells in json.loads(self.process.stdout.readline())
        ]

    def run(self, mini, seconds=60):
        """One notebook."""
        return self.run_all([mini], seconds)[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.tree.cleanup()


@cache
def solutions(name):
    """exercise id -> the source of its cell in the solution notebook."""
    found = {}
    for cell in kit.solved(name)["cells"]:
        about = cell["metadata"].get("coursekit", {})
        if about.get("kind") == "exercise":
            found[about["id"]] = "".join(cell["source"])
    return found


def everything():
    """(notebook, task) of every exercise and question there is."""
    for name in official.available():
        notebook = official.load(name)
        for task in notebook.tasks:
            yield notebook, task


def code_tasks():
    return [(n, task) for n, task in everything() if task.kind == "code"]


TASKS = pytest.mark.parametrize(
    ("notebook", "task"), code_tasks(), ids=lambda item: getattr(item, "id", "")
)


def find(exercise_id):
    return next((n, t) for n, t in everything() if t.id == exercise_id)


def seeds_of(task, starts=1):
    probe = transplant.exercise_of(task).probe()
    return [s for n in range(starts) for s in probe.seeds(START + n)]


def graded(worker, exercise_id, source, helpers="", starts=1, seconds=60):
    """The grade of a piece of code, run by the worker."""
    notebook, task = find(exercise_id)
    attempt = Attempt(task, "answered", source, helpers)
    seeds = seeds_of(task, starts)
    mini = transplant.mini(notebook, attempt, seeds, NONCE)
    run = worker.run(mini, seconds)
    return verdict.grade(attempt, notebook, run, seeds, NONCE)
