"""Every mistake an author can make gives its message, with file, line and advice."""

import re
from pathlib import Path

import pytest
from weave_toy import SOURCE, add_lecture, project

from coursekit.sources.report import Report
from coursekit.weave.command import build, run

LECTURE = "coursekit/lectures/l01_toys"


def problems(root: Path, source: str, mistakes: str = "") -> list[str]:
    """The messages for a source; and for a mistakes.md other than the toy's own."""
    here, report = project(root, source), Report()
    if mistakes:
        (root / LECTURE / "mistakes.md").write_text(mistakes)
    build(here, here.sources(), report)
    return str(report).splitlines()


def rows(table: str) -> list[tuple[str, str]]:
    """A table's rows: some lines and, indented below them, the messages."""
    return re.findall(r"((?:^(?! {4}).+\n)+)((?:^ {4}.+\n)+)", table, re.MULTILINE)


def changed(claim: str, edit: str) -> str:
    old, _, new = edit.strip().partition(" =>")
    return claim.replace(old, new.strip())


# What stands in a fence below a title on lines 1 and 2.
FENCES = """
{weave} toy.nothing:clip
    3: there is no module toy.nothing. Check its name
{weave} toy.maths:clap
    3: toy.maths does not define 'clap'. It has: DIGITS, LOW, HIGH, clip,
{weave} clip
    3: 'clip' is not a symbol. Write package.module:name
{weave} toy.maths:Line.at
    3: {weave} shows a class as a whole. Drop the method
{weave} toy.maths:broken
    3: toy.maths uses 'missing_name', which it neither imports nor defines at its
    top level. Import it there by name
{exercise} one toy.maths:area minutes=5 difficulty=2 points=2
    3: 'one' is not an exercise id. Write 01.NUMBER
{exercise} 01.1 minutes=5
    3: an exercise needs an id and a symbol. Write {exercise} 01.4
{exercise} 01.1 toy.maths:area minutes=few difficulty=2 points=2
    3: minutes=few is not a number. Write minutes=5
{exercise} 01.1 toy.maths:area minutes=5 difficulty=2 points=nan
    3: points=nan is not a number. Write points=5
{exercise} 01.1 toy.maths:area minutes=5 difficulty=2
    3: points= is missing. Write points=NUMBER
{exercise} 01.1 toy.maths:area minutes=5 difficulty=6 points=2
    3: difficulty=6: write a number 1 to 5
{question} minutes=5
# A
How?
right x
    3: a question needs its id. Write {question} 01.14 minutes=3 points=1
{question} 01.2 minutes=5 points=1
    3: question 01.2: a question begins with its title. Write '# Title' first
{question} 01.2 minutes=5 points=1
# A
given x normal
right x
    3: question 01.2: the question itself is empty. Write it below the title
python
x = 1
    3: a python fence needs one label in lower-case-with-hyphens. Write
    ```python figure-a
python Figure_A
x = 1
    3: a python fence needs one label in lower-case-with-hyphens
python a
x = 1
y = (
    5: the code of 'a' is not Python: '(' was never closed. Fix this line
{exercice} 01.1
    3: unknown fence kind '{exercice} 01.1'
ruby
    3: unknown fence kind 'ruby'. Use python LABEL
{python} a
    3: unknown fence kind '{python} a'
hint 01.1
    3: unknown fence kind 'hint 01.1'
{exercise} 01.4 toy.maths:Line.up minutes=5 difficulty=2 points=2
    3: toy.maths:Line has no method 'up'. It has: __init__, at, undocumented
{exercise} 01.4 toy.maths:Line minutes=5 difficulty=2 points=2
    3: toy.maths:Line is a class: name the methods that the learner writes,
    as in toy.maths:Line.forward
{exercise} 01.4 toy.maths:DIGITS minutes=5 difficulty=2 points=2
    3: toy.maths:DIGITS is a constant, and an exercise is a function or methods
    of a class. Use {weave}
{exercise} 01.1 toy.maths:bare minutes=5 difficulty=2 points=2
    3: toy.maths:bare: 'bare' has no docstring, and the docstring is the
    exercise's statement. Write one
{exercise} 01.1 toy.maths:one_line minutes=5 difficulty=2 points=2
    3: toy.maths:one_line: the docstring of 'one_line' shares a line with code
{exercise} 01.1 toy.maths:only_doc minutes=5 difficulty=2 points=2
    3: toy.maths:only_doc: 'only_doc' is only a docstring. Write the reference
{exercise} 01.77 toy.maths:doubled minutes=5 difficulty=2 points=2
    3: exercise 01.77 needs two known mistakes at least. Write them below
    '## 01.77' in coursekit/lectures/l01_toys/mistakes.md
    3: nothing tries exercise 01.77. Write a function under @tried("01.77", ...) in
    coursekit/lectures/l01_toys/exercises.py
{exercise} 02.1 toy.maths:area minutes=5 difficulty=2 points=2
    3: exercise 02.1 stands in notebook 01. Its id must begin with 01.
{exercise} 01.1 toy.maths:area minutes=5 difficulty=2 points=2 level=3
    3: {exercise} knows no option 'level'. It has: minutes, difficulty, points
{claim} R1 time="4:10
    3: a quote is not closed in '{claim} R1 time="4:10'. Close it
"""

