"""The woven notebooks of a toy package.

Authorities: nbformat validates and rewrites the files to the same bytes; Python itself
runs the solution; the text of the package is what solution cells must hold.
"""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from weave_toy import MATHS, SOURCE, project

from coursekit.sources.report import Report
from coursekit.weave.command import build


def woven(root: Path, source: str = SOURCE) -> tuple[Any, Any]:
    """(learner, solution) as parsed JSON; no author error allowed."""
    here, report = project(root, source), Report()
    built = build(here, here.sources(), report)
    assert not report, str(report)
    learner, solution = map(json.loads, built.values())
    return learner, solution


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    return woven(tmp_path_factory.mktemp("toys"))


@pytest.fixture
def learner(toys: tuple[Any, Any]) -> Any:
    return toys[0]


@pytest.fixture
def solution(toys: tuple[Any, Any]) -> Any:
    return toys[1]


def ids(notebook: Any) -> list[str]:
    return [each["id"] for each in notebook["cells"]]


def cell(notebook: Any, cell_id: str) -> Any:
    return next(each for each in notebook["cells"] if each["id"] == cell_id)


def text(notebook: Any, cell_id: str) -> str:
    return "".join(cell(notebook, cell_id)["source"])


def test_nbformat_finds_nothing_to_change(tmp_path):
    here, report = project(tmp_path), Report()
    for content in build(here, here.sources(), report).values():
        notebook = nbformat.reads(content.decode(), as_version=4)
        nbformat.validate(notebook)
        assert (nbformat.writes(notebook) + "\n").encode() == content


def test_order_and_ids(learner, solution):
    assert ids(learner) == ids(solution) == [
        "banner", "text-1-toys", "setup", "imports", "text-1-1-discs", "clip",
        "about-01-1", "ex-01-1", "check-01-1", "hint-01-1-1", "hint-01-1-2",
        "text-after-hints-01-1", "use-area", "about-01-2", "ex-01-2", "check-01-2",
        "about-01-3", "ex-01-3", "check-01-3", "text-claims", "ledger",
    ]  # fmt: skip


def test_ids_do_not_move_when_text_is_inserted_before(tmp_path, learner):
    more = SOURCE.replace(
        "A disc is round.",
        "New words.\n\n## 1.0 More\n\n```python more\npass\n```\n\nAnd more.",
    )
    after, _ = woven(tmp_path, more)
    old = {each["id"]: each for each in learner["cells"]}
    new = {each["id"]: each for each in after["cells"]}
    assert set(new) - set(old) == {"text-1-0-more", "more", "text-after-more"}
    changed = {key for key in old if old[key] != new[key]}
    assert changed == {"text-1-1-discs"}


LEARNER = '''
=== about-01-1
#### Exercise 01.1 · Area of a disc

5 min · difficulty ●●○○○ · 2 points
=== ex-01-1
# exercise 01.1
import math
from collections.abc import Sequence
from functools import lru_cache as cache

from toy.base import scale
from toy.maths import DIGITS


@cache(maxsize=None)
def area(
    radius: float,
    *,
    digits: int = DIGITS,  # a comment inside the signature
) -> "Sequence[float]":
    """The area of a disc.

    radius: at least 0.
    """
    raise NotImplementedError
=== hint-01-1-2
<details>
<summary>Hint 2 for 01.1</summary>

Squared.

</details>
=== ex-01-2
# exercise 01.2
answer_01_2 = None  # a formula in quotes, made of r
=== check-01-2
check_answer("01.2", answer_01_2)
=== about-01-3
#### Exercise 01.3 · Round

1 min · 0.5 points

Is it round?

- **a** yes
- **b** no
=== ex-01-3
# exercise 01.3
answer_01_3 = None  # one of "a", "b"
'''


@pytest.mark.parametrize("part", LEARNER.split("\n=== ")[1:])
def test_a_learner_reads_exactly_this(learner, part):
    cell_id, _, shown = part.partition("\n")
    assert text(learner, cell_id) == shown.rstrip()


def test_no_reference_reaches_the_learner(learner, solution):
    secret = MATHS.split("# secret comment")[1].split("\n\n")[0].strip().split("\n")
    dumped = json.dumps(learner)
    for line in ["# secret comment", *secret]:
        assert line.strip() not in dumped
        assert line in text(solution, "ex-01-1")
    assert "pi * r**2" not in dumped
    assert text(solution, "ex-01-2").endswith('answer_01_2 = "pi * r**2"')


def test_solution_holds_the_package_text(solution):
    for first, cell_id in (("def clip(", "clip"), ("@cache", "ex-01-1")):
        assert MATHS[MATHS.index(first) :].split("\n\n\n")[0] in text(solution, cell_id)


def test_imports_are_made_once_and_from_where_the_module_has_them(tmp_path):
    more = SOURCE + (
        "\n```{weave} toy.maths:doubled\n```\n\n```{weave} toy.maths:rest\n```\n"
        "\n```{weave} toy.maths:DIGITS\n```\n"
    )
    here, report = project(tmp_path, more), Report()
    learner, _ = map(json.loads, build(here, here.sources(), report).values())
    assert text(learner, "doubled").startswith("from toy import base\n\n\ndef doubled")
    assert text(learner, "rest").startswith("from functools import partial\n\nrest = ")
    # DIGITS was imported for the exercise, so showing it below is too late
    assert "the cell 'ex-01-1' already makes 'DIGITS'" in str(report)


