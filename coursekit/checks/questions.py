"""Pen-and-paper questions, read from their fences in a notebook's source.

    # The velocity of a line                     - [ ] yes, up to the sign
    You know `xt`, `x0` and `t`. ...               - the score points uphill
    given xt, x0 normal; t 0.1..0.95             - [x] no, but one gives the other
    right (xt - x0)/t                              - both are mixes of x0 and eps
    wrong xt - x0 => divide by the time it took

A title, the text, and then either formulas or options. `given` says how the symbols
are drawn when answers are compared: `normal` with a scale behind it, `LOW..HIGH`, or
`integer LOW..HIGH`; `NAME = FORMULA` follows from others. `let NAME = FORMULA` makes a
shorthand that is put in as it stands. The first `right` is shown in the solution. A
line indented further goes on.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.formula import evaluate
from coursekit.checks.spec import ChoiceQuestion, FormulaQuestion, Question

POINTS = 64  # places at which two formulas are compared
_FORMULA = re.compile(r"(given|let|right|wrong) ")
_OPTION = re.compile(r"- \[([ x])\] ")
_WHY = re.compile(r"  - ")
_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(integer )?({_NUMBER})\.\.({_NUMBER})")
_NORMAL = re.compile(rf"normal(?: ({_NUMBER}))?")


class QuestionError(ValueError):
    """A question that cannot be read; the message says what to write."""


def read_question(question_id: str, body: str) -> Question:
    """The question of a fence's body. Raises QuestionError in a sentence."""
    lines = body.strip("\n").split("\n")
    if not lines[0].startswith("# "):
        raise QuestionError("a question begins with its title. Write '# Title' first")
    starts = [
        n for n, line in enumerate(lines) if _FORMULA.match(line) or _OPTION.match(line)
    ]
    if not starts:
        raise QuestionError("it has no answer. Write 'right FORMULA' or '- [x] option'")
    title, text = lines[0][2:].strip(), "\n".join(lines[1 : starts[0]]).strip("\n")
    if not text.strip():
        raise QuestionError("the question itself is empty. Write it below the title")
    parts = _joined(lines[starts[0] :])
    if _OPTION.match(parts[0]):
        return _choice(question_id, title, text, parts)
    return _formula(question_id, title, text, parts)


def _joined(lines: Sequence[str]) -> list[str]:
    """The lines, each with those that go on with it."""
    found: list[str] = []
    for line in lines:
        begins = _FORMULA.match(line) or _OPTION.match(line) or _WHY.match(line)
        if begins:
            found.append(line.rstrip())
        elif line.strip() and found:
            found[-1] += f" {line.strip()}"
    return found


def _choice(
    question_id: str, title: str, text: str, parts: Sequence[str]
) -> ChoiceQuestion:
    options: dict[str, str] = {}
    why: dict[str, str] = {}
    right = []
    for part in parts:
        if option := _OPTION.match(part):
            letter = chr(ord("a") + len(options))
            options[letter] = part[option.end() :]
            right += [letter] if option[1] == "x" else []
        elif _WHY.match(part) and options and letter not in why:
            why[letter] = part[4:]
        else:
            raise QuestionError(f"'{part.strip()}' is no option and no reason for one")
    if len(right) != 1:
        raise QuestionError(f"{len(right)} options are marked [x], and one must be")
    if options.keys() != why.keys():
        raise QuestionError("every option needs one reason, '  - because', below it")
    return ChoiceQuestion(question_id, title, text, options, right[0], why)


def _formula(
    question_id: str, title: str, text: str, parts: Sequence[str]
) -> FormulaQuestion:
    given: dict[str, str] = {}
    short: dict[str, str] = {}
    right: list[str] = []
    wrong: dict[str, str] = {}

    def whole(formula: str) -> str:
        for name, meaning in short.items():
            formula = re.sub(rf"\b{name}\b", meaning, formula)
        return formula.strip()

    for part in parts:
        word, _, rest = part.partition(" ")
        if word == "given":
            given |= _given(rest)
        elif word == "let":
            name, equals, formula = rest.partition(" = ")
            if not equals:
                raise QuestionError(f"'{part}': write let NAME = FORMULA")
            short[name.strip()] = whole(formula)
        elif word == "right":
            right.append(whole(rest))
        else:
            formula, arrow, message = rest.partition(" => ")
            if not arrow:
                raise QuestionError(f"'{part}': write wrong FORMULA => what is wrong")
            wrong[whole(formula)] = message.strip()
    if not given or not right:
        raise QuestionError("a formula needs 'given NAMES DRAWN' and 'right FORMULA'")
    return FormulaQuestion(
        question_id, title, text, tuple(right), wrong, partial(_points, given)
    )


def _given(text: str) -> dict[str, str]:
    """Name -> how it is drawn, from `xt, x0 normal; t 0.1..0.95`."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, formula = part.partition(" = ")
        if equals:
            found[name.strip()] = f"= {formula.strip()}"
            continue
        names = re.match(r"\s*(\w+(?:, *\w+)*) +(.+?)\s*$", part)
        if not names or not (_RANGE.fullmatch(names[2]) or _NORMAL.fullmatch(names[2])):
            raise QuestionError(f"given '{part.strip()}': write x normal or x 0.1..0.9")
        found |= dict.fromkeys(re.split(r", *", names[1]), names[2])
    return found


def _points(
    given: Mapping[str, str], rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    drawn = {n: _drawn(how, rng) for n, how in given.items() if how[0] != "="}
    follows = {n: evaluate(how[1:], drawn) for n, how in given.items() if how[0] == "="}
    return {name: (drawn | follows)[name] for name in given}


def _drawn(how: str, rng: np.random.Generator) -> NDArray[np.float64]:
    if bounds := _RANGE.fullmatch(how):
        low, high = float(bounds[2]), float(bounds[3])
        if bounds[1]:
            return rng.integers(int(low), int(high) + 1, POINTS).astype(float)
        return rng.uniform(low, high, POINTS)
    normal = _NORMAL.fullmatch(how)
    scale = float((normal and normal[1]) or 1)
    return scale * rng.standard_normal(POINTS)
