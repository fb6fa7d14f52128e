"""Malformed submissions: every kind of damage, and what must come of it.

A kind is the bytes of a file, or a function of the solved notebook 01 that returns them
or changes its copy. `problem` and `note` are what the student must read; `lost` are the
exercises that may not count as answered afterwards. All others must survive with the
same code.
"""

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from notebook_kit import Notebook, cell, code, notebook, put, text

Maker = bytes | Callable[[Notebook], object]
ALL = ("all",)


@dataclass(frozen=True)
class Kind:
    """One kind of damage, and what must come of it."""

    name: str
    maker: Maker
    problem: str = ""
    note: str = ""
    lost: tuple[str, ...] = ()

    def make(self, solved: Notebook) -> bytes:
        """The file, from the solved notebook, which stays as it is."""
        if isinstance(self.maker, bytes):
            return self.maker
        changed = copy.deepcopy(solved)
        made = self.maker(changed)
        return made if isinstance(made, bytes) else dump(changed)


KINDS: list[Kind] = []


def problem(said: str, **makers: Maker) -> None:
    """Files that cannot be read, and are told so."""
    KINDS.extend(Kind(n, maker, problem=said) for n, maker in makers.items())


def note(said: str, lost: tuple[str, ...] = (), **makers: Maker) -> None:
    """Files that are read with a note."""
    KINDS.extend(Kind(n, maker, note=said, lost=lost) for n, maker in makers.items())


def fine(**makers: Maker) -> None:
    """Files that are read as if they were whole."""
    note("", **makers)