def test_constants_come_with_the_comment_above_them(tmp_path):
    source = "# T\n\n```{weave} toy.maths:DIGITS\n```\n\n```{weave} toy.maths:HIGH\n```"
    learner, _ = woven(tmp_path, source)
    above = "# How many digits to keep.\n# (Two are enough.)\n"
    assert text(learner, "digits") == f"{above}DIGITS = 2"
    assert text(learner, "high") == "LOW, HIGH = 0.0, 1.0"


def test_a_class_blanks_only_the_named_methods(tmp_path):
    asked = "{exercise} 01.4 toy.maths:Line.at minutes=1 difficulty=1 points=1"
    learner, solution = woven(tmp_path, f"# T\n\n```{asked}\n```\n")
    stub = text(learner, "ex-01-4")
    assert stub.count("raise NotImplementedError") == 1
    assert 'x: (N,).\n        """\n        raise NotImplementedError\n\n' in stub
    assert "self.slope = slope" in stub and "return None" in stub
    assert "hidden" not in stub and "hidden" in text(solution, "ex-01-4")
    assert stub.startswith("# exercise 01.4\nimport numpy as np\n\n\nclass Line:")
    assert text(learner, "check-01-4") == "Line = check(Line)"


def test_exercise_cells_say_what_they_are(learner):
    assert cell(learner, "ex-01-1")["metadata"]["coursekit"] == {
        "kind": "exercise", "id": "01.1", "minutes": 5, "difficulty": 2, "points": 2,
    }  # fmt: skip


def test_ledger_is_filled_and_links_to_cells(learner):
    assert text(learner, "ledger").split("\n")[2] == (
        r"| R1.1 | Discs have $\vert x\vert $ area. | 2:09 | We found 3.14, "
        r"$\vert y\vert $ and \| more. | **in part** "
        "| [use-area](01_toys.ipynb#cell-id=use-area) |"
    )


def test_metadata_lets_ruff_and_jupyter_work(learner, solution):
    for notebook, role in ((learner, "learner"), (solution, "solution")):
        assert notebook["metadata"]["language_info"]["name"] == "python"
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert notebook["metadata"]["coursekit"] == {
            "role": role,
            "source": "coursekit/lectures/l01_toys/01_toys.md",
            "version": "9.8.7",
        }
        assert "coursekit/lectures/l01_toys/01_toys.md" in text(notebook, "banner")
        assert 'notebook.start("01_toys", version="9.8.7")' in text(notebook, "setup")


def test_learner_does_not_import_what_a_later_exercise_asks_for(tmp_path):
    asked = "```{exercise} %s minutes=1 difficulty=1 points=1\n```\n"
    source = asked % "01.9 toy.maths:doubled" + asked % "01.1 toy.maths:area"
    here, report = project(tmp_path, f"# T\n\n{source}"), Report()
    learner, solution = map(json.loads, build(here, here.sources(), report).values())
    assert "import area" not in text(learner, "ex-01-9")
    assert "from toy.maths import area" in text(solution, "ex-01-9")
    assert "def area(  # noqa: F811" in text(solution, "ex-01-1")
    assert "noqa" not in text(learner, "ex-01-1")


def test_shown_code_and_headings_inside_it_stay_text(tmp_path):
    source = "# T\n\n```text\n# not a heading\n```\n\n~~~python\n# nor this\n~~~\n"
    learner, _ = woven(tmp_path, source)
    assert ids(learner) == ["banner", "text-t", "setup"]
    assert text(learner, "text-t") == source.strip()


def test_same_headings_are_told_apart_by_their_chapter(tmp_path):
    source = "# T\n\n## A\n\n### Play\n\nx\n\n## B\n\n### Play\n\ny\n"
    learner, _ = woven(tmp_path, source)
    assert ids(learner)[3:] == ["text-a", "text-play", "text-b", "text-b-play"]


def test_magics_and_await_are_python_here(tmp_path):
    code = "%timeit 1\n!ls\nx = await y"
    learner, _ = woven(tmp_path, f"# T\n\n```python magic\n{code}\n```\n")
    assert text(learner, "magic") == code


def test_long_headings_give_valid_ids(tmp_path):
    learner, _ = woven(tmp_path, "# T\n\n## " + "very long words " * 12 + "\n\nx\n")
    last = ids(learner)[-1]
    assert len(last) <= 64 and last.startswith("text-very-long-words")
    nbformat.validate(nbformat.from_dict(learner))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_of_the_source_do_not_matter(tmp_path, ending):
    here = project(tmp_path)
    (source,) = here.sources()
    reference = build(here, [source], Report())
    source.path.write_bytes(source.text().replace("\n", ending).encode())
    assert build(here, [source], Report()) == reference


def test_prose_quotes_what_was_measured(tmp_path):
    words = "Here {01.A:area:.1f}, of which {01.A:by.n.1}; $\\frac{1}{2}$ stays."
    for notebook in woven(tmp_path, SOURCE.replace("A disc is round.", words)):
        shown = text(notebook, "text-1-1-discs")
        assert "Here 3.1, of which 2; $\\frac{1}{2}$ stays." in shown
