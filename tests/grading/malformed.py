"""Malformed submissions: one function for each kind of damage.

Each takes the solved notebook 01 as a dict and returns the bytes of a file. `problem`
and `note` are what the student must read; `lost` are the exercises that may not count
as answered afterwards. All others must survive with the same code.
"""

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Notebook = dict[str, Any]
ALL = ("all",)


@dataclass(frozen=True)
class Kind:
    """One kind of damage, and what must come of it."""

    name: str
    make: Callable[[Notebook], bytes]
    problem: str = ""
    note: str = ""
    lost: tuple[str, ...] = ()


KINDS: list[Kind] = []


def kind(
    problem: str = "", note: str = "", lost: tuple[str, ...] = ()
) -> Callable[[Callable[[Notebook], bytes]], Callable[[Notebook], bytes]]:
    """Put a function into the list."""

    def add(make: Callable[[Notebook], bytes]) -> Callable[[Notebook], bytes]:
        def fresh(notebook: Notebook) -> bytes:
            return make(copy.deepcopy(notebook))

        KINDS.append(Kind(make.__name__, fresh, problem, note, lost))
        return make

    return add


def dump(notebook: Any, **options: Any) -> bytes:
    return json.dumps(notebook, indent=1, ensure_ascii=False, **options).encode()


def cell(notebook: Notebook, exercise: str = "01.4") -> dict[str, Any]:
    wanted = f"ex-{exercise.replace('.', '-')}"
    found: dict[str, Any] = next(c for c in notebook["cells"] if c.get("id") == wanted)
    return found


def with_source(notebook: Notebook, source: Any) -> bytes:
    cell(notebook)["source"] = source
    return dump(notebook)


# -- the file as a whole -----------------------------------------------------------


@kind(problem="The file is empty")
def empty(nb: Notebook) -> bytes:
    return b""


@kind(problem="The file is empty")
def white_space(nb: Notebook) -> bytes:
    return b" \r\n\t \n"


@kind(problem="The file is empty")
def only_nul(nb: Notebook) -> bytes:
    return bytes(4096)


@kind(problem="larger than 20 MB")
def too_large(nb: Notebook) -> bytes:
    return dump(nb) + b" " * (20 * 2**20)


@kind(problem="more parts than any notebook needs")
def a_million_lists(nb: Notebook) -> bytes:
    return b'{"cells": [], "metadata": [' + b"[]," * 1_000_001 + b"0]}"


@kind()
def byte_order_mark(nb: Notebook) -> bytes:
    return b"\xef\xbb\xbf" + dump(nb)


@kind(note="UTF-16")
def utf_16(nb: Notebook) -> bytes:
    return dump(nb).decode().encode("utf-16")


@kind(note="UTF-16")
def utf_16_big_endian(nb: Notebook) -> bytes:
    return b"\xfe\xff" + dump(nb).decode().encode("utf-16-be")


@kind(note="UTF-16")
def utf_16_without_mark(nb: Notebook) -> bytes:
    return dump(nb).decode().encode("utf-16-le")


@kind(note="UTF-32")
def utf_32(nb: Notebook) -> bytes:
    return dump(nb).decode().encode("utf-32")


@kind(problem="breaks off")
def utf_16_cut_in_a_character(nb: Notebook) -> bytes:
    data = dump(nb).decode().encode("utf-16")
    return data[: data.index("q_sample".encode("utf-16-le")) + 5]