AREA = "```{exercise} 01.1 toy.maths:area minutes=5 difficulty=2 points=2\n```\n\n"
CLIP = "```{weave} toy.maths:clip\n```\n\n"
TEXTS = [
    (
        "```{weave} toy.maths:area\n```\n\n" + AREA,
        "6: toy.maths:area is already shown by the cell 'area' (line 3). "
        "A symbol is shown or asked for once",
    ),
    (
        "```{weave} toy.maths:doubled\n```\n\n```{weave} toy.base:scale\n```\n\n"
        "```{weave} toy.base:ZERO\n```\n\n```{weave} toy.maths:area\n```",
        "12: the cell 'doubled' already makes 'area'. If that is your import, remove "
        "it; if the weave imported it, move this fence above 'doubled'",
    ),
    (
        "```python imports\nfrom toy.maths import area\n```\n\n" + AREA,
        "7: the cell 'imports' already makes 'area'. If that is your import, remove it",
    ),
    (
        AREA + "```python again\nfrom toy.maths import area\n```",
        "6: the code of 'again' makes 'area' anew, so the reader's own would be lost. "
        "Use another name, or drop the import",
    ),
    (
        "```python a\n```\n\n```python a\n```",
        "6: the cell id 'a' is taken (line 3). Give one of the two another label",
    ),
    (AREA + "```{hint} 01.1\n```", "6: this hint for 01.1 is empty. Write it"),
    ("```\nx\n```", "3: unknown fence kind (none). Use python LABEL"),
    (
        "Words.\n\nSo {01.Z:x:.1f} it is.\n",
        "5: data/measured/01.Z.json does not exist. Run: coursekit measure 01.Z",
    ),
    (
        "So {01.A:volume} it is.\n",
        "3: {01.A:volume}: no value 'volume' in 01.A. It has: area, by",
    ),
    (
        AREA + AREA.replace("area", "clip"),
        "6: exercise id 01.1 is used twice (line 3 as well). Give one of them a new id",
    ),
    (
        CLIP + CLIP,
        "6: toy.maths:clip is already shown by the cell 'clip' (line 3). "
        "Remove one of the two",
    ),
    (
        "```{hint} 01.1\nAlas.\n```\n\n" + AREA,
        "3: a hint for 01.1, and no such exercise above it. Put it below its exercise "
        "and name the exercise's id",
    ),
    (
        "```python a\nx = 1\n",
        "1: a notebook starts with its title. Write '# Title' first "
        "3: the fence '```python a' is never closed. Add a line with ```",
    ),
    (
        "```{hint} 01.1\nx\n\n" + AREA,
        "1: a notebook starts with its title. Write '# Title' first "
        "3: the fence '```{hint} 01.1' is never closed. Add a line with ```",
    ),
]

CLAIM = '```{claim} R1.1 time="2:09" verdict=holds see=a\nSaid.\nMeasured.\n```\n'
LEDGER = "\n```{ledger}\n```\n"
CELL = "```python a\npass\n```\n\n"  # lines 3 to 5; what follows starts on line 7
CLAIMS = """
R1.1 =>
    7: a claim needs its row of the inventory
    12: the ledger is empty
time="2:09" =>
    7: claim R1.1 has no time=. Add it
holds => true
    7: claim R1.1 has the verdict 'true'. Use one of: holds, "in part",
    "not at this scale"
Measured. =>
    7: claim R1.1 needs two parts: what the lecture says (line 1) and what was
    measured (below)
see=a => see=a,b
    7: claim R1.1 sends the reader to 'b', and there is no such cell
Measured. => {01.Z:x:.1f} {01.Z:y}
    7: claim R1.1: data/measured/01.Z.json does not exist. Run: coursekit measure 01.Z
Measured. => {01.A:volume}
    7: claim R1.1: {01.A:volume}: no value 'volume' in 01.A. It has: area, by
Measured. => {01.A}
    7: claim R1.1: {01.A} names no value. Write {01.A:VALUE:.3f}
Measured. => {01.A:by.n:.1f}
    7: claim R1.1: {01.A:by.n:.1f}: '.1f' does not format [1, 2]
"""
LEDGERS = [
    (CLAIM, "7: claim R1.1 has no ledger to stand in. Add a {ledger} fence"),
    (LEDGER, "8: the ledger is empty. Add {claim} fences to fill it"),
    (CLAIM + LEDGER + LEDGER, "15: the cell id 'ledger' is taken (line 12)"),
]