def dump(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def letters(nb: Notebook) -> str:
    return dump(nb).decode()


def every(key: str, *values: Any) -> Maker:
    """One of these values in turn in each cell; none: without the key."""

    def change(nb: Notebook) -> None:
        for each, value in zip(nb["cells"], cycle(values or [None]), strict=False):
            each[key] = value
            if not values:
                del each[key]

    return change


def other(find: Callable[[Notebook], dict[str, Any]]) -> Callable[..., Maker]:
    """Other values of some keys in what is found in the notebook."""

    def values(**keys: Any) -> Maker:
        return lambda nb: find(nb).update(keys)

    return values


top = other(lambda nb: nb)
metadata = other(lambda nb: nb["metadata"])
course = other(lambda nb: nb["metadata"]["coursekit"])
first = other(lambda nb: nb["cells"][0])  # which is text
answer = other(cell)  # of 01.4


def written(source: str) -> Maker:
    """Another text in the cell of 01.4."""
    return lambda nb: put(nb, f"# exercise 01.4\n{source}")


# -- the file as a whole -----------------------------------------------------------


def cut_in_a_character(nb: Notebook) -> bytes:
    data = letters(nb).encode("utf-16")
    return data[: data.index("q_sample".encode("utf-16-le")) + 5]


def windows_letters(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = ["Zoë's notebook"]
    return letters(nb).encode("cp1252", errors="ignore")


def a_stray_byte(nb: Notebook) -> bytes:
    nb["cells"][0]["source"] = ["QQQ"]
    return dump(nb).replace(b"QQQ", b"\x80\x81\xff")


def conflict(nb: Notebook) -> bytes:
    lines = dump(nb).split(b"\n")
    ours, theirs = lines[50:53], lines[50:52]
    marked = [b"<<<<<<< HEAD", *ours, b"=======", *theirs, b">>>>>>> origin/main"]
    return b"\n".join([*lines[:50], *marked, *lines[53:]])


def zipped(nb: Notebook) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("01_diffusion.ipynb", dump(nb))
    return stream.getvalue()


problem("The file is empty", empty=b"", white_space=b" \r\n\t \n", only_nul=bytes(4096))
problem("larger than 20 MB", too_large=lambda nb: dump(nb) + b" " * (20 * 2**20))
problem(
    "more parts than any notebook needs",
    a_million_lists=b'{"cells": [], "metadata": [' + b"[]," * 1_000_001 + b"0]}",
)
fine(byte_order_mark=lambda nb: b"\xef\xbb\xbf" + dump(nb))
note(
    "UTF-16",
    utf_16=lambda nb: letters(nb).encode("utf-16"),
    utf_16_big_endian=lambda nb: b"\xfe\xff" + letters(nb).encode("utf-16-be"),
    utf_16_without_mark=lambda nb: letters(nb).encode("utf-16-le"),
)
note("UTF-32", utf_32=lambda nb: letters(nb).encode("utf-32"))
note("not UTF-8", windows_letters=windows_letters, a_stray_byte=a_stray_byte)
problem("breaks off", utf_16_cut_in_a_character=cut_in_a_character)
problem(
    "breaks off in line",
    first_half=lambda nb: dump(nb)[: len(dump(nb)) // 2],
    last_brace_missing=lambda nb: dump(nb).rstrip()[:-1],
    cut_in_a_string=lambda nb: dump(nb)[: dump(nb).index(b"def q_sample") + 5],
)
problem("merge conflict", merge_conflict=conflict)
problem("more text follows", two_notebooks_in_one=lambda nb: dump(nb) * 2)
problem(
    "damaged in line",
    trailing_comma=lambda nb: dump(nb).rstrip()[:-1] + b",}",
    python_instead_of_json=lambda nb: repr(nb).encode(),
)
fine(
    conflict_marks_in_a_string=first(source=["<<<<<<< A\n", "=======\n", ">>>>>>> B"]),
    padded_with_nul=lambda nb: dump(nb) + bytes(512),
    windows_line_ends=lambda nb: dump(nb).replace(b"\n", b"\r\n"),
    old_mac_line_ends=lambda nb: dump(nb).replace(b"\n", b"\r"),
)
note(
    "raw control characters",
    raw_tabs_in_strings=lambda nb: dump(nb).replace(rb"\n", b"\n"),
)
problem("web page", login_page=b"<!DOCTYPE html>\n<html><body>Sign in</body>")
problem("a PDF document", pdf=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3")
problem("a zip archive", zip_with_a_wrong_name=zipped)
problem("a compressed file", gzip=b"\x1f\x8b\x08\x00" + bytes(range(200)))
problem("a picture", screenshot=b"\x89PNG\r\n\x1a\n" + bytes(100))
problem("never opened", a_pickle=lambda nb: pickle.dumps(nb))
problem(
    "Git LFS pointer",
    lfs=b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
)
problem(
    "plain text, not a notebook",
    a_script=lambda nb: "\n".join(cell(nb)["source"]).encode(),
    noise=bytes((i * 7919 + 13) % 251 + 1 for i in range(5000)),
)

# -- JSON that is no notebook ------------------------------------------------------


def deep_metadata(nb: Notebook) -> bytes:
    deep = b'{"a": ' * 30_000 + b"1" + b"}" * 30_000
    return dump(nb).replace(b'"metadata": {}', b'"metadata": ' + deep, 1)


def count_replaced(by: bytes) -> Maker:
    """Another number in place of the first cell's execution count."""
    old = b'"execution_count": '
    return lambda nb: dump(nb).replace(old + b"1", old + by)


problem("a list, not a notebook", a_list=lambda nb: dump(nb["cells"]))
problem("but a text, not a notebook", a_string=dump("cells"))
problem("but a number, not a notebook", a_number=dump(42))
problem("but empty, not a notebook", null=dump(None))
problem("it has no cells", empty_object=dump({}), no_cells=lambda nb: nb.pop("cells"))
problem(
    "cells are not a list",
    cells_null=top(cells=None),
    cells_as_an_object=lambda nb: nb.update(cells=dict(enumerate(nb["cells"]))),
    worksheets_of_numbers=dump({"nbformat": 3, "worksheets": [1, 2]}),
)
note("no cells", ALL, cells_empty=top(cells=[]))
note(
    "no code cells",
    ALL,
    only_text=lambda nb: nb.update(
        cells=[c for c in nb["cells"] if c["cell_type"] == "markdown"]
    ),
)
problem(
    "nested too deeply",
    a_hundred_thousand_brackets=b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    deep_metadata=deep_metadata,
)
note("NaN", not_a_number=metadata(score=float("nan")))
note("Infinity", infinity=metadata(score=[float("inf"), -float("inf")]))
fine(
    an_integer_of_5000_digits=count_replaced(b"9" * 5000),
    a_float_beyond_all_floats=count_replaced(b"1e999999"),
)
note(
    "stands twice",
    keys_twice=lambda nb: dump(nb).replace(
        b'"nbformat": 4', b'"nbformat": 3, "nbformat": 4'
    ),
)

# -- the notebook's format ---------------------------------------------------------


def format_3(nb: Notebook) -> bytes:
    for each in nb["cells"]:
        if each["cell_type"] == "code":
            each |= {"input": each.pop("source"), "language": "python"}
            each["prompt_number"] = 1
    cells = nb.pop("cells")
    sheets = [{"cells": cells[:90]}, {"cells": cells[90:], "metadata": {}}]
    return dump({**nb, "nbformat": 3, "worksheets": sheets})


note("an old format", format_3=format_3)
note("not the format of the course", format_5=top(nbformat=5, nbformat_minor=0))
note(
    "an unknown format",
    format_as_text=top(nbformat="4.5"),
    format_missing=lambda nb: [nb.pop(k) for k in ("nbformat", "nbformat_minor")],
)
fine(
    minor_99=top(nbformat_minor=99),
    wrapped_by_the_server=lambda nb: dump(
        {"name": "01.ipynb", "type": "notebook", "content": nb}
    ),
    metadata_a_list=top(metadata=["x"]),
    metadata_null=top(metadata=None),
    kernel_with_a_path=metadata(
        kernelspec={"name": "../../../tmp/evil", "language": 5}
    ),
    kernel_a_string=metadata(kernelspec="python3"),
    source_path_outside=course(source="../../../../etc/passwd", version=[]),
    source_of_another_notebook=course(source="lectures/l02_x/02_score_matching.md"),
)
note("cannot be told which notebook", ALL, a_foreign_notebook=dump(notebook(code("x"))))

# -- single cells ------------------------------------------------------------------


def with_letter(escaped: bytes) -> Maker:
    """A letter at the end of 01.4, written as JSON may write it."""

    def make(nb: Notebook) -> bytes:
        cell(nb)["source"] = text(nb) + "\n# QQQ"
        return dump(nb).replace(b"QQQ", escaped)

    return make


def more_cells(count: int, **cell: Any) -> Maker:
    def change(nb: Notebook) -> None:
        nb["cells"] += [{"metadata": {}, **cell}] * count

    return change


def exercise_ids(nb: Notebook) -> None:
    wrong = [4, None, ["01.4"], "../01.4", "٠١.٤", "01.4\n", "01.4444"]
    for index, each in enumerate(nb["cells"]):
        if "coursekit" in each["metadata"]:
            each["metadata"]["coursekit"]["id"] = wrong[index % len(wrong)]


def tags_a_string(nb: Notebook) -> None:
    for each in nb["cells"]:
        each["metadata"]["tags"] = "nbval-skip"


def cell_type_unknown(nb: Notebook) -> None:
    found = cell(nb)
    found["cell_type"] = "sql"
    del found["outputs"], found["execution_count"]


note(
    "is not a cell",
    cells_that_are_none=lambda nb: nb["cells"].__setitem__(
        slice(3, 3), [None, 7, "code", ["x"], True]
    ),
)
note(
    "Cell 42 (exercise 01.4) has no text",
    ("01.4",),
    source_a_number=answer(source=12),
    source_null=answer(source=None),
    source_an_object=answer(source={"text": "def q_sample(): pass"}),
)
note("", ("01.4",), source_missing=lambda nb: cell(nb).pop("source"))
note("", ("01.4",), source_emptied=answer(source=[]))
note(
    "lines that are not text",
    source_with_other_things=lambda nb: put(nb, [None, *cell(nb)["source"], 5, ["x"]]),
)
note(
    "broken characters",
    lone_surrogate=with_letter(rb"\ud83d!"),
    nul_in_the_code=with_letter(rb"\u0000"),
    byte_order_mark_in_a_cell=lambda nb: put(nb, "\ufeff" + text(nb)),
)
GIANT = "A" * 300_000
note(
    "(exercise 01.4) has more than 100,000",
    ("01.4",),
    giant_cell=lambda nb: put(nb, f"{text(nb)}\n#{GIANT[:100_000]}"),
)
fine(
    source_as_one_string=lambda nb: cell(nb).update(source=text(nb)),
    giant_picture_in_the_text=first(source=f"![](data:image/png;base64,{GIANT})"),
)
note(
    "The notebook is very long (4",
    too_many_cells=more_cells(4000, cell_type="markdown", source="x"),
)
note(
    "its exercises are read",
    too_much_code=more_cells(15, cell_type="code", source="x = 1\n" * 16_000),
)
note("ids stand more than once", ids_twice=every("id", "cell"))
fine(
    ids_missing=every("id"),
    ids_of_other_types=every("id", [1, {}], {"id": 1}, None, "x" * 5000, 1.5),
    cell_metadata_of_other_types=every(
        "metadata", "tags", [], None, 5, {"coursekit": "01.4"}
    ),
    outputs_of_any_type=every("outputs", None, "x", {"data": {"image/png": 5}}, [[]]),
    exercise_ids_of_other_types=exercise_ids,
    tags_a_string=tags_a_string,
    cell_type_missing=every("cell_type"),
    cell_type_a_number=answer(cell_type=1),
)
note("is a raw cell", cell_type_unknown=cell_type_unknown)
note("is a markdown cell", cell_type_heading=answer(cell_type="heading"))

# -- code that is no code ----------------------------------------------------------

note(
    "01.4, but it cannot be read",
    syntax_error=written("def q_sample(x0, k:\n    return x0"),
    minus_signs=written("q_sample = " + "-" * 90_000 + "1"),
    deep_brackets=written("q_sample = " + "(" * 40_000),
    long_chain_of_attributes=written("q_sample = a" + ".b" * 40_000),
    prose_in_a_code_cell=written("I could not do this one, sorry!"),
)
note("too many statements", fifty_thousand_statements=written("a;" * 45_000))