@kind(note="not UTF-8")
def windows_letters(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = ["Zoë's notebook"]
    return dump(nb).decode().encode("cp1252", errors="ignore")


@kind(note="not UTF-8")
def a_stray_byte(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = ["QQQ"]
    return dump(nb).replace(b"QQQ", b"\x80\x81\xff")


@kind(problem="breaks off in line")
def first_half(nb: Notebook) -> bytes:
    data = dump(nb)
    return data[: len(data) // 2]


@kind(problem="breaks off in line")
def last_brace_missing(nb: Notebook) -> bytes:
    return dump(nb).rstrip()[:-1]


@kind(problem="breaks off in line")
def cut_in_a_string(nb: Notebook) -> bytes:
    data = dump(nb)
    return data[: data.index(b"def q_sample") + 5]


@kind(problem="merge conflict")
def merge_conflict(nb: Notebook) -> bytes:
    lines = dump(nb).split(b"\n")
    ours, theirs = lines[50:53], lines[50:52]
    marked = [b"<<<<<<< HEAD", *ours, b"=======", *theirs, b">>>>>>> origin/main"]
    return b"\n".join([*lines[:50], *marked, *lines[53:]])


@kind()
def conflict_marks_inside_a_string(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = ["<<<<<<< HEAD\n", "=======\n", ">>>>>>> x"]
    return dump(nb)


@kind(problem="more text follows")
def two_notebooks_in_one(nb: Notebook) -> bytes:
    return dump(nb) + b"\n" + dump(nb)


@kind()
def padded_with_nul(nb: Notebook) -> bytes:
    return dump(nb) + bytes(512)


@kind(problem="damaged in line")
def trailing_comma(nb: Notebook) -> bytes:
    return dump(nb).rstrip()[:-1] + b",}"


@kind(problem="damaged in line")
def python_instead_of_json(nb: Notebook) -> bytes:
    return repr(nb).encode()


@kind()
def windows_line_ends(nb: Notebook) -> bytes:
    return dump(nb).replace(b"\n", b"\r\n")


@kind()
def old_mac_line_ends(nb: Notebook) -> bytes:
    return dump(nb).replace(b"\n", b"\r")


@kind(note="raw control characters")
def raw_tabs_in_strings(nb: Notebook) -> bytes:
    return dump(nb).replace(rb"\n", b"\n")


@kind(problem="web page")
def login_page(nb: Notebook) -> bytes:
    return b"<!DOCTYPE html>\n<html><body>Sign in</body></html>"


@kind(problem="a PDF document")
def pdf(nb: Notebook) -> bytes:
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"


@kind(problem="a zip archive")
def zip_with_a_wrong_name(nb: Notebook) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("01_diffusion.ipynb", dump(nb))
    return stream.getvalue()


@kind(problem="a compressed file")
def gzip(nb: Notebook) -> bytes:
    return b"\x1f\x8b\x08\x00" + bytes(range(200))


@kind(problem="a picture")
def screenshot(nb: Notebook) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(100)


@kind(problem="never opened")
def a_pickle(nb: Notebook) -> bytes:
    return pickle.dumps(nb)


@kind(problem="Git LFS pointer")
def lfs_pointer(nb: Notebook) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


@kind(problem="plain text, not a notebook")
def a_script(nb: Notebook) -> bytes:
    return "\n".join(cell(nb)["source"]).encode()


@kind(problem="plain text, not a notebook")
def noise(nb: Notebook) -> bytes:
    return bytes((i * 7919 + 13) % 251 + 1 for i in range(5000))


# -- JSON that is no notebook ------------------------------------------------------


@kind(problem="a list, not a notebook")
def a_list(nb: Notebook) -> bytes:
    return dump(nb["cells"])


@kind(problem="but a text, not a notebook")
def a_string(nb: Notebook) -> bytes:
    return dump("cells")


@kind(problem="but a number, not a notebook")
def a_number(nb: Notebook) -> bytes:
    return b"42"


@kind(problem="but empty, not a notebook")
def null(nb: Notebook) -> bytes:
    return b"null"


@kind(problem="it has no cells")
def empty_object(nb: Notebook) -> bytes:
    return b"{}"


@kind(problem="it has no cells")
def no_cells(nb: Notebook) -> bytes:
    del nb["cells"]
    return dump(nb)


@kind(problem="cells are not a list")
def cells_null(nb: Notebook) -> bytes:
    return dump({**nb, "cells": None})


@kind(problem="cells are not a list")
def cells_as_an_object(nb: Notebook) -> bytes:
    return dump({**nb, "cells": {str(i): c for i, c in enumerate(nb["cells"])}})


@kind(problem="cells are not a list")
def worksheets_of_numbers(nb: Notebook) -> bytes:
    return dump({"nbformat": 3, "worksheets": [1, 2]})


@kind(note="no cells", lost=ALL)
def cells_empty(nb: Notebook) -> bytes:
    return dump({**nb, "cells": []})


@kind(note="no code cells", lost=ALL)
def only_text(nb: Notebook) -> bytes:
    nb["cells"] = [c for c in nb["cells"] if c["cell_type"] == "markdown"]
    return dump(nb)


@kind(problem="nested too deeply")
def a_hundred_thousand_brackets(nb: Notebook) -> bytes:
    return b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@kind(problem="nested too deeply")
def deep_metadata(nb: Notebook) -> bytes:
    deep = b'{"a": ' * 30_000 + b"1" + b"}" * 30_000
    return dump(nb).replace(b'"metadata": {}', b'"metadata": ' + deep, 1)


@kind(note="NaN")
def not_a_number(nb: Notebook) -> bytes:
    nb["metadata"]["score"] = float("nan")
    return dump(nb)


@kind(note="Infinity")
def infinity(nb: Notebook) -> bytes:
    nb["metadata"]["score"] = [float("inf"), -float("inf")]
    return dump(nb)


@kind()
def an_integer_of_5000_digits(nb: Notebook) -> bytes:
    return dump(nb).replace(
        b'"execution_count": 1', b'"execution_count": ' + b"9" * 5000
    )


@kind()
def a_float_beyond_all_floats(nb: Notebook) -> bytes:
    return dump(nb).replace(b'"execution_count": 1', b'"execution_count": 1e999999')


@kind(note="stands twice")
def keys_twice(nb: Notebook) -> bytes:
    return dump(nb).replace(b'"nbformat": 4', b'"nbformat": 3, "nbformat": 4')


# -- the notebook's format ---------------------------------------------------------


@kind(note="an old format")
def format_3(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        if each["cell_type"] == "code":
            each["input"] = each.pop("source")
            each["language"] = "python"
            each["prompt_number"] = 1
    cells = nb.pop("cells")
    sheets = [{"cells": cells[:90]}, {"cells": cells[90:], "metadata": {}}]
    return dump({**nb, "nbformat": 3, "worksheets": sheets})


@kind(note="not the format of the course")
def format_5(nb: Notebook) -> bytes:
    return dump({**nb, "nbformat": 5, "nbformat_minor": 0})


@kind(note="an unknown format")
def format_as_text(nb: Notebook) -> bytes:
    return dump({**nb, "nbformat": "4.5"})


@kind(note="an unknown format")
def format_missing(nb: Notebook) -> bytes:
    del nb["nbformat"], nb["nbformat_minor"]
    return dump(nb)


@kind()
def minor_99(nb: Notebook) -> bytes:
    return dump({**nb, "nbformat_minor": 99})


@kind()
def wrapped_by_the_server(nb: Notebook) -> bytes:
    return dump({"name": "01.ipynb", "type": "notebook", "content": nb})


@kind()
def metadata_a_list(nb: Notebook) -> bytes:
    return dump({**nb, "metadata": ["x"]})


@kind()
def metadata_null(nb: Notebook) -> bytes:
    return dump({**nb, "metadata": None})


@kind()
def kernel_with_a_path(nb: Notebook) -> bytes:
    nb["metadata"]["kernelspec"] = {"name": "../../../tmp/evil", "language": 5}
    return dump(nb)


@kind()
def kernel_a_string(nb: Notebook) -> bytes:
    nb["metadata"]["kernelspec"] = "python3"
    return dump(nb)


@kind()
def source_path_outside(nb: Notebook) -> bytes:
    nb["metadata"]["coursekit"] = {"source": "../../../../etc/passwd", "version": []}
    return dump(nb)


@kind()
def source_of_another_notebook(nb: Notebook) -> bytes:
    nb["metadata"]["coursekit"]["source"] = "lectures/l02_x/02_score_matching.md"
    return dump(nb)


@kind(note="cannot be told which notebook", lost=ALL)
def a_foreign_notebook(nb: Notebook) -> bytes:
    about = {"cell_type": "code", "source": "print(1)", "metadata": {}, "outputs": []}
    return dump({"cells": [about], "metadata": {}, "nbformat": 4})


# -- single cells ------------------------------------------------------------------


@kind(note="is not a cell")
def cells_that_are_none(nb: Notebook) -> bytes:
    nb["cells"][3:3] = [None, 7, "code", ["x"], True]
    return dump(nb)


@kind(note="Cell 42 (exercise 01.4) has no text", lost=("01.4",))
def source_a_number(nb: Notebook) -> bytes:
    return with_source(nb, 12)


@kind(note="(exercise 01.4) has no text", lost=("01.4",))
def source_null(nb: Notebook) -> bytes:
    return with_source(nb, None)


@kind(note="(exercise 01.4) has no text", lost=("01.4",))
def source_an_object(nb: Notebook) -> bytes:
    return with_source(nb, {"text": "def q_sample(): pass"})


@kind(lost=("01.4",))
def source_missing(nb: Notebook) -> bytes:
    del cell(nb)["source"]
    return dump(nb)


@kind(lost=("01.4",))
def source_emptied(nb: Notebook) -> bytes:
    return with_source(nb, [])


@kind(note="lines that are not text")
def source_with_other_things(nb: Notebook) -> bytes:
    return with_source(nb, [None, *cell(nb)["source"], 5, ["x"]])


@kind()
def source_as_one_string(nb: Notebook) -> bytes:
    return with_source(nb, "".join(cell(nb)["source"]))


@kind(note="broken characters")
def lone_surrogate(nb: Notebook) -> bytes:
    text = "".join(cell(nb)["source"]) + "\n# QQQ"
    return with_source(nb, text).replace(b"QQQ", rb"\ud83d!")


@kind(note="broken characters")
def nul_in_the_code(nb: Notebook) -> bytes:
    text = "".join(cell(nb)["source"]) + "\n# QQQ"
    return with_source(nb, text).replace(b"QQQ", rb"\u0000")


@kind(note="broken characters")
def byte_order_mark_in_a_cell(nb: Notebook) -> bytes:
    return with_source(nb, "\ufeff" + "".join(cell(nb)["source"]))


@kind(note="(exercise 01.4) has more than 100,000", lost=("01.4",))
def giant_cell(nb: Notebook) -> bytes:
    return with_source(nb, "".join(cell(nb)["source"]) + "\n#" + "x" * 100_000)


@kind()
def giant_picture_in_the_text(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = "![](data:image/png;base64," + "A" * 300_000 + ")"
    return dump(nb)


@kind(note="The notebook is very long (4")
def too_many_cells(nb: Notebook) -> bytes:
    extra = {"cell_type": "markdown", "metadata": {}, "source": "x"}
    nb["cells"] += [extra] * 4000
    return dump(nb)


@kind(note="its exercises are read")
def too_much_code(nb: Notebook) -> bytes:
    extra = {"cell_type": "code", "metadata": {}, "source": "x = 1\n" * 16_000}
    nb["cells"] += [extra] * 15
    return dump(nb)


@kind(note="ids stand more than once")
def ids_twice(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        each["id"] = "cell"
    return dump(nb)


@kind()
def ids_missing(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        del each["id"]
    return dump(nb)


@kind()
def ids_of_other_types(nb: Notebook) -> bytes:
    for index, each in enumerate(nb["cells"]):
        each["id"] = [index, {"id": index}, None, "x" * 5000, 1.5][index % 5]
    return dump(nb)


@kind()
def cell_metadata_of_other_types(nb: Notebook) -> bytes:
    for index, each in enumerate(nb["cells"]):
        each["metadata"] = ["tags", [], None, 5, {"coursekit": "01.4"}][index % 5]
    return dump(nb)


@kind()
def exercise_ids_of_other_types(nb: Notebook) -> bytes:
    wrong = [4, None, ["01.4"], "../01.4", "٠١.٤", "01.4\n", "01.4444"]
    for index, each in enumerate(nb["cells"]):
        if "coursekit" in each["metadata"]:
            each["metadata"]["coursekit"]["id"] = wrong[index % len(wrong)]
    return dump(nb)


@kind()
def tags_a_string(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        each["metadata"]["tags"] = "nbval-skip"
    return dump(nb)


@kind()
def cell_type_missing(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        del each["cell_type"]
    return dump(nb)


@kind(note="is a raw cell")
def cell_type_unknown(nb: Notebook) -> bytes:
    found = cell(nb)
    found["cell_type"] = "sql"
    del found["outputs"], found["execution_count"]
    return dump(nb)


@kind(note="is a markdown cell")
def cell_type_heading(nb: Notebook) -> bytes:
    cell(nb)["cell_type"] = "heading"
    return dump(nb)


@kind()
def cell_type_a_number(nb: Notebook) -> bytes:
    cell(nb)["cell_type"] = 1
    return dump(nb)


@kind()
def outputs_of_other_types(nb: Notebook) -> bytes:
    for index, each in enumerate(nb["cells"]):
        each["outputs"] = [None, "x", {"data": {"image/png": 5}}, [[]]][index % 4]
    return dump(nb)


# -- code that is no code ----------------------------------------------------------


@kind(note="01.4, but it cannot be read")
def syntax_error(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\ndef q_sample(x0, k:\n    return x0")


@kind(note="01.4, but it cannot be read")
def minus_signs(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\nq_sample = " + "-" * 90_000 + "1")


@kind(note="01.4, but it cannot be read")
def deep_brackets(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\nq_sample = " + "(" * 40_000)


@kind(note="01.4, but it cannot be read")
def long_chain_of_attributes(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\nq_sample = a" + ".b" * 40_000)


@kind(note="too many statements")
def fifty_thousand_statements(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\n" + "a;" * 45_000)


@kind(note="01.4, but it cannot be read")
def prose_in_a_code_cell(nb: Notebook) -> bytes:
    return with_source(nb, "# exercise 01.4\nI could not do this one, sorry!")
