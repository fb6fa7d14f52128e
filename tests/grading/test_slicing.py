"""Helpers of an answer, found by reading the code around it.

Authority: Python's own scoping rules, and running what was found: the pieces here are
short, so that right is what runs to the stated value.
"""

import time
from typing import Any

import pytest

from coursekit.grading.cell_code import parse
from coursekit.grading.slicing import Shelf

F = "def f(x):\n    return "


def definitions_needed(
    source: str, others: list[str], known: tuple[str, ...] = ()
) -> str:
    """The helpers of a piece of code, which stands below all other cells."""
    shelf = Shelf({index: parse(each) for index, each in enumerate(others)})
    return shelf.needed(parse(source), known, len(others)).text


def value(source: str, others: list[str], known: tuple[str, ...] = ()) -> Any:
    """What f(2) gives after the helpers that were found."""
    space: dict[str, Any] = {}
    exec(definitions_needed(source, others, known), space)
    exec(source, space)
    return space["f"](2)


@pytest.mark.parametrize(
    ("source", "others", "wanted"),
    [
        (F + "g(x)", ["def g(x):\n    return x + 1"], 3),
        (F + "g(x)", ["g = lambda x: h(x) + 1", "def h(x):\n    return 2 * x"], 5),
        (F + "g(x)", ["def g(x):\n    return h(x)", "h = lambda x: C", "C = 7"], 7),
        (F + "math.floor(x)", ["import math"], 2),
        (F + "m.floor(x)", ["import os.path, math as m"], 2),
        (F + "floor(x)", ["from math import *"], 2),
        (F + "A + B", ["A, (B, *C) = 1, (2, 3, 4)"], 3),
        (F + "A + B", ["A = B = 4; D = 1/0"], 8),
        (F + "A", ["A: int = 4"], 4),
        (F + "A", ["A = 1", "A = A + 1", "A += 1"], 3),
        (F + "G.y + x", ["class B:\n    y = 5", "class G(B):\n    z = 1"], 7),
        (F + "g(x)", ["D = lambda g: lambda x: g(g(x))", "@D\ndef g(x): return -x"], 2),
        (F + "T[x]", ["S = 9", "T = {}", "T[2] = S", "T.update({3: 1})"], 9),
        (F + "B[0]", ["A = 1", "B = [A for _ in 'x']", "A = 5"], 1),
        (F + "C.B", ["A = 1", "class C:\n    B = A", "A = 5"], 1),
        (F + "B() + A", ["A = 1", "B = lambda: A", "A = 5"], 10),
        (F + "np", ["try:\n    import npy as np\nexcept ImportError:\n    np = 0"], 0),
        (F + "D", ["if 1 > 2:\n    D = 1\nelse:\n    D = 2"], 2),
        (F + "g(x)", ["K = 3", "def g(x, k=K):\n    return k"], 3),
        (F + "[A for A in range(x)]", ["A = 1/0"], [0, 1]),
        (F + "[g(y) for y in range(x)]", ["def g(y):\n    return -y"], [0, -1]),
        ("def f(x, g=G):\n    return g", ["G = 6"], 6),
        ("f = partial(pow, 2)", ["from functools import partial"], 4),
        (F + "g(x)", ["g = lambda n: n < 1 or h(n - 1)", "h = lambda n: g(n)"], True),
    ],
)  # fmt: skip
def test_found_and_runs(source, others, wanted):
    assert value(source, others) == wanted


@pytest.mark.parametrize(
    ("source", "others"),
    [
        (
            F + "sum([x])",
            ["sum = 0\nfor i in range(3):\n    sum += i"],
        ),  # a scratch sum
        (F + "x", ["x = 1/0"]),  # a parameter, not the global
        (F + "A", ["for A in range(3):\n    pass"]),  # loops stay behind
        (F + "A", ["print(A)", "train()", "while True: A = 1"]),
        (F + "at(x)", ["def at(x):\n    return x"]),  # the notebook has it anyway
        (F + "g(x)", ["g = check(g)", "reveal('01.4')"]),
        (F + "check(x)", ["from coursekit.checks.cells import check"]),
        (F + "x", ["def unused():\n    return 1", "import os"]),
        (F + "A", ["def broken(:", "A = = 1"]),
        ("def broken(:", ["A = 1"]),
    ],
)
def test_left_behind(source, others):
    assert definitions_needed(source, others, known=("at",)) == ""


def test_order_is_that_of_the_file_but_for_future_annotations():
    others = ["import math", "B = math.pi", "def g():\n    return B", "C = 1"]
    found = "import math\n\nB = math.pi\n\ndef g():\n    return B"
    assert definitions_needed(F + "g() + B", others, ()) == found
    future = "from __future__ import annotations"
    found = f"{future}\n\nA = 1"
    assert definitions_needed(F + "A", ["A = 1", future], ()) == found


def test_the_nearest_definition_above_counts():
    cells = {0: "A = 1", 1: "A = 2", 2: F + "A", 3: "A = 3"}
    shelf = Shelf({index: parse(each) for index, each in cells.items()})
    assert shelf.needed(parse(cells[2]), (), here=2).text == "A = 2"
    assert shelf.needed(parse(cells[2]), (), here=0, skip=(0, 1)).text == "A = 3"


def test_the_students_own_comes_before_the_lectures():
    lecture = {-2: parse("A = 2"), -1: parse("B = C")}
    shelf = Shelf(lecture | {3: parse("C = 2"), 5: parse("A = 1")})
    found = shelf.needed(parse(F + "A + B"), (), here=9)
    assert found.text == "B = C\n\nC = 2\n\nA = 1"
    assert found.names == ("C", "A")


def test_notes_name_what_is_missing():
    shelf = Shelf({0: parse("for A in range(3):\n    B = A")})
    notes = shelf.needed(parse(F + "A + nowhere"), (), here=1).notes
    assert [note.partition(",")[0] for note in notes] == [
        "It uses `A`",
        "It uses `nowhere`",
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["a=a\n" * 1900] * 10,
        ["a+=a\n" * 1900] * 10,
        [f"a{i}=a{i + 1}" for i in range(3000)],
        ["a={}\n" + "a[0]=a\n" * 1900] * 10,
        ["def a():\n  return a\n" * 900] * 20,
        [",".join(f"b{i}" for i in range(9000)) + "=a"] * 10,
        ["from x import *\n" * 1900] * 10,
    ],
)
def test_long_chains_end_soon(cells):
    codes = {index: parse(each) for index, each in enumerate(cells)}
    shelf = Shelf(codes)
    start = time.process_time()
    shelf.needed(parse("def f():\n    return a, a0, b1, c"), (), here=2)
    assert time.process_time() - start < 10, "without the caps: minutes"


def test_nothing_is_run(capsys):
    found = definitions_needed(F + "A", ["A = print('ran') or 1/0"], ())
    assert found == "A = print('ran') or 1/0"
    assert capsys.readouterr().out == ""
