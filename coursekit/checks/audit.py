"""Testing the checks: every wrong version must be caught, every right one accepted.

`python -m coursekit.checks.audit [ID ...]` prints the table as Markdown, then what is
wrong with the checks. The tests hand in right versions in other styles as well.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from coursekit.checks.cells import judge_choice
from coursekit.checks.compare import agree
from coursekit.checks.formula import judge_formula
from coursekit.checks.judge import Verdict, accepted, alike, complaint, decide, judge
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import all_exercises, by_id
from coursekit.checks.spec import (
    Entry,
    Exercise,
    FormulaQuestion,
    Function,
    Mistake,
    Oracle,
    Probe,
    Question,
)
from coursekit.checks.trial import Trial, try_function

_SECONDS = 20.0


@dataclass
class Audit:
    """What an exercise's check catches, and what is wrong with the check itself."""

    id: str
    name: str
    mistakes: int = 0
    named: int = 0  # failed with exactly their own message
    right: int = 0
    accepted: int = 0
    problems: list[str] = field(default_factory=list)


def audit(entry: Entry, start: int = 0, right: Sequence[Function] = ()) -> Audit:
    """Try every known mistake and right version. start: as for `judge`."""
    if isinstance(entry, Exercise):
        return audit_code(entry, start, right)
    return audit_question(entry, start)


def audit_code(exercise: Exercise, start: int, right: Sequence[Function]) -> Audit:
    """The reference and right versions pass; mistakes fail, each by its name."""
    probe, found = exercise.probe(), Audit(exercise.id, exercise.name)
    seeds, known = probe.seeds(start), mistakes_of(exercise)
    want = try_function(probe, exercise.reference(), seeds, _SECONDS)
    runs = [try_function(probe, m.function, seeds, _SECONDS) for m in known]

    def behaviour(wrong: Mistake, seed: int) -> Trial:
        return runs[known.index(wrong)][seeds.index(seed)]

    found.mistakes, found.right = len(known), len(right)
    for wrong, trials in zip(known, runs, strict=True):
        verdict = decide(exercise, trials, want, behaviour)
        if verdict == Verdict("FAIL", wrong.message):
            found.named += 1
        else:
            said = f"{verdict.state} {verdict.message!r}"
            found.problems.append(f"mistake {wrong.name!r} gets {said}")
    for function in right:
        verdict = judge(exercise, function, start)
        if verdict.state == "PASS":
            found.accepted += 1
        else:
            name = function.__name__
            found.problems.append(f"right version {name!r}: {verdict.message}")
    for i, trials in enumerate(runs):
        for j in range(i):
            same = alike(probe, trials, runs[j])
            if same and known[i].message != known[j].message:
                names = f"{known[j].name!r} and {known[i].name!r}"
                found.problems.append(f"mistakes {names} cannot be told apart")
    if not accepted(probe, want, want):
        found.problems.append(f"the reference: {_broken(probe, want)}")
    found.problems += _idle(probe, runs, want)
    return found


def _broken(probe: Probe, trials: Sequence[Trial]) -> str:
    for trial in trials:
        if trial.fault is not None:
            return trial.fault.text
        said = complaint(probe, trial)
        if said is not None:
            return said
    return "it changes its inputs"


def _idle(
    probe: Probe, runs: Sequence[Sequence[Trial]], want: Sequence[Trial]
) -> list[str]:
    """Oracles that no mistake violates, and a comparison that nothing offends."""
    problems = []
    if len(runs) < 2:
        problems.append("it needs two known mistakes at least")
    for oracle in probe.oracles:
        if not any(_speaks(oracle, trial) for trials in runs for trial in trials):
            problems.append(f"oracle {oracle.name!r} catches no mistake: is it asleep?")
    if not any(_differs(probe, trials, want) for trials in runs):
        problems.append("the comparison with the reference catches no mistake")
    return problems


def _speaks(oracle: Oracle, trial: Trial) -> bool:
    """Does the oracle object to these outputs (rather than fail to read them)?"""
    if trial.fault is not None:
        return False
    try:
        return oracle.complaint(trial.inputs, trial.outputs) is not None
    except (ValueError, IndexError, KeyError, TypeError):
        return False


def _differs(probe: Probe, trials: Sequence[Trial], want: Sequence[Trial]) -> bool:
    """Does the comparison by value see a difference, shapes and errors apart?"""
    return any(
        t.fault is None
        and all(t.outputs[n].shape == w.outputs[n].shape for n in w.outputs)
        and not agree(probe.tolerances, t.outputs, w.outputs)
        for t, w in zip(trials, want, strict=True)
    )


def audit_question(question: Question, start: int = 0) -> Audit:
    """Right answers pass in every form; each wrong one gets its own explanation."""
    found = Audit(question.id, question.kind)
    if isinstance(question, FormulaQuestion):
        wrong, right = dict(question.wrong), question.right
    else:
        wrong = {k: v for k, v in question.why.items() if k != question.answer}
        right = (question.answer, f" ({question.answer.upper()}) ")
    found.mistakes, found.right = len(wrong), len(right)
    if len(set(wrong.values())) < len(wrong) or len(wrong) < 2:
        found.problems.append("it needs two wrong answers, with a message each")
    for answer, message in wrong.items():
        verdict = _answer(question, answer, start)
        if verdict == Verdict("FAIL", message):
            found.named += 1
        else:
            found.problems.append(f"{answer!r}: {verdict.state} {verdict.message!r}")
    for answer in right:
        verdict = _answer(question, answer, start)
        if verdict.state == "PASS":
            found.accepted += 1
        else:
            found.problems.append(f"{answer!r}: {verdict.message}")
    return found


def _answer(question: Question, answer: str, start: int) -> Verdict:
    if isinstance(question, FormulaQuestion):
        return judge_formula(question, answer, start)
    return judge_choice(question, answer)


def table(audits: Sequence[Audit]) -> str:
    """The audits as a Markdown table with a line of totals."""
    lines = [
        "| exercise | wrong versions | caught by name | right versions | accepted |",
        "|---|---|---|---|---|",
    ]
    for a in audits:
        counts = f"{a.mistakes} | {a.named} | {a.right} | {a.accepted}"
        lines.append(f"| {a.id} {a.name} | {counts} |")
    total = [
        str(sum(getattr(a, name) for a in audits))
        for name in ("mistakes", "named", "right", "accepted")
    ]
    return "\n".join([*lines, f"| **all** | {' | '.join(total)} |"])


def main(ids: Sequence[str]) -> int:
    """Print the table, then what is wrong with the checks; 1 if anything is."""
    os.environ["COURSEKIT_PROGRESS"] = "off"
    audits = [
        audit(entry) for entry in [by_id(each) for each in ids] or all_exercises()
    ]
    print(table(audits))
    problems = [f"{a.id} {a.name}: {p}" for a in audits for p in a.problems]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
