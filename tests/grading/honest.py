"""Honest submissions that look different: one for each habit or tool.

Each changes the solved notebook 01. All 27 answers stay right, so all of them must be
found, and each must work with the helpers that come along. Those in which cells were
only added are written in honest.md.
"""

import ast
import copy
import re
from collections.abc import Callable
from typing import Any

from notebook_kit import NAME, Notebook, cell, code, put, solved, text
from written import sections

Change = Callable[[Notebook], object]
RIGHT = '''\
def q_sample(x0, k, eps, schedule):
    """Jump to step k."""
    a = at(schedule.alpha_bar, k, x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps
'''
HEAD = "# exercise 01.4\n"
MARKED = HEAD + RIGHT
FIRST, REST = MARKED[: MARKED.index("    a =")], MARKED[MARKED.index("    a =") :]
TODO = FIRST + "    raise NotImplementedError"

HABITS: dict[str, tuple[Change, str]] = {}  # name -> (change, a note for the student)


def habit(note: str = "") -> Callable[[Change], Change]:
    """Put a function into the table. note: what the student should read about it."""

    def add(change: Change) -> Change:
        HABITS[change.__name__] = (change, note)
        return change

    return add


def fresh(name: str) -> Notebook:
    changed = solved(NAME)
    HABITS[name][0](changed)
    return changed


def place(nb: Notebook, cell_id: str = "01.4") -> int:
    found: int = nb["cells"].index(cell(nb, cell_id))
    return found


def _split(above: str, below: str, marked: bool = True) -> Change:
    """Split the cell of 01.4. marked: as JupyterLab does, which copies the metadata."""

    def change(nb: Notebook) -> None:
        made = copy.deepcopy(cell(nb)) if marked else code()
        made |= {"id": "0a1b2c", "source": below}
        nb["cells"].insert(place(nb) + 1, made)
        put(nb, above)

    return change


def exercises(nb: Notebook) -> list[dict[str, Any]]:
    return [each for each in nb["cells"] if each["id"].startswith("ex-")]


def codes(nb: Notebook) -> list[dict[str, Any]]:
    return [each for each in nb["cells"] if each["cell_type"] == "code"]


def edit(cells: list[dict[str, Any]], change: Callable[[str], str]) -> None:
    for each in cells:
        each["source"] = change("".join(each["source"]))


def _added(pieces: list[str]) -> Change:
    """Put an exercise's answer into its cell, with other cells above and at the end."""

    def change(nb: Notebook) -> None:
        here = -1
        for piece in pieces:
            if "# exercise" in piece:
                put(nb, piece)
                here = len(nb["cells"])
            elif here < 0:
                nb["cells"].insert(place(nb), code(piece))
            else:
                nb["cells"].append(code(piece))

    return change


_CELLS = sections("honest.md", RIGHT=RIGHT.strip())["cells"]
for _name, _code in _CELLS.codes.items():
    _pieces = re.split(r"^# %%\n", _code, flags=re.MULTILINE)
    HABITS[_name] = _added(_pieces), _CELLS.notes[_name]


# -- where the cells come from -----------------------------------------------------


@habit()
def scratch_cells_everywhere(nb: Notebook) -> None:
    scratch = "k = 3\nsum = 0\nfor i in range(9):\n    sum += i\nprint(sum)\nx0 = None"
    cells = []
    for number, each in enumerate(nb["cells"]):
        extra = {"cell_type": "markdown", "metadata": {}, "source": f"my note {number}"}
        cells += [each, code(f"{scratch}\n# {number}"), {**extra, "id": f"md-{number}"}]
    nb["cells"] = cells