QUESTION = "```{question} 01.2 minutes=5 points=1\n# A\nHow?\n"
ANSWERS = [  # what stands below the question, the message
    ("", "it has no answer. Write 'right FORMULA' or '- [x] option'"),
    ("right x\n", "a formula needs 'given NAMES DRAWN' and 'right FORMULA'"),
    ("given x often\nright x\n", "given 'x often': write x normal or x 0.1..0.9"),
    (
        "given x normal\nright x\nwrong -x\n",
        "'wrong -x': write wrong FORMULA => what is wrong",
    ),
    ("- [x] a\n  - b\n- [x] c\n  - d\n", "2 options are marked [x], and one must be"),
    (
        "- [x] a\n- [ ] c\n  - d\n",
        "every option needs one reason, '  - because', below it",
    ),
]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        *((f"```{fence}```", said) for fence, said in rows(FENCES)),
        *TEXTS,
        *((CELL + claim, said) for claim, said in LEDGERS),
        *((CELL + changed(CLAIM, edit) + LEDGER, said) for edit, said in rows(CLAIMS)),
        *((QUESTION + a + "```", f"3: question 01.2: {said}") for a, said in ANSWERS),
    ],
)
def test_a_mistake_gives_its_message_and_no_other(tmp_path, source, said):
    found = problems(tmp_path, "# T\n\n" + source)
    messages = re.split(r" (?=\d+: )", re.sub(r"\n +", " ", said.strip()))
    assert len(found) == len(messages), found
    for line, message in zip(found, messages, strict=True):
        assert line.startswith(f"{LECTURE}/01_toys.md:{message}"), line


def test_a_symbol_is_asked_for_once(tmp_path):
    """That nothing tries the second exercise is said as well."""
    found = problems(tmp_path, "# T\n\n" + AREA + AREA.replace("01.1", "01.4"))
    assert (
        f"{LECTURE}/01_toys.md:6: toy.maths:area is already shown by exercise 01.1 "
        "(line 3). A symbol is shown or asked for once"
    ) in found


@pytest.mark.parametrize("source", ["```python a\npass\n```\n", ""])
def test_title_is_missing(tmp_path, source):
    (found,) = problems(tmp_path, source)
    said = "1: a notebook starts with its title. Write '# Title' first"
    assert found == f"{LECTURE}/01_toys.md:{said}"


UNFIT = [
    (
        "the radius\n    cube(radius) => 1",
        "2: 01.1, 'the radius': 'cube(radius)' occurs nowhere, and must occur once",
    ),
    (
        "the radius\n    secret => 1",
        "2: 01.1, 'the radius': 'secret' occurs 3 times, and must occur once",
    ),
    (
        "the radius\n    math.pi * => math.pi * (",
        "2: 01.1, 'the radius': what the edit leaves is not Python: ",
    ),
    ("the radius\n    clip(radius)", "2: 'the radius': an edit is written OLD => NEW"),
    ("the radius", "2: a mistake is a message and, indented below it, its edits"),
    (
        "    clip(radius) => radius",
        "2: a mistake is a message and, indented below it, its edits",
    ),
    (
        "the radius\n    clip(radius) => clip(radius)",
        "2: 'the radius': its edits change nothing new",
    ),
    ("## 01.9\n\nx\n    y => z", "4: there is no exercise 01.9"),
]


@pytest.mark.parametrize(("text", "message"), UNFIT)
def test_a_known_mistake_that_does_not_fit(tmp_path, text, message):
    fits = "a\n    math.pi * =>\nb\n    ** 2 =>\n"
    mistakes = f"## 01.1\n{text}\n\n## 01.1\n{fits}"
    (found,) = problems(tmp_path, f"# T\n\n{AREA}", mistakes)
    assert found.startswith(f"{LECTURE}/mistakes.md:{message}")


def test_all_mistakes_are_reported_together_and_nothing_is_written(tmp_path, capsys):
    source = SOURCE.replace("toy.maths:clip", "toy.maths:clap")
    source = source.replace("minutes=5", "minutes=x")
    here = project(tmp_path, source.replace("```python use-area", "```python"))
    add_lecture(tmp_path, "no title\n", "02_more")
    assert run(here) == 2
    out, err = capsys.readouterr()
    for words in (
        "does not define 'clap'", "minutes=x", "needs one label",
        "coursekit/lectures/l02_more/02_more.md:1: a notebook starts with its title",
        "mistakes, nothing written",
    ):  # fmt: skip
        assert words in err
    assert out == ""
    assert list(tmp_path.glob("notebooks/**/*.ipynb")) == []
    assert run(here, draft=True) == 1
    assert len(list(tmp_path.glob("notebooks/**/*.ipynb"))) == 4
