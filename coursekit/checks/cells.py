"""What a notebook calls: check, check_answer, hint, reveal.

`q_sample = check(q_sample)` prints one line, the same every time, and hands back a
function to go on with: the learner's when it is right, else the package's own. With
COURSEKIT_STRICT=1 an unsolved exercise raises instead, after the package's version
has been put in its place, so that it is exactly one failed cell.
"""

import difflib
import inspect
import os
import sys
from typing import Any

from coursekit.checks import hints, progress
from coursekit.checks.formula import judge_formula
from coursekit.checks.judge import Verdict, judge
from coursekit.checks.registry import by_id, by_symbol, code_exercises
from coursekit.checks.spec import (
    ChoiceQuestion,
    Exercise,
    FormulaQuestion,
)

GOING_ON = " - going on with the reference"


class UnsolvedError(Exception):
    """An exercise that is not solved, under COURSEKIT_STRICT=1."""

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this: one line instead of a traceback."""
        return [f"{type(self).__name__}: {self}"]


def check(function: Any, exercise_id: str | None = None) -> Any:
    """Check the function (or class) of an exercise, found by its name.

    Prints one line, `PASS`, `TODO` or `FAIL` with the mistake named, and returns what
    the notebook goes on with. exercise_id: needed only where two share a name.
    """
    exercise = _find(function, exercise_id)
    if exercise is None:
        return function
    reference = exercise.reference()
    # After a TODO or FAIL the name means the reference. Running the check again must
    # not count that as the learner's solution.
    if function is reference:
        verdict = Verdict("TODO")
    else:
        verdict = judge(exercise, function)
    line = f"{verdict.state} {exercise.id} {exercise.name}"
    if verdict.state == "FAIL":
        line += f": {verdict.message}"
    if verdict.state != "PASS":
        line += GOING_ON
    progress.record(exercise.id, verdict.state)
    if verdict.state != "PASS" and strict():
        sys._getframe(1).f_globals[exercise.name] = reference
    _say(line, verdict.state)
    return function if verdict.state == "PASS" else reference


def check_answer(question_id: str, answer: Any) -> None:
    """Check the answer to a pen-and-paper question: a formula or a letter.

    Prints one line: `PASS 01.16: why`, `TODO 01.16` or `FAIL 01.16: why`.
    """
    try:
        question = by_id(question_id)
    except KeyError as error:
        _say(f"FAIL {question_id}: {error.args[0]}", "FAIL")
        return
    if (
        answer is None
        or answer is ...
        or (isinstance(answer, str) and not answer.strip())
    ):
        verdict = Verdict("TODO")
    elif isinstance(question, FormulaQuestion):
        verdict = judge_formula(question, answer)
    elif isinstance(question, ChoiceQuestion):
        verdict = judge_choice(question, answer)
    else:
        verdict = Verdict("FAIL", f"this one is code: use {question.name} = check(...)")
    progress.record(question_id, verdict.state)
    line = f"{verdict.state} {question_id}"
    told = verdict.message
    if verdict.state == "PASS" and not isinstance(question, Exercise):
        told = question.reason
    _say(line + (f": {told}" if told else ""), verdict.state)


def judge_choice(question: ChoiceQuestion, answer: Any) -> Verdict:
    """Right, or why not. Takes "b", "B", "(b)" and "b)"."""
    letter = str(answer).strip().strip("().").lower()
    if letter not in question.options:
        letters = ", ".join(question.options)
        return Verdict("FAIL", f"answer with one letter of {letters}, such as 'a'")
    if letter == question.answer:
        return Verdict("PASS")
    return Verdict("FAIL", question.why[letter])


def hint(exercise_id: str, n: int = 1) -> None:
    """Print the n-th hint of an exercise; the ladder starts at 1."""
    if not _known(exercise_id):
        return
    ladder = hints.ladder(exercise_id)
    if not ladder:
        print(f"no hint for {exercise_id}")
    elif not 1 <= n <= len(ladder):
        print(f"{exercise_id} has hints 1 to {len(ladder)}")
    else:
        print(f"hint {n} of {len(ladder)} for {exercise_id}: {ladder[n - 1]}")


def reveal(exercise_id: str) -> None:
    """Print the solution; the progress view remembers that you looked."""
    if not _known(exercise_id):
        return
    entry = by_id(exercise_id)
    if isinstance(entry, Exercise):
        print(inspect.getsource(entry.reference()).rstrip())
    elif isinstance(entry, ChoiceQuestion):
        print(f"{entry.answer}: {entry.options[entry.answer]}")
        print(entry.why[entry.answer])
    else:
        print(entry.answer)
    progress.record(entry.id, "REVEALED")


def strict() -> bool:
    """Does an unsolved exercise raise? COURSEKIT_STRICT=1 says so."""
    return os.environ.get("COURSEKIT_STRICT", "") not in ("", "0")


def _say(line: str, state: str) -> None:
    if state != "PASS" and strict():
        # `from None` and a short class keep the report of the failed cell to a line.
        raise UnsolvedError(line) from None
    print(line)


def _known(exercise_id: str) -> bool:
    try:
        by_id(exercise_id)
    except KeyError as error:
        print(error.args[0])
        return False
    return True


def _find(function: Any, exercise_id: str | None) -> Exercise | None:
    """The exercise of a function; None, after one helpful line, when there is none."""
    name = getattr(function, "__name__", None)
    if not callable(function) or name is None:
        kind = type(function).__name__
        _say(
            f"FAIL check: it wants the function itself, as in f = check(f), not a "
            f"{kind}",
            "FAIL",
        )
        return None
    try:
        if exercise_id is None:
            return by_symbol(name)
        entry = by_id(exercise_id)
    except KeyError as error:
        names = [e.name for e in code_exercises()]
        near = difflib.get_close_matches(name, names, n=3)
        more = f"; did you mean {' or '.join(near)}?" if near else ""
        _say(f"FAIL check: {error.args[0]}{more}", "FAIL")
        return None
    if isinstance(entry, Exercise):
        return entry
    _say(f"FAIL check: {exercise_id} is pen and paper: use check_answer", "FAIL")
    return None