@habit()
def back_from_colab(nb: Notebook) -> None:
    nb["nbformat_minor"] = 0
    nb["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    for each in nb["cells"]:
        each["metadata"] = {"id": each.pop("id"), "outputId": "1234-abcd"}
    del nb["metadata"]["coursekit"]


@habit()
def back_from_colab_with_new_ids(nb: Notebook) -> None:
    nb["nbformat_minor"] = 0
    nb["metadata"] = {"colab": {"name": "Copy of 01_diffusion.ipynb"}}
    for index, each in enumerate(nb["cells"]):
        del each["id"]
        each["metadata"] = {"id": f"a{index}Xyz_-"}
    edit(nb["cells"], str)


@habit()
def saved_by_vs_code(nb: Notebook) -> None:
    for index, each in enumerate(nb["cells"]):
        each["id"] = f"{index:08x}"
        each["metadata"]["vscode"] = {"languageId": "python"}
    nb["metadata"]["orig_nbformat"] = 4
    edit(nb["cells"], lambda t: f"%%time\n{t}" if "def q_sample" in t else t)


@habit()
def through_jupytext(nb: Notebook) -> None:
    """Every id and all metadata are lost."""
    nb["metadata"] = {}
    for index, each in enumerate(nb["cells"]):
        each |= {"metadata": {}, "id": f"{index:08x}"}


@habit(note="is not marked as 01.4")
def marker_lines_lost_too(nb: Notebook) -> None:
    through_jupytext(nb)
    edit(nb["cells"], lambda t: re.sub(r"^# exercise.*\n", "", t))


@habit(note="is not marked as")
def all_in_one_cell(nb: Notebook) -> None:
    nb["cells"] = [code("\n\n".join("".join(each["source"]) for each in codes(nb)))]


def crlf(source: str) -> str:
    return source.replace("\n", "\r\n")


def tabbed(source: str) -> str:
    return re.sub("^((?:    )+)", lambda m: "\t" * (len(m[0]) // 4), source, flags=re.M)


class _Bare(ast.NodeTransformer):
    """Takes annotations and docstrings away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        if ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)


def bare(source: str) -> str:
    return ast.unparse(_Bare().visit(ast.parse(source)))


def formatted(source: str) -> str:
    first = source.split("\n")[0]
    marker = f"{first}\n" if first.startswith("# exercise") else ""
    return marker + ast.unparse(ast.parse(source))


HABITS |= {
    "as_handed_out": (exercises, ""),
    "everything_upside_down": (lambda nb: nb["cells"].reverse(), ""),
    "only_the_answers": (lambda nb: nb.update(cells=exercises(nb)), ""),
    "windows_line_ends": (lambda nb: edit(nb["cells"], crlf), ""),
    "tabs": (lambda nb: edit(exercises(nb), tabbed), ""),
    "no_annotations_no_docstrings": (lambda nb: edit(exercises(nb), bare), ""),
    "a_formatter_over_everything": (lambda nb: edit(codes(nb), formatted), ""),
}


# -- an answer in another cell, or in several --------------------------------------


@habit(note="`root`")
def a_helper_in_another_exercise(nb: Notebook) -> None:
    put(nb, f"{text(nb, '01.3')}\n\n\ndef root(v):\n    return v**0.5\n", "01.3")
    put(nb, MARKED.replace("a.sqrt()", "root(a)"))


@habit()
def typed_into_the_check_cell(nb: Notebook) -> None:
    put(nb, f"{RIGHT}\n{text(nb, 'check-01-4')}", "check-01-4")
    put(nb, TODO)


@habit(note="is a markdown cell")
def turned_into_markdown(nb: Notebook) -> None:
    cell(nb).update(cell_type="markdown", source=f"```python\n{MARKED}```")


@habit(note="is a raw cell")
def turned_into_raw(nb: Notebook) -> None:
    found = cell(nb, "01.15")
    found["cell_type"] = "raw"
    del found["outputs"], found["execution_count"]


@habit()
def merged_with_the_check(nb: Notebook) -> None:
    put(nb, f"{MARKED}\n{text(nb, 'check-01-4')}\nprint(q_sample)")
    nb["cells"].remove(cell(nb, "check-01-4"))


@habit(note="is not marked as 01.4, but it defines")
def two_exercises_in_one_cell(nb: Notebook) -> None:
    put(nb, f"{text(nb, '01.3')}\n\n\n{text(nb)}", "01.3")
    nb["cells"].remove(cell(nb))


@habit(note="For `q_step`, the course's own is used")
def two_exercises_in_the_second_cell(nb: Notebook) -> None:
    put(nb, f"{text(nb)}\n\n\n{text(nb, '01.3')}")
    nb["cells"].remove(cell(nb, "01.3"))


TWICE, TOGETHER = "Several cells are marked as 01.4", "were put together"
LEVELS = "s, n = coefficients(at(schedule.alpha_bar, k, x0))"
COEFFICIENTS = HEAD + "def coefficients(a):\n    return a.sqrt(), (1 - a).sqrt()"
USE = f"{FIRST}    {LEVELS}\n    return s * x0 + n * eps".partition("\n")[2]
HABITS |= {
    "split_by_jupyterlab": (_split(COEFFICIENTS, USE), TWICE),
    "split_inside_the_function": (_split(FIRST, REST, marked=False), TOGETHER),
    "split_inside_the_function_by_jupyterlab": (_split(FIRST, REST), TOGETHER),
    "a_wrong_try_kept_above": (_split(FIRST + "    return x0 + eps", MARKED), TWICE),
    "the_stub_kept_below": (_split(MARKED, TODO), TWICE),
}


@habit(note="`MY_EPS`")
def answers_in_variables(nb: Notebook) -> None:
    value = text(nb, "01.14").partition(" = ")[2]
    nb["cells"].insert(place(nb, "01.14"), code(f"MY_EPS = {value}"))
    put(nb, "# exercise 01.14\nanswer_01_14: str = MY_EPS", "01.14")


@habit()
def many_scratch_cells_before_each_answer(nb: Notebook) -> None:
    """Two megabytes of trying things out."""
    scratch = "for i in range(3):\n    y = [i * x for x in range(9)]\n    print(y)\n"
    cells = []
    for number, each in enumerate(nb["cells"]):
        if each["cell_type"] == "code":
            cells += [code(f"z{number} = {n}\n{scratch}") for n in range(200)]
        cells.append(each)
    nb["cells"] = cells


@habit(note="is not marked as 01.4, but it defines")
def long_scratch_and_all_marks_lost(nb: Notebook) -> None:
    many_scratch_cells_before_each_answer(nb)
    marker_lines_lost_too(nb)


@habit(note="`tried`")
def a_list_that_scratch_cells_add_to(nb: Notebook) -> None:
    put(nb, FIRST + "    tried.append(k)\n" + REST)
    nb["cells"].insert(place(nb), code("tried = []"))
    more = [code(f"tried.append(q{n})\nq{n} = {n}") for n in range(2600)]
    nb["cells"][place(nb) + 1 : place(nb) + 1] = more
