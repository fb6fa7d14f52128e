"""What every attack is made of: the official notebook with a hostile cell in it.

An attack is a text that only the grader runs. Each one bounds itself: it ends within a
minute, starts at most 200 processes, takes at most 6 GB of memory and writes at most
300 MB to a disk, so that a grader without walls is not harmed either.
"""

import copy
import json
import socket
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notebook_kit import Notebook, cell, put
from written import Section, sections

ROOT = Path(__file__).resolve().parents[2]
# The attacked exercise, and the honest ones: one runs before it and one after it.
TARGET, NEIGHBOUR, LATER = "01.4", "01.3", "01.10"
MARK = "coursekit-attack-was-here"  # what an attack writes where it should not
LISTENER = socket.create_server(("127.0.0.1", 0))  # where the tests wait for a caller
PORT: int = LISTENER.getsockname()[1]
SECRET = "COURSEKIT_TEST_SECRET"  # a variable of the grader's environment

Maker = Callable[[Notebook], bytes]

HONEST = '''\
# exercise 01.3
def q_step(x, k, eps, schedule):
    """One step."""
    keep = at((1 - schedule.beta).sqrt(), k, x)
    return keep * x + at(schedule.beta.sqrt(), k, x) * eps
'''
HONEST_LATER = """\
# exercise 01.10
def predict_x0(xk, eps_hat, k, schedule):
    signal = at(schedule.alpha_bar.sqrt(), k, xk)
    return (xk - at((1 - schedule.alpha_bar).sqrt(), k, xk) * eps_hat) / signal
"""
RIGHT = """\
def q_sample(x0, k, eps, schedule):
    signal = at(schedule.alpha_bar.sqrt(), k, x0)
    return signal * x0 + at((1 - schedule.alpha_bar).sqrt(), k, x0) * eps
"""
HEAD = f"# exercise {TARGET}\n"
WRONG = "def q_sample(x0, k, eps, schedule):\n    return x0 + eps\n"
BOUND = "import os, signal, sys, time\nSTOP = time.monotonic() + 45\n"


@dataclass(frozen=True)
class Attack:
    """A hostile file and what it may earn.

    points: for 01.4; neighbour: for 01.3 and for 01.10, each; None where any value is
    fair, and the note says why. needs_sandbox: it earns points or does harm where there
    is none. student: the name it is handed in under. others: points of further tasks.
    """

    name: str
    make: Maker
    note: str
    points: float | None = 0.0
    neighbour: float | None = 1.0
    needs_sandbox: bool = False
    student: str = "mallory"
    others: dict[str, float] = field(default_factory=dict)


def hostile(file: str) -> dict[str, Section]:
    """The attacks of a file in the folder `hostile`, by kind."""
    places = {"ROOT": str(ROOT), "PORT": str(PORT), "MARK": MARK}
    places |= {"RIGHT": RIGHT.strip(), "WRONG": WRONG.strip()}
    return sections(f"hostile/{file}.md", **places)


def as_it_is(code: str) -> str:
    """The code is the cell, and defines q_sample."""
    return f"{HEAD}{BOUND}{code}"


def on_define(code: str) -> str:
    """The code runs as soon as the cell does; a wrong q_sample follows."""
    return as_it_is(code + WRONG)


def on_call(code: str) -> str:
    """The code runs when the grader calls q_sample, which then returns x0 + eps."""
    head, end = WRONG.splitlines(keepends=True)
    return as_it_is(head + textwrap.indent(code, "    ") + end)


# ------------------------------------------------------------------------- notebooks


def base(notebook: Notebook, source: str = "") -> Notebook:
    """A copy with an honest 01.3 and 01.10, and the given source for 01.4."""
    made = copy.deepcopy(notebook)
    put(made, HONEST, NEIGHBOUR)
    put(made, HONEST_LATER, LATER)
    if source:
        put(made, source, TARGET)
    return made


def place(notebook: Notebook, *cells: dict[str, Any], after: str = NEIGHBOUR) -> None:
    """Insert cells behind an exercise's cell, in place."""
    at = notebook["cells"].index(cell(notebook, after)) + 1
    notebook["cells"][at:at] = cells


def to_bytes(notebook: Notebook) -> bytes:
    """The file. Surrogates are escaped, as a hostile writer would."""
    return json.dumps(notebook, ensure_ascii=True).encode()


def plain(source: str) -> Maker:
    """The maker of an attack that is all in one cell."""
    return lambda notebook: to_bytes(base(notebook, source))
