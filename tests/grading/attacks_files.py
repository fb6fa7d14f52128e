"""Attacks in the file itself: who is who, metadata, cells that break a parser."""

import json
from collections.abc import Callable
from typing import Any

import attack_kit
import notebook_kit as kit
from attack_kit import HEAD, MARK, NEIGHBOUR, TARGET, WRONG, Attack, place, plain
from notebook_kit import Notebook

Change = Callable[[Notebook], None]
HOSTILE = HEAD + WRONG
FILES: list[Attack] = []


def file(note: str, name: str = "", **more: Any) -> Callable[[Change], Change]:
    """Put a function that changes the file around a wrong 01.4 into the list.

    It may put "@@" where `raw` goes, JSON that no writer would write.
    """
    raw = more.pop("raw", b"")

    def add(change: Change) -> Change:
        def make(notebook: Notebook) -> bytes:
            made = attack_kit.base(notebook, HOSTILE)
            change(made)
            return attack_kit.to_bytes(made).replace(b'"@@"', raw)

        called = name or change.__name__.replace("_", "-")
        FILES.append(Attack(f"file-{called}", make, note, **more))
        return change

    return add


# ------------------------------------------------------------------ who is who


@file("the outputs say PASS already")
def stored_outputs(n: Notebook) -> None:
    for exercise in (TARGET, NEIGHBOUR):
        check = kit.cell(n, f"check-{exercise.replace('.', '-')}")
        text = f"PASS {exercise} q_sample\n"
        check["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        check["execution_count"] = 1


@file("pickles, scripts and entities in outputs")
def pickles_in_outputs(n: Notebook) -> None:
    pickle = (
        "gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu"  # system('true')
    )
    data = {
        "application/x-pickle": pickle,
        "text/html": "<script>alert(1)</script>",
        "application/javascript": "while(1){}",
        "image/svg+xml": "<!DOCTYPE x [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><x>&b;</x>",
    }
    out = {"output_type": "display_data", "data": data, "metadata": {}}
    for one in n["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [out]
        else:
            one["attachments"] = {"a.png": {"image/png": "AAAA"}}


@file("a million points for everything")
def points_in_metadata(n: Notebook) -> None:
    for one in n["cells"]:
        one["metadata"].setdefault("coursekit", {})["points"] = 10**6
    kit.cell(n, TARGET)["metadata"]["coursekit"] |= {"grade": 2, "state": "right"}


@file("tags that tell nbval to skip every cell")
def nbval_tags(n: Notebook) -> None:
    tags = ["nbval-skip", "raises-exception", "nbval-ignore-output"]
    for one in n["cells"]:
        one["metadata"]["tags"] = tags


@file("the given cells, imports and checks stop the kernel")
def given_cells_changed(n: Notebook) -> None:
    for one in n["cells"]:
        kind = one["metadata"].get("coursekit", {}).get("kind")
        if kind in {"given", "check", "setup"} or one["id"] == "imports":
            one["source"] = "raise SystemExit\n"


@file("another kernel, with a command of its own")
def kernelspec(n: Notebook) -> None:
    n["metadata"]["kernelspec"] = {
        "name": "../../../../tmp/evil",
        "language": "bash",
        "display_name": "x",
        "argv": ["/bin/sh", "-c", f"touch /var/tmp/{MARK}"],
        "env": {"LD_PRELOAD": "/tmp/evil.so"},
    }
    n["metadata"]["language_info"] = {"name": "bash", "file_extension": ".sh"}


HELPERS = f"""\
import os as _os
q_step = at = pick = Schedule = None
mark = open('{MARK}', 'w') if _os.getuid() == 0 else None
def helper(x, code=_os.environ.get('HOME')): return x
class torch(metaclass=type('M', (type,), {{}})):
    _os.environ['PATH'] = ''
@(lambda f: (print('PASS 01.4 q_sample'), f)[1])
def tensor(x): return helper(x)
"""


@file("definitions that run code, and shadows")
def hostile_helpers(n: Notebook) -> None:
    place(n, kit.code(HELPERS))


@file("no checks, and the exercise is a raw cell")
def check_deleted(n: Notebook) -> None:
    n["cells"] = [c for c in n["cells"] if c["id"] not in {"check-01-4", "check-01-3"}]
    kit.cell(n, TARGET)["cell_type"] = "raw"


@file("two hundred cells are 01.4")
def every_cell_claims(n: Notebook) -> None:
    for one in n["cells"]:
        if one["id"] not in {"ex-01-3", "ex-01-4", "ex-01-10"}:
            one["metadata"]["coursekit"] = {"id": TARGET, "kind": "exercise"}
            one["cell_type"] = "code"
            one["source"] = HOSTILE.replace("+ eps", f"* {len(one['id'])}")


def claim(source: str, exercise: Any = TARGET, **more: Any) -> dict[str, Any]:
    """A cell that claims to be 01.4, or another exercise."""
    return kit.claimed({"id": exercise, "kind": "exercise"}, source, **more)


@file("2500 more cells are 01.4")
def crowd(n: Notebook) -> None:
    extra = (claim(f"{HOSTILE}# {i}\n", id=f"crowd-{i}") for i in range(2500))
    place(n, *extra, after=TARGET)


@file("metadata four hundred levels deep")
def metadata_deep(n: Notebook) -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {"x": deep}
    kit.cell(n, TARGET)["metadata"]["coursekit"]["more"] = deep
    n["metadata"]["deep"] = deep


@file("two hundred thousand keys")
def metadata_many(n: Notebook) -> None:
    n["metadata"] |= {f"k{i}": "v" * 10 for i in range(200_000)}


IDS: dict[str, tuple[Any, str]] = {
    "space": ("01.4 ", "the id with a space"),
    "zero-width": ("01.4\u200b", "the id with an invisible letter"),
    "number": (1.4, "the id as a number"),
    "list": (["01.4", "01.3"], "the id as a list"),
    "dict": ({"01.4": 1}, "the id as a dict"),
    "path": ("../../../../etc/passwd", "the id as a path"),
    "long": ("01.4" * 100_000, "an id of 400 kB"),
    "html": ("<script>alert(1)</script>\x1b[2J", "the id as HTML"),
}


def _claimed(value: Any) -> Change:
    return lambda n: place(n, claim(HOSTILE, value), after=TARGET)


for _name, (_id, _note) in IDS.items():
    file(_note, f"id-{_name}")(_claimed(_id))
ORIGINS: dict[str, tuple[Any, str]] = {
    "path": ("../../../etc/passwd", "a path as its notebook"),
    "solution": ("notebooks/solutions/01_diffusion.md", "the solution is its stub"),
    "number": ([1, {"a": 2}], "no text as its notebook"),
    "long": ("a/" * 200_000, "a path of 400 kB"),
}


def _from(value: Any) -> Change:
    return lambda n: n["metadata"]["coursekit"].update(source=value)


for _name, (_origin, _note) in ORIGINS.items():
    file(_note, f"source-{_name}")(_from(_origin))


@file("claims to be another: then there is nothing to earn", neighbour=None)
def other_notebook(n: Notebook) -> None:
    _from("coursekit/lectures/l00_start/00_start_here.md")(n)


@file("01.4's code marked as 01.3 and the reverse: its own fault", neighbour=None)
def swapped(n: Notebook) -> None:
    a, b = kit.cell(n, TARGET), kit.cell(n, NEIGHBOUR)
    a["metadata"], b["metadata"] = b["metadata"], a["metadata"]
    a["id"], b["id"] = b["id"], a["id"]


def _chain(n: Notebook, parts: int) -> None:
    text = "".join(f"def h{i}(x): return h{i + 1}(x)\n" for i in range(2_500))
    place(n, *(kit.code(text.replace("h", f"h{j}_")) for j in range(parts)))
    kit.put(n, HOSTILE + "y = h0_0\n", TARGET)


@file("20 000 helpers in chains")
def helper_chain(n: Notebook) -> None:
    _chain(n, 8)


@file("more than is read: what is behind may be lost, its own fault", neighbour=None)
def much_code(n: Notebook) -> None:
    _chain(n, 14)


@file("400 helpers that all use all")
def helper_web(n: Notebook) -> None:
    all_names = ", ".join(f"w{i}" for i in range(400))
    text = "".join(f"def w{i}(): return ({all_names})\n" for i in range(40))
    place(n, *(kit.code(text.replace("def w", f"def w{j}")) for j in range(10)))
    kit.put(n, HOSTILE + f"y = lambda: ({all_names})\n", TARGET)


PAPER = {
    "01.14": "'" + "(" * 45_000 + "'",
    "01.15": "'9**9**9**9**9**9'",
    "01.16": "'" + "-" * 400 + "beta'",
    "01.17": 'f\'{__import__("os").system("touch x")}\'',
    "01.18": "__import__('os').system('touch x') or '1'",
    "01.19": "'x' * 10**10",
    "01.20": "[" * 90 + "]" * 90,
    "01.21": "'a' 'b' 'c' 'd'",
    "01.22": "{'a', 'b', 'c', 'd'}",
    "01.23": "b'a'",
    "01.24": "type('x', (str,), {'__eq__': lambda *a: True})()",
    "01.25": "'a b c d'",
    "01.26": "'A\\x00'",
}


@file("paper answers that run code, or run for ever", others=dict.fromkeys(PAPER, 0.0))
def answers(n: Notebook) -> None:
    for exercise, text in PAPER.items():
        name = "answer_" + exercise.replace(".", "_")
        kit.put(n, f"# exercise {exercise}\n{name} = {text}\n", exercise)


DEEP = b"[" * 50_000 + b"]" * 50_000


@file("JSON too deep to read", neighbour=None, raw=DEEP)
def nested(n: Notebook) -> None:
    n["metadata"]["deep"] = "@@"


@file("a number too long to read", neighbour=None, raw=b"5" * 100_000)
def number(n: Notebook) -> None:
    n["nbformat_minor"] = "@@"


def _twice(notebook: Notebook) -> bytes:
    """Every key twice: which of two sources counts depends on the parser."""
    made = attack_kit.base(notebook, HOSTILE)
    first = json.dumps(kit.cell(made, TARGET)["source"])
    fake = json.dumps([HEAD, "def q_sample(*a): return a[0] * 2\n"])
    both = f'"source": {fake}, "source": {first}'
    return json.dumps(made).replace(f'"source": {first}', both).encode()


# ----------------------------------------------------------- sources that break parsers


def _inside(line: str, count: int) -> str:
    lines = [" " * i + line.format(i) + "\n" for i in range(count)]
    return "".join(lines) + " " * count + "pass"


ELIF = "elif x0 is 1: pass\n"
SOURCES = {
    "parens": ("y = " + "(" * 45_000 + "1" + ")" * 45_000, "45 000 parentheses"),
    "brackets": ("y = " + "[" * 190 + "1" + "]" * 190, "as deep as the parser goes"),
    "minus": ("y = " + "-" * 95_000 + "1", "95 000 signs"),
    "not": ("y = " + "not " * 24_000 + "1", "24 000 times not"),
    "plus": ("y = " + "1+" * 48_000 + "1", "a sum that is 48 000 levels deep"),
    "attributes": ("y = lambda: a" + ".b" * 48_000, "48 000 attributes"),
    "calls": ("y = lambda: a" + "()" * 48_000, "48 000 calls"),
    "subscripts": ("y = lambda: a" + "[0]" * 32_000, "48 000 subscripts"),
    "lambdas": ("y = " + "lambda:" * 13_000 + "1", "13 000 lambdas"),
    "conditions": ("y = " + "1 if 1 else " * 8_000 + "1", "8 000 conditions"),
    "elifs": (f"if x0 is None: pass\n{ELIF * 4_900}", "a chain, which is a deep tree"),
    "indents": (_inside("if 1:", 99), "a hundred levels of indentation"),
    "functions": (_inside("def f{}():", 95), "functions inside functions"),
    "decorators": ("@f\n" * 30_000 + "def g(): pass", "30 000 decorators"),
    "comprehension": ("y = [x " + "for x in z " * 8_000 + "]", "8 000 loops in one"),
    "power": ("y = lambda: 9**9**9**9**9", "a constant that must not be folded"),
    "shift": ("y = lambda: (1 << 10**9) * ('a' * 10**9)", "constants of a gigabyte"),
    "digits": ("y = " + "9" * 95_000, "an integer of 95 000 digits"),
    "hex": ("y = 0x" + "f" * 95_000, "likewise, which is allowed"),
    "strings": ("y = " + "'a' " * 24_000, "24 000 literals in a row"),
    "f-strings": ("y = f'{" + "1+" * 40_000 + "1}'", "deep inside an f-string"),
    "f-nest": ("y = lambda: f'{a:{b:{c}}}'\n" * 3_000, "many f-strings"),
    "backslashes": ("y = \\\n" * 1 + "\\\n" * 40_000 + "1", "40 000 continuations"),
    "quote": ("y = '''" + "a\n" * 45_000, "a string that never ends"),
    "marker-spaces": ("# exercise " + " " * 95_000 + "01.4", "a marker for a regex"),
    "marker-hashes": ("#" * 45_000 + " exercise 01.4" * 3_000, "likewise"),
    "newlines": ("\n" * 99_000, "99 000 lines"),
    "returns": ("y = 1\r" * 12_000, "carriage returns alone"),
    "form-feeds": ("\f" * 90_000 + "y = 1", "form feeds"),
    "names": ("; ".join(f"a{i} = b{i}" for i in range(5_500)), "11 000 names"),
    "globals": ("global " + ", ".join(f"g{i}" for i in range(12_000)), "globals"),
    "walrus": ("y = " + "(z:=" * 180 + "1" + ")" * 180, "assignments inside"),
    "match": (f"match 1:\n case {'[' * 180}a{']' * 180}: pass", "nested patterns"),
    "escapes": (r"y = '\d\w\z\u0000'" + "\n" + r"z = b'\xff'", "bad escapes warn"),
    "named-unicode": ("y = '" + r"\N{BULLET}" * 9_000 + "'", "nine thousand names"),
    "nul": ("y = 1\x00", "a NUL"),
    "surrogate": ("y = '\ud800'", "half a character"),
    "surrogate-name": ("\udcff = 1", "half a character as a name"),
    "bidi": ("y = '\u202e' # \u2066 hidden \u2069", "text that is shown backwards"),
    "cookie": ("# -*- coding: utf-7 -*-\ny = '+AC0-'", "a coding cookie"),
    "rot13": ("# coding: rot13\nvzcbeg bf", "another"),
    "tabs": ("if 1:\n\ty = 1\n        z = 2", "tabs and spaces"),
    "ctrl-z": ("y = 1\x1a\x04\x7f\x1b[2J", "control characters"),
    "triple": (
        'y = r"""\\"""\n' + "'''\nCK1 x {}\n'''\n_coursekit_builtins = None",
        "quotes that end the grader's string",
    ),
    "too-long": ("y = 1  # " + "a" * 150_000, "more than a cell may have"),
}

STUDENTS = {
    "formula": "=cmd|' /C calc'!A0",  # which a spreadsheet would run
    "path": f"../../../../var/tmp/{MARK}\x00\x1b[2J\n<script>",
}
ATTACKS = (
    *FILES,
    Attack("file-twice", _twice, "the same key twice", neighbour=None),
    *(
        Attack(f"source-{name}", plain(f"{HOSTILE}{text}\n"), note)
        for name, (text, note) in SOURCES.items()
    ),
    *(
        Attack(
            f"name-{what}", plain(HOSTILE), f"a student's name: a {what}", student=name
        )
        for what, name in STUDENTS.items()
    ),
)
