"""What kept numbers depend on. Authority: a small package, changed in one place."""

import json
from functools import partial
from pathlib import Path

import pytest

from coursekit.experiments import depends
from coursekit.experiments.cache import fingerprint
from coursekit.experiments.train_toy import fresh

FILES = {
    "toy/figure.py": '''
"""A figure."""

from toy.maths import Ruler, area

STEPS = 3  # enough


def measure(quick=False):
    """Its numbers."""
    from toy.late import last

    return [STEPS, area(2), Ruler().length(), last("bears-flow")]


def unused():
    return "one"
''',
    "toy/maths.py": """
from toy import deep


def area(r):
    return deep.PI * r**2


class Ruler:
    def length(self):
        return 1.0


def other():
    return 1
""",
    "toy/deep.py": "PI = 3.14\nE = 2.72\n",
    "toy/late.py": "def last(name):\n    return name\n",
    "toy/__init__.py": "",
    "data/checkpoints/bears-flow/card.json": json.dumps({"sha256": "first"}),
    "data/checkpoints/other-flow/card.json": json.dumps({"sha256": "second"}),
}


def marked(root: Path, place: str = "", old: str = "", new: str = "") -> str:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == place:
            assert text.count(old) == 1
            text = text.replace(old, new)
        path.write_text(text)
    depends.mark.cache_clear()
    return depends.mark("toy.figure.measure", root)


@pytest.mark.parametrize(
    ("counts", "place", "old", "new"),
    [
        (False, "toy/figure.py", "  # enough", "  # or more"),
        (False, "toy/figure.py", "Its numbers.", "Its figures,\n\n    all of them."),
        (False, "toy/figure.py", '"one"', '"two"'),
        (False, "toy/maths.py", "    return 1\n", "    return 2\n"),
        (False, "toy/deep.py", "2.72", "2.71"),
        (False, "data/checkpoints/other-flow/card.json", "second", "third"),
        (True, "toy/figure.py", "STEPS = 3", "STEPS = 4"),
        (True, "toy/figure.py", "area(2)", "area(3)"),
        (True, "toy/maths.py", "r**2", "r**3"),
        (True, "toy/maths.py", "1.0", "2.0"),
        (True, "toy/deep.py", "3.14", "3.15"),
        (True, "toy/late.py", "return name", "return name + name"),
        (True, "data/checkpoints/bears-flow/card.json", "first", "third"),
    ],
)
def test_the_mark_changes_with_what_the_numbers_depend_on(
    counts, place, old, new, tmp_path
):
    assert (marked(tmp_path, place, old, new) != marked(tmp_path)) == counts


def test_a_function_inside_another_or_a_partial_of_it_counts_as_that():
    def inner(): ...

    mine = depends.code_mark(fresh)
    assert depends.code_mark(partial(partial(fresh), 1)) == mine
    assert depends.code_mark(fingerprint) != mine
    assert depends.code_mark(inner) == depends.code_mark(marked)  # outside the package
