"""Every mistake an author can make gives its message, with file, line and advice."""

from pathlib import Path

import pytest
from weave_toy import SOURCE, add_lecture, project

from coursekit.sources.report import Report
from coursekit.weave.command import build, run

EX = "```{exercise} 01.1 toy.maths:area minutes=5 difficulty=2 points=2\n```\n"


def problems(root: Path, body: str) -> list[str]:
    """The messages for a source that starts with a title on lines 1 and 2."""
    here, report = project(root, "# T\n\n" + body), Report()
    build(here, here.sources(), report)
    return str(report).splitlines()


def exercise(
    symbol: str,
    exercise_id: str = "01.1",
    facts: str = "minutes=5 difficulty=2 points=2",
) -> str:
    return f"```{{exercise}} {exercise_id} {symbol} {facts}\n```\n"


MISTAKES = {
    "unknown module": (
        "```{weave} toy.nothing:clip\n```",
        "3: there is no module toy.nothing. Check its name",
    ),
    "unknown symbol": (
        "```{weave} toy.maths:clap\n```",
        "3: toy.maths does not define 'clap'. It has: DIGITS, LOW, HIGH, clip, ",
    ),
    "not a symbol": (
        "```{weave} clip\n```",
        "3: 'clip' is not a symbol. Write package.module:name",
    ),
    "method in weave": (
        "```{weave} toy.maths:Line.at\n```",
        "3: {weave} shows a class as a whole. Drop the method",
    ),
    "unknown method": (
        exercise("toy.maths:Line.up", "01.4"),
        "3: toy.maths:Line has no method 'up'. It has: __init__, at, undocumented",
    ),
    "class without methods": (
        exercise("toy.maths:Line", "01.4"),
        "3: toy.maths:Line is a class: name the methods that the learner writes, "
        "as in toy.maths:Line.forward",
    ),
    "constant as exercise": (
        exercise("toy.maths:DIGITS", "01.4"),
        "3: toy.maths:DIGITS is a constant, and an exercise is a function or methods "
        "of a class. Use {weave}",
    ),
    "no docstring": (
        exercise("toy.maths:bare"),
        "3: toy.maths:bare: 'bare' has no docstring, and the docstring is the "
        "exercise's statement. Write one",
    ),
    "docstring beside code": (
        exercise("toy.maths:one_line"),
        "3: toy.maths:one_line: the docstring of 'one_line' shares a line with code",
    ),
    "only a docstring": (
        exercise("toy.maths:only_doc"),
        "3: toy.maths:only_doc: 'only_doc' is only a docstring. Write the reference",
    ),
    "symbol with an unknown name": (
        "```{weave} toy.maths:broken\n```",
        "3: toy.maths uses 'missing_name', which it neither imports nor defines at its "
        "top level. Import it there by name",
    ),
    "duplicate exercise id": (
        EX + "\n" + exercise("toy.maths:clip"),
        "6: exercise id 01.1 is used twice (line 3 as well). Give one of them a new id",
    ),
    "symbol exercised twice": (
        EX + "\n" + exercise("toy.maths:area", "01.4"),
        "6: toy.maths:area is already shown by exercise 01.1 (line 3). "
        "A symbol is shown or asked for once",
    ),
    "symbol given away": (
        "```{weave} toy.maths:area\n```\n\n" + EX,
        "6: toy.maths:area is already shown by the cell 'area' (line 3). "
        "A symbol is shown or asked for once",
    ),
    "woven twice": (
        "```{weave} toy.maths:clip\n```\n\n```{weave} toy.maths:clip\n```",
        "6: toy.maths:clip is already shown by the cell 'clip' (line 3). "
        "Remove one of the two",
    ),
    "needed before it is shown": (
        "```{weave} toy.maths:doubled\n```\n\n```{weave} toy.base:scale\n```\n\n"
        "```{weave} toy.base:ZERO\n```\n\n```{weave} toy.maths:area\n```",
        "12: the cell 'doubled' already makes 'area'. If that is your import, remove "
        "it; if the weave imported it, move this fence above 'doubled'",
    ),
    "imported before it is asked for": (
        "```python imports\nfrom toy.maths import area\n```\n\n" + EX,
        "7: the cell 'imports' already makes 'area'. If that is your import, remove it",
    ),
    "imported after it was written": (
        EX + "\n```python again\nfrom toy.maths import area\n```",
        "6: the code of 'again' makes 'area' anew, so the reader's own would be lost. "
        "Use another name, or drop the import",
    ),
    "duplicate label": (
        "```python a\n```\n\n```python a\n```",
        "6: the cell id 'a' is taken (line 3). Give one of the two another label",
    ),
    "missing label": (
        "```python\nx = 1\n```",
        "3: a python fence needs one label in lower-case-with-hyphens. "
        "Write ```python figure-a",
    ),
    "ugly label": (
        "```python Figure_A\nx = 1\n```",
        "3: a python fence needs one label in lower-case-with-hyphens",
    ),
    "syntax error": (
        "```python a\nx = 1\ny = (\n```",
        "5: the code of 'a' is not Python: '(' was never closed. Fix this line",
    ),
    "hint without exercise": (
        "```{hint} 01.1\nAlas.\n```\n\n" + EX,
        "3: a hint for 01.1, and no such exercise above it. Put it below its exercise "
        "and name the exercise's id",
    ),
    "empty hint": (
        EX + "\n```{hint} 01.1\n```",
        "6: this hint for 01.1 is empty. Write it",
    ),
    "nothing tries it": (
        exercise("toy.maths:doubled", "01.77"),
        "3: nothing tries exercise 01.77. Write a function under "
        '@tried("01.77", ...) in coursekit/lectures/l01_toys/exercises.py',
    ),
    "no known mistakes": (
        exercise("toy.maths:doubled", "01.77"),
        "3: exercise 01.77 needs two known mistakes at least. Write them below "
        "'## 01.77' in coursekit/lectures/l01_toys/mistakes.md",
    ),
    "another notebook's id": (
        exercise("toy.maths:area", "02.1"),
        "3: exercise 02.1 stands in notebook 01. Its id must begin with 01.",
    ),
    "not an id": (
        exercise("toy.maths:area", "one"),
        "3: 'one' is not an exercise id. Write 01.NUMBER",
    ),
    "exercise without symbol": (
        "```{exercise} 01.1 minutes=5\n```",
        "3: an exercise needs an id and a symbol. Write {exercise} 01.4 ",
    ),
    "question without id": (
        "```{question} minutes=5\n# A\nHow?\nright x\n```",
        "3: a question needs its id. Write {question} 01.15 minutes=3 points=1",
    ),
    "empty question": (
        "```{question} 01.2 minutes=5 points=1\n```",
        "3: question 01.2: a question begins with its title. Write '# Title' first",
    ),
    "question without text": (
        "```{question} 01.2 minutes=5 points=1\n# A\ngiven x normal\nright x\n```",
        "3: question 01.2: the question itself is empty. Write it below the title",
    ),
    "question without answer": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\n```",
        "3: question 01.2: it has no answer. Write 'right FORMULA' or '- [x] option'",
    ),
    "formula without symbols": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\nright x\n```",
        "3: question 01.2: a formula needs 'given NAMES DRAWN' and 'right FORMULA'",
    ),
    "unknown way to draw": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\ngiven x often\nright x\n```",
        "3: question 01.2: given 'x often': write x normal or x 0.1..0.9",
    ),
    "wrong formula without reason": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\ngiven x normal\nright x\n"
        "wrong -x\n```",
        "3: question 01.2: 'wrong -x': write wrong FORMULA => what is wrong",
    ),
    "two right options": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\n- [x] a\n  - b\n- [x] c\n"
        "  - d\n```",
        "3: question 01.2: 2 options are marked [x], and one must be",
    ),
    "option without reason": (
        "```{question} 01.2 minutes=5 points=1\n# A\nHow?\n- [x] a\n- [ ] c\n  - d\n"
        "```",
        "3: question 01.2: every option needs one reason, '  - because', below it",
    ),
    "minutes not a number": (
        exercise("toy.maths:area", facts="minutes=few difficulty=2 points=2"),
        "3: minutes=few is not a number. Write minutes=5",
    ),
    "points not a number": (
        exercise("toy.maths:area", facts="minutes=5 difficulty=2 points=nan"),
        "3: points=nan is not a number. Write points=5",
    ),
    "points missing": (
        exercise("toy.maths:area", facts="minutes=5 difficulty=2"),
        "3: points= is missing. Write points=NUMBER",
    ),
    "difficulty out of range": (
        exercise("toy.maths:area", facts="minutes=5 difficulty=6 points=2"),
        "3: difficulty=6: write a number 1 to 5",
    ),
    "unknown option": (
        exercise("toy.maths:area", facts="minutes=5 difficulty=2 points=2 level=3"),
        "3: {exercise} knows no option 'level'. It has: minutes, difficulty, points",
    ),
    "unknown fence": (
        "```{exercice} 01.1\n```",
        "3: unknown fence kind '{exercice} 01.1'",
    ),
    "unknown language": (
        "```ruby\n```",
        "3: unknown fence kind 'ruby'. Use python LABEL",
    ),
    "missing kind": ("```\nx\n```", "3: unknown fence kind (none). Use python LABEL"),
    "python in braces": ("```{python} a\n```", "3: unknown fence kind '{python} a'"),
    "fence kind without braces": (
        "```hint 01.1\n```",
        "3: unknown fence kind 'hint 01.1'",
    ),
    "open quote": (
        '```{claim} R1 time="4:10\n```',
        "3: a quote is not closed in '{claim} R1 time=\"4:10'. Close it",
    ),
    "unterminated fence": (
        "```python a\nx = 1\n",
        "3: the fence '```python a' is never closed. Add a line with ```",
    ),
    "prose that quotes no measurement": (
        "Words.\n\nSo {01.Z:x:.1f} it is.\n",
        "5: data/measured/01.Z.json does not exist. Run: coursekit measure 01.Z",
    ),
    "prose that quotes no value": (
        "So {01.A:volume} it is.\n",
        "3: {01.A:volume}: no value 'volume' in 01.A. It has: area, by",
    ),
    "forgotten end before another fence": (
        "```{hint} 01.1\nx\n\n" + EX,
        "3: the fence '```{hint} 01.1' is never closed. Add a line with ```",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(tmp_path: Path, name: str) -> None:
    body, message = MISTAKES[name]
    found = problems(tmp_path, body)
    wanted = f"coursekit/lectures/l01_toys/01_toys.md:{message}"
    assert any(each.startswith(wanted) for each in found), "\n".join(found)


CLAIM = '```{claim} R1.1 time="2:09" verdict=holds see=a\nSaid.\nMeasured.\n```\n'
LEDGER = "\n```{ledger}\n```\n"
CELL = "```python a\npass\n```\n\n"  # lines 3 to 5; what follows starts on line 7
CLAIMS = {
    "no row": (
        CLAIM.replace("R1.1 ", "") + LEDGER,
        "7: a claim needs its row of the inventory",
    ),
    "no time": (
        CLAIM.replace('time="2:09" ', "") + LEDGER,
        "7: claim R1.1 has no time=. Add it",
    ),
    "bad verdict": (
        CLAIM.replace("holds", "true") + LEDGER,
        "7: claim R1.1 has the verdict 'true'. Use one of: holds, \"in part\", "
        '"not at this scale"',
    ),
    "one part only": (
        CLAIM.replace("\nMeasured.", "") + LEDGER,
        "7: claim R1.1 needs two parts: what the lecture says (line 1) and what was "
        "measured (below)",
    ),
    "no such cell": (
        CLAIM.replace("see=a", "see=a,b") + LEDGER,
        "7: claim R1.1 sends the reader to 'b', and there is no such cell",
    ),
    "no ledger": (
        CLAIM,
        "7: claim R1.1 has no ledger to stand in. Add a {ledger} fence",
    ),
    "empty ledger": (
        LEDGER,
        "8: the ledger is empty. Add {claim} fences to fill it",
    ),
    "two ledgers": (
        CLAIM + LEDGER + LEDGER,
        "15: the cell id 'ledger' is taken (line 12)",
    ),
    "no such measurement": (
        CLAIM.replace("Measured.", "{01.Z:x:.1f} {01.Z:y}") + LEDGER,
        "7: claim R1.1: data/measured/01.Z.json does not exist. "
        "Run: coursekit measure 01.Z",
    ),
    "no such value": (
        CLAIM.replace("Measured.", "{01.A:volume}") + LEDGER,
        "7: claim R1.1: {01.A:volume}: no value 'volume' in 01.A. It has: area, by",
    ),
    "no value named": (
        CLAIM.replace("Measured.", "{01.A}") + LEDGER,
        "7: claim R1.1: {01.A} names no value. Write {01.A:VALUE:.3f}",
    ),
    "bad format": (
        CLAIM.replace("Measured.", "{01.A:by.n:.1f}") + LEDGER,
        "7: claim R1.1: {01.A:by.n:.1f}: '.1f' does not format [1, 2]",
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_mistake_in_a_claim(tmp_path: Path, name: str) -> None:
    body, message = CLAIMS[name]
    found = problems(tmp_path, CELL + body)
    wanted = f"coursekit/lectures/l01_toys/01_toys.md:{message}"
    assert any(each.startswith(wanted) for each in found), "\n".join(found)


def test_one_mistake_gives_one_message(tmp_path: Path) -> None:
    """Nothing follows from a mistake except where two things really are wrong."""
    several = {
        "unterminated fence", "forgotten end before another fence", "unknown option",
        "symbol exercised twice", "another notebook's id", "duplicate exercise id",
        "hint without exercise", "open quote", "no docstring", "only a docstring",
        "docstring beside code", "constant as exercise", "class without methods",
        "unknown method", "woven twice", "nothing tries it", "no known mistakes",
    }  # fmt: skip
    for number, (name, (body, _)) in enumerate(MISTAKES.items()):
        if name not in several:
            found = problems(tmp_path / str(number), body)
            assert len(found) == 1, (name, found)


def test_title_is_missing(tmp_path: Path) -> None:
    here, report = project(tmp_path, "```python a\npass\n```\n"), Report()
    build(here, here.sources(), report)
    assert str(report) == (
        "coursekit/lectures/l01_toys/01_toys.md:1: a notebook starts with its title. "
        "Write '# Title' first"
    )


def test_an_empty_source_is_an_error_not_a_crash(tmp_path: Path) -> None:
    here, report = project(tmp_path, ""), Report()
    build(here, here.sources(), report)
    assert "Write '# Title' first" in str(report)


UNFIT = {
    "an edit that fits nowhere": (
        "the radius\n    cube(radius) => 1",
        "2: 01.1, 'the radius': 'cube(radius)' occurs nowhere, and must occur once",
    ),
    "an edit that fits twice": (
        "the radius\n    secret => 1",
        "2: 01.1, 'the radius': 'secret' occurs 3 times, and must occur once",
    ),
    "no Python left": (
        "the radius\n    math.pi * => math.pi * (",
        "2: 01.1, 'the radius': what the edit leaves is not Python: ",
    ),
    "no arrow": (
        "the radius\n    clip(radius)",
        "2: 'the radius': an edit is written OLD => NEW",
    ),
    "a message alone": (
        "the radius",
        "2: a mistake is a message and, indented below it, its edits",
    ),
    "an edit alone": (
        "    clip(radius) => radius",
        "2: a mistake is a message and, indented below it, its edits",
    ),
    "no change": (
        "the radius\n    clip(radius) => clip(radius)",
        "2: 'the radius': its edits change nothing new",
    ),
    "another exercise": ("## 01.9\n\nx\n    y => z", "4: there is no exercise 01.9"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_known_mistake_that_does_not_fit(tmp_path: Path, name: str) -> None:
    text, message = UNFIT[name]
    here, report = project(tmp_path, f"# T\n\n{EX}"), Report()
    path = tmp_path / "coursekit/lectures/l01_toys/mistakes.md"
    fits = "a\n    math.pi * =>\nb\n    ** 2 =>\n"
    path.write_text(f"## 01.1\n{text}\n\n## 01.1\n{fits}")
    build(here, here.sources(), report)
    found = str(report).splitlines()
    wanted = f"coursekit/lectures/l01_toys/mistakes.md:{message}"
    assert len(found) == 1 and found[0].startswith(wanted), found


def test_all_mistakes_are_reported_together_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = SOURCE.replace("toy.maths:clip", "toy.maths:clap").replace(
        "minutes=5", "minutes=x"
    )
    here = project(tmp_path, source.replace("```python use-area", "```python"))
    add_lecture(tmp_path, "no title\n", "02_more")
    assert run(here) == 2
    out, err = capsys.readouterr()
    for words in ("no title", "does not define 'clap'", "minutes=x", "needs one label"):
        assert words in err or words == "no title"
    assert (
        "coursekit/lectures/l02_more/02_more.md:1: a notebook starts with its title"
        in err
    )
    assert "mistakes, nothing written" in err and out == ""
    assert list((tmp_path / "notebooks").glob("**/*.ipynb")) == []
    assert run(here, draft=True) == 1
    assert len(list((tmp_path / "notebooks").glob("**/*.ipynb"))) == 4
