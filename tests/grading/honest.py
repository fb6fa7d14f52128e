"""Honest submissions that look different: one function for each habit or tool.

Each changes the solved notebook 01 in place. All 27 answers stay right, so all of them
must be found, and each must work with the helpers that come along.
"""

import ast
import copy
import re
from collections.abc import Callable
from typing import Any

Notebook = dict[str, Any]
Change = Callable[[Notebook], None]

HABITS: dict[str, tuple[Change, str]] = {}  # name -> (change, a note for the student)

JUMP = '''\
# exercise 01.4
def q_sample(x0, k, eps, schedule):
    """Jump to step k."""
'''
BODY = """\
    a = at(schedule.alpha_bar, k, x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps
"""


def habit(note: str = "") -> Callable[[Change], Change]:
    """Put a function into the table. note: what the student should read about it."""

    def add(change: Change) -> Change:
        HABITS[change.__name__] = (change, note)
        return change

    return add


def fresh(notebook: Notebook, name: str) -> Notebook:
    changed = copy.deepcopy(notebook)
    HABITS[name][0](changed)
    return changed


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code(source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": 3,
        "id": f"new-{abs(hash(source)) % 10**8}",
        "metadata": metadata,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def place(nb: Notebook, exercise: str = "01.4") -> int:
    wanted = f"ex-{exercise.replace('.', '-')}"
    return next(i for i, c in enumerate(nb["cells"]) if c["id"] == wanted)


def answer(nb: Notebook, source: str, exercise: str = "01.4") -> None:
    nb["cells"][place(nb, exercise)]["source"] = source


def code_cells(nb: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in nb["cells"] if cell["cell_type"] == "code"]


def plain(nb: Notebook) -> None:
    """Lose every id and all metadata."""
    nb["metadata"] = {}
    for index, cell in enumerate(nb["cells"]):
        cell["metadata"] = {}
        cell["id"] = f"{index:08x}"


@habit()
def as_handed_out(nb: Notebook) -> None:
    pass


@habit(note="`TINY`, `_levels`")
def helpers_in_a_cell_above(nb: Notebook) -> None:
    answer(
        nb,
        JUMP + "    a, s = _levels(schedule, k, x0)\n    return a * x0 + s * eps",
    )
    helper = "TINY = 0.0\ndef _levels(schedule, k, x):\n    a = at(schedule.alpha_bar"
    helper += ", k, x)\n    return a.sqrt(), (1 - a + TINY).sqrt()"
    nb["cells"].insert(place(nb), code(helper))


@habit(note="`mix`")
def helpers_at_the_very_end(nb: Notebook) -> None:
    answer(nb, JUMP + "    return mix(x0, eps, at(schedule.alpha_bar, k, x0))")
    nb["cells"].append(
        code("def mix(x, e, a):\n    return root(a) * x + root(1-a) * e")
    )
    nb["cells"].append(code("root = lambda value: value ** 0.5"))


@habit(note="`root`")
def a_helper_in_another_exercise(nb: Notebook) -> None:
    step = nb["cells"][place(nb, "01.3")]
    step["source"] = text(step) + "\n\n\ndef root(value):\n    return value**0.5\n"
    answer(nb, JUMP + BODY.replace("a.sqrt()", "root(a)"))


@habit()
def typed_into_the_check_cell(nb: Notebook) -> None:
    check = nb["cells"][place(nb) + 1]
    check["source"] = (JUMP + BODY).partition("\n")[2] + "\n" + text(check)
    answer(nb, JUMP + "    raise NotImplementedError")


@habit()
def a_percent_sign_beside_magics(nb: Notebook) -> None:
    odd = BODY.replace("return ", "return (10\n    % 3) * ")
    answer(nb, f"%matplotlib inline\n{JUMP}{odd}")


@habit()
def numpy_instead_of_torch(nb: Notebook) -> None:
    nb["cells"].insert(4, code("import numpy as np\nfrom numpy import sqrt as root"))
    answer(
        nb,
        JUMP
        + "    a = schedule.alpha_bar.numpy()[k.numpy()]\n"
        + "    a = a.reshape(-1, *[1] * (x0.ndim - 1))\n"
        + "    out = root(a) * x0.numpy() + np.sqrt(1 - a) * eps.numpy()\n"
        + "    return torch.as_tensor(out, dtype=x0.dtype)",
    )


@habit()
def scratch_cells_everywhere(nb: Notebook) -> None:
    scratch = "k = 3\nsum = 0\nfor i in range(9):\n    sum += i\nprint(sum)\nx0 = None"
    cells = []
    for number, cell in enumerate(nb["cells"]):
        extra = {"cell_type": "markdown", "metadata": {}, "source": f"my note {number}"}
        cells += [cell, code(f"{scratch}\n# {number}"), {**extra, "id": f"md-{number}"}]
    nb["cells"] = cells


@habit(note="Several cells are marked as 01.4")
def split_by_jupyterlab(nb: Notebook) -> None:
    here = place(nb)
    first = "# exercise 01.4\ndef coefficients(a):\n    return a.sqrt(), (1 - a).sqrt()"
    second = JUMP.partition("\n")[2] + (
        "    s, n = coefficients(at(schedule.alpha_bar, k, x0))\n"
        "    return s * x0 + n * eps"
    )
    below = copy.deepcopy(nb["cells"][here])
    below["id"], below["source"] = "0a1b2c", second
    nb["cells"].insert(here + 1, below)
    answer(nb, first)


@habit(note="were put together")
def split_inside_the_function(nb: Notebook) -> None:
    answer(nb, JUMP)
    nb["cells"].insert(place(nb) + 1, code(BODY))


@habit(note="were put together")
def split_inside_the_function_by_jupyterlab(nb: Notebook) -> None:
    below = copy.deepcopy(nb["cells"][place(nb)])
    below["id"], below["source"] = "0a1b2c", BODY
    answer(nb, JUMP)
    nb["cells"].insert(place(nb) + 1, below)


@habit()
def back_from_colab(nb: Notebook) -> None:
    nb["nbformat_minor"] = 0
    nb["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    for cell in nb["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "outputId": "1234-abcd"}
    del nb["metadata"]["coursekit"]


@habit()
def back_from_colab_with_new_ids(nb: Notebook) -> None:
    nb["nbformat_minor"] = 0
    nb["metadata"] = {"colab": {"name": "Copy of 01_diffusion.ipynb"}}
    for index, cell in enumerate(nb["cells"]):
        del cell["id"]
        cell["metadata"] = {"id": f"a{index}Xyz_-"}
        cell["source"] = text(cell)


@habit()
def saved_by_vs_code(nb: Notebook) -> None:
    for index, cell in enumerate(nb["cells"]):
        cell["id"] = f"{index:08x}"
        cell["metadata"]["vscode"] = {"languageId": "python"}
    nb["metadata"]["orig_nbformat"] = 4
    answer_cell = next(c for c in nb["cells"] if "def q_sample" in text(c))
    answer_cell["source"] = "%%time\n" + text(answer_cell)


@habit()
def through_jupytext(nb: Notebook) -> None:
    plain(nb)


@habit(note="is not marked as 01.4")
def marker_lines_lost_too(nb: Notebook) -> None:
    plain(nb)
    for cell in nb["cells"]:
        cell["source"] = re.sub(r"^# exercise.*\n", "", text(cell))


@habit()
def everything_upside_down(nb: Notebook) -> None:
    nb["cells"].reverse()


@habit()
def only_the_answers(nb: Notebook) -> None:
    nb["cells"] = [c for c in nb["cells"] if c["id"].startswith("ex-")]


@habit(note="is not marked as")
def all_in_one_cell(nb: Notebook) -> None:
    whole = "\n\n".join(text(cell) for cell in code_cells(nb))
    nb["cells"] = [code(whole)]


@habit()
def windows_line_ends(nb: Notebook) -> None:
    for cell in nb["cells"]:
        cell["source"] = text(cell).replace("\n", "\r\n")


@habit()
def tabs(nb: Notebook) -> None:
    for cell in code_cells(nb):
        if cell["id"].startswith("ex-"):
            cell["source"] = re.sub(
                r"^((?:    )+)",
                lambda m: "\t" * (len(m[0]) // 4),
                text(cell),
                flags=re.M,
            )


class _Bare(ast.NodeTransformer):
    """Takes annotations and docstrings away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        if ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node


@habit()
def no_annotations_no_docstrings(nb: Notebook) -> None:
    for cell in code_cells(nb):
        if cell["id"].startswith("ex-"):
            cell["source"] = ast.unparse(_Bare().visit(ast.parse(text(cell))))


@habit()
def a_lambda(nb: Notebook) -> None:
    answer(
        nb,
        "# exercise 01.4\nq_sample = lambda x0, k, eps, schedule: ("
        "at(schedule.alpha_bar, k, x0).sqrt() * x0"
        " + (1 - at(schedule.alpha_bar, k, x0)).sqrt() * eps)",
    )


@habit(note="Your function is called `forward_jump`")
def a_function_renamed(nb: Notebook) -> None:
    answer(nb, (JUMP + BODY).replace("q_sample", "forward_jump"))


@habit(note="`forward_jump`")
def another_name_assigned(nb: Notebook) -> None:
    source = (JUMP + BODY).replace("q_sample", "forward_jump")
    nb["cells"].insert(4, code(source.partition("\n")[2]))
    answer(nb, "# exercise 01.4\nq_sample = forward_jump")


@habit(note="is a markdown cell")
def turned_into_markdown(nb: Notebook) -> None:
    cell = nb["cells"][place(nb)]
    cell["cell_type"] = "markdown"
    cell["source"] = f"```python\n{JUMP}{BODY}```"


@habit(note="is a raw cell")
def turned_into_raw(nb: Notebook) -> None:
    cell = nb["cells"][place(nb, "01.16")]
    cell["cell_type"] = "raw"
    del cell["outputs"], cell["execution_count"]


@habit()
def merged_with_the_check(nb: Notebook) -> None:
    here = place(nb)
    check = nb["cells"].pop(here + 1)
    print_it = "print(q_sample)"
    nb["cells"][here]["source"] = f"{JUMP}{BODY}\n{text(check)}\n{print_it}"


@habit(note="is not marked as 01.4, but it defines")
def two_exercises_in_one_cell(nb: Notebook) -> None:
    here = place(nb, "01.4")
    second = nb["cells"].pop(here)
    first = nb["cells"][place(nb, "01.3")]
    first["source"] = text(first) + "\n\n\n" + text(second)


@habit(note="For `q_step`, the course's own is used")
def two_exercises_in_the_second_cell(nb: Notebook) -> None:
    first = nb["cells"].pop(place(nb, "01.3"))
    second = nb["cells"][place(nb)]
    second["source"] = text(second) + "\n\n\n" + text(first)


@habit(note="Several cells are marked as 01.4")
def a_wrong_try_kept_above(nb: Notebook) -> None:
    first = copy.deepcopy(nb["cells"][place(nb)])
    first["source"] = JUMP + "    return x0 + eps"
    first["id"] = "first-try"
    nb["cells"].insert(place(nb), first)


@habit(note="Several cells are marked as 01.4")
def the_stub_kept_below(nb: Notebook) -> None:
    stub = copy.deepcopy(nb["cells"][place(nb)])
    stub["source"] = JUMP + "    raise NotImplementedError"
    stub["id"] = "the-stub"
    nb["cells"].insert(place(nb) + 1, stub)


@habit(note="is not marked as 01.4")
def the_stub_kept_and_an_answer_elsewhere(nb: Notebook) -> None:
    answer(nb, JUMP + "    raise NotImplementedError('later')")
    nb["cells"].append(code("mine = 1\n" + (JUMP + BODY).partition("\n")[2]))


@habit()
def star_imports(nb: Notebook) -> None:
    nb["cells"].insert(4, code("from math import *\nfrom torch import *"))
    answer(nb, JUMP + BODY.replace("a.sqrt()", "pow(a, tensor(0.5))"))


@habit(note="`np`, `DEVICE`")
def conditional_definitions(nb: Notebook) -> None:
    guarded = "try:\n    import numpy as np\nexcept ImportError:\n    np = None\n"
    guarded += 'if torch.cuda.is_available():\n    DEVICE = "cuda"\nelse:\n'
    guarded += '    DEVICE = "cpu"'
    nb["cells"].insert(4, code(guarded))
    answer(nb, JUMP + "    assert np and DEVICE\n" + BODY)


@habit()
def jupyter_magics(nb: Notebook) -> None:
    nb["cells"].insert(1, code("%matplotlib inline\n!pip install einops"))
    loud = "%time\nfiles = !ls\nq_sample?\n?torch\n!echo done"
    source = (JUMP + BODY).partition("\n")[2]
    answer(nb, f"# exercise 01.4\n%load_ext autoreload\n{source}\n{loud}")


@habit()
def a_whole_cell_indented(nb: Notebook) -> None:
    lines = (JUMP + BODY).split("\n")
    answer(nb, "\n".join("    " + line if line else line for line in lines))


@habit(note="`at`")
def an_own_version_of_given_code(nb: Notebook) -> None:
    own = "def at(values, k, x, power=1.0):\n    v = values[k] ** power\n"
    own += "    return v.reshape(-1, *[1] * (x.ndim - 1)).to(x.dtype)"
    nb["cells"].insert(place(nb), code(own))
    source = "    return at(schedule.alpha_bar, k, x0, 0.5) * x0"
    source += " + at(1 - schedule.alpha_bar, k, x0, 0.5) * eps"
    answer(nb, JUMP + source)


@habit(note="`TABLE`, `root`, `Levels`")
def classes_and_tables(nb: Notebook) -> None:
    above = (
        "from dataclasses import dataclass\nfrom functools import partial\n\n"
        "@dataclass\nclass Levels:\n    a: object\n    power: float = 0.0\n\n"
        "    def both(self):\n        return root(self.a), root(1 - self.a)\n"
    )
    table = "TABLE = {}\nTABLE['power'] = 0.5\nTABLE.update(unused=1)"
    nb["cells"].insert(4, code(above))
    nb["cells"].insert(4, code("root = lambda a: a ** TABLE['power']"))
    nb["cells"].insert(4, code(table))
    answer(
        nb,
        JUMP + "    s, n = Levels(at(schedule.alpha_bar, k, x0)).both()\n"
        "    return s * x0 + n * eps",
    )


@habit(note="`scale`")
def a_value_made_in_steps(nb: Notebook) -> None:
    nb["cells"].insert(4, code("scale = 0.25"))
    nb["cells"].insert(5, code("scale += 0.25\nprint(scale)"))
    nb["cells"].append(code("scale = 7"))
    answer(nb, JUMP + BODY.replace(".sqrt()", " ** scale"))


@habit()
def future_annotations(nb: Notebook) -> None:
    nb["cells"].insert(1, code("from __future__ import annotations"))
    answer(
        nb,
        (JUMP + BODY).replace(
            "x0, k, eps, schedule)", "x0: Undefined, k, eps, schedule)"
        ),
    )


@habit()
def a_formatter_over_everything(nb: Notebook) -> None:
    for cell in code_cells(nb):
        first = text(cell).split("\n")[0]
        marker = f"{first}\n" if first.startswith("# exercise") else ""
        cell["source"] = marker + ast.unparse(ast.parse(text(cell)))


@habit()
def a_lecture_variable_used(nb: Notebook) -> None:
    answer(nb, JUMP + "    assert 'linear, T = 1000' in schedules\n" + BODY)


@habit(note="`q_walk`")
def a_helper_that_calls_another_exercise(nb: Notebook) -> None:
    helper = "def q_walk(x, k, eps, schedule):\n"
    helper += "    return q_step(x, k, eps, schedule) * 0"
    nb["cells"].append(code(helper))
    changed = BODY.replace("return ", "return q_walk(x0, k, eps, schedule) + ")
    answer(nb, JUMP + changed)


@habit(note="`MY_EPS`")
def answers_in_variables(nb: Notebook) -> None:
    here = place(nb, "01.15")
    value = text(nb["cells"][here]).partition(" = ")[2]
    nb["cells"].insert(here, code(f"MY_EPS = {value}"))
    answer(nb, "# exercise 01.15\nanswer_01_15: str = MY_EPS", "01.15")


@habit()
def many_scratch_cells_before_each_answer(nb: Notebook) -> None:
    """Two megabytes of trying things out."""
    scratch = "for i in range(3):\n    y = [i * x for x in range(9)]\n    print(y)\n"
    cells = []
    for number, cell in enumerate(nb["cells"]):
        if cell["cell_type"] == "code":
            cells += [code(f"z{number} = {n}\n{scratch}") for n in range(200)]
        cells.append(cell)
    nb["cells"] = cells


@habit(note="is not marked as 01.4, but it defines")
def long_scratch_and_all_marks_lost(nb: Notebook) -> None:
    many_scratch_cells_before_each_answer(nb)
    plain(nb)
    for cell in nb["cells"]:
        cell["source"] = re.sub(r"^# exercise.*\n", "", text(cell))


@habit(note="`tried`")
def a_list_that_scratch_cells_add_to(nb: Notebook) -> None:
    answer(nb, JUMP + "    tried.append(k)\n" + BODY)
    nb["cells"].insert(place(nb), code("tried = []"))
    more = [code(f"tried.append(q{n})\nq{n} = {n}") for n in range(2600)]
    nb["cells"][place(nb) + 1 : place(nb) + 1] = more
