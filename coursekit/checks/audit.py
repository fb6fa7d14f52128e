"""Testing the checks: every wrong version must be caught, every right one accepted.

`python -m coursekit.checks.audit` prints the table as Markdown.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coursekit.checks.cells import judge_choice
from coursekit.checks.compare import agree
from coursekit.checks.formula import judge_formula
from coursekit.checks.judge import (
    Verdict,
    accepted,
    alike,
    complaint,
    decide,
    judge,
)
from coursekit.checks.spec import (
    ChoiceQuestion,
    Entry,
    Exercise,
    FormulaQuestion,
    Mutant,
    Oracle,
    Probe,
)
from coursekit.checks.trial import Trial, try_function
from coursekit.workbook.exercises import all_exercises

_SECONDS = 20.0


@dataclass
class Audit:
    """What an exercise's check catches, and what is wrong with the check itself."""

    id: str
    name: str
    mutants: int = 0
    named: int = 0  # failed with exactly their own message
    by_oracle: int = 0  # by an error or an oracle, without asking the reference
    variants: int = 0
    accepted: int = 0
    problems: list[str] = field(default_factory=list)


def audit(entry: Entry, start: int = 0) -> Audit:
    """Try every mutant and variant of an exercise. start: as for `judge`."""
    if isinstance(entry, Exercise):
        return audit_code(entry, start)
    return audit_question(entry, start)


def audit_code(exercise: Exercise, start: int = 0) -> Audit:
    """The reference and variants pass; mutants fail, by name, and by oracles too."""
    probe, found = exercise.probe(), Audit(exercise.id, exercise.name)
    seeds = probe.seeds(start)
    want = try_function(probe, exercise.reference(), seeds, _SECONDS)
    runs = [try_function(probe, m.function, seeds, _SECONDS) for m in probe.mutants]
    known = {m.name: trials for m, trials in zip(probe.mutants, runs, strict=True)}

    def behaviour(mutant: Mutant, seed: int) -> Trial:
        return known[mutant.name][seeds.index(seed)]

    found.mutants, found.variants = len(probe.mutants), len(probe.variants)
    for mutant, trials in zip(probe.mutants, runs, strict=True):
        verdict = decide(probe, trials, want, behaviour)
        if verdict.state == "FAIL" and verdict.message == mutant.message:
            found.named += 1
        else:
            found.problems.append(
                f"mutant {mutant.name!r} gets {verdict.state} {verdict.message!r}"
            )
        if any(t.fault is not None or complaint(probe, t) is not None for t in trials):
            found.by_oracle += 1
    for variant in probe.variants:
        verdict = judge(exercise, variant.function, start)
        if verdict.state == "PASS":
            found.accepted += 1
        else:
            found.problems.append(f"variant {variant.name!r}: {verdict.message}")
    for i, trials in enumerate(runs):
        for j in range(i):
            if alike(probe, trials, runs[j]):
                names = f"{probe.mutants[j].name!r} and {probe.mutants[i].name!r}"
                found.problems.append(f"mutants {names} cannot be told apart")
    if not accepted(probe, want, want):
        found.problems.append(f"the reference: {_broken(exercise, want)}")
    found.problems += _idle(exercise, runs, want)
    return found


def _broken(exercise: Exercise, trials: Sequence[Trial]) -> str:
    for trial in trials:
        if trial.fault is not None:
            return trial.fault.text
        said = complaint(exercise.probe(), trial)
        if said is not None:
            return said
    return "it changes its inputs"


def _idle(
    exercise: Exercise, runs: Sequence[Sequence[Trial]], want: Sequence[Trial]
) -> list[str]:
    """Oracles that no mutant violates, and a comparison that nothing offends."""
    probe, problems = exercise.probe(), []
    if len(probe.mutants) < 2 or not probe.variants or not probe.oracles:
        problems.append("it needs two mutants, a variant and an oracle at least")
    for oracle in probe.oracles:
        if not any(_speaks(oracle, trial) for trials in runs for trial in trials):
            problems.append(f"oracle {oracle.name!r} catches no mutant: is it asleep?")
    if not any(_differs(probe, trials, want) for trials in runs):
        problems.append("the comparison with the reference catches no mutant")
    return problems


def _speaks(oracle: Oracle, trial: Trial) -> bool:
    """Does the oracle object to these outputs (rather than fail to read them)?"""
    if trial.fault is not None:
        return False
    with np.errstate(all="ignore"):
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


def audit_question(question: FormulaQuestion | ChoiceQuestion, start: int = 0) -> Audit:
    """Right answers pass in every form; each wrong one gets its own explanation."""
    found = Audit(question.id, question.kind)
    if isinstance(question, FormulaQuestion):
        wrong = {w.formula: w.message for w in question.wrong}
        right: tuple[str, ...] = (question.answer, *question.variants)
    else:
        wrong = {k: v for k, v in question.why.items() if k != question.answer}
        right = (question.answer, f" ({question.answer.upper()}) ")
        if question.why.keys() != question.options.keys():
            found.problems.append("every option needs its explanation")
    found.mutants, found.variants = len(wrong), len(right)
    if len(set(wrong.values())) < len(wrong) or len(wrong) < 2:
        found.problems.append("it needs two wrong answers, with a message each")
    for answer, message in wrong.items():
        verdict = _answer(question, answer, start)
        if (verdict.state, verdict.message) == ("FAIL", message):
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


def _answer(
    question: FormulaQuestion | ChoiceQuestion, answer: str, start: int
) -> Verdict:
    if isinstance(question, FormulaQuestion):
        return judge_formula(question, answer, start)
    return judge_choice(question, answer)


def table(audits: Sequence[Audit]) -> str:
    """The audits as a Markdown table with a line of totals."""
    lines = [
        "| exercise | wrong versions | caught by name | caught without the reference "
        "| right versions | accepted |",
        "|---|---|---|---|---|---|",
    ]
    for a in audits:
        oracle = a.by_oracle if a.by_oracle else "-"
        lines.append(
            f"| {a.id} {a.name} | {a.mutants} | {a.named} | {oracle} "
            f"| {a.variants} | {a.accepted} |"
        )
    total = [
        sum(getattr(a, name) for a in audits)
        for name in ("mutants", "named", "by_oracle", "variants", "accepted")
    ]
    return "\n".join([*lines, "| **all** | " + " | ".join(map(str, total)) + " |"])


def main() -> int:
    """Print the table, then what is wrong with the checks; 1 if anything is."""
    os.environ["COURSEKIT_PROGRESS"] = "off"
    audits = [audit(entry) for entry in all_exercises()]
    print(table(audits))
    problems = [f"{a.id} {a.name}: {p}" for a in audits for p in a.problems]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
