"""From submissions to reports: read, transplant, run, judge.

Kernels run in threads of their own, as many as there are jobs. Everything that decides
happens here, in one thread and in the order of the submissions, so that a report does
not depend on the number of jobs. At most two submissions for each job are in memory.
"""

import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from coursekit.grading import (
    alike,
    identify,
    notebook_name,
    official,
    transplant,
    verdict,
)
from coursekit.grading.runner import Workshop
from coursekit.grading.slicing import LACKS
from coursekit.grading.types import (
    Attempt,
    Grade,
    MiniNotebook,
    NotebookRun,
    Official,
    Report,
    Submission,
    Task,
)


@dataclass(frozen=True)
class Options:
    """One grading run. seed: fixes all inputs; they are made after the submissions.

    It is large, so that no code finds it by trying all, and with it the inputs that a
    probe keeps to itself.

    nonce: marks the probes' lines; a secret, not part of any report.
    """

    shop: Workshop
    seed: int = field(default_factory=lambda: 1 + secrets.randbelow(2**50))
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True)
class Prepared:
    """A submission, ready to run: its attempts, and a mini notebook for some.

    report: without grades; with a problem there is nothing more.
    """

    report: Report
    official: Official | None = None
    attempts: tuple[Attempt, ...] = ()
    minis: tuple[MiniNotebook, ...] = ()


Ran = tuple[list[NotebookRun], float]  # and the seconds that it took


def grade_all(
    submissions: Iterable[Submission], options: Options, jobs: int = 1
) -> Iterator[Report]:
    """A report for each submission, in order, while later ones still run."""
    waiting: deque[tuple[Prepared, Future[Ran]]] = deque()
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        for submission in submissions:
            prepared = prepare(submission, options)
            waiting.append((prepared, pool.submit(_run, prepared.minis, options.shop)))
            if len(waiting) >= 2 * max(jobs, 1):
                yield conclude(*waiting.popleft(), options)
        while waiting:
            yield conclude(*waiting.popleft(), options)


def grade_submission(submission: Submission, options: Options) -> Report:
    """The report of a single submission."""
    return next(grade_all([submission], options))


def prepare(submission: Submission, options: Options) -> Prepared:
    """Find the attempts and write the mini notebooks. Never raises."""
    report = Report(
        submission.student,
        submission.origin,
        submission.notebook,
        notes=submission.notes,
        problem=submission.problem,
        seed=options.seed,
        sandbox=options.shop.level,
        person=submission.person,
        attempt=submission.attempt,
        handed_in=submission.handed_in,
        late=submission.late,
    )
    if not report.problem and not report.notebook:
        report = replace(report, problem=notebook_name.FOREIGN)
    if report.problem:
        return Prepared(report)
    try:
        held = official.load(submission.notebook)
        attempts = tuple(identify.attempts(held, submission))
        answered = [each for each in attempts if each.state == "answered"]
        minis = [_mini(held, a, options) for a in answered if a.task.kind == "code"]
    except Exception as error:
        return Prepared(replace(report, problem=_own_fault(error)))
    return Prepared(report, held, attempts, tuple(minis))


def _seeds(task: Task, seed: int) -> tuple[int, ...]:
    """The seeds of an exercise's cases: the same for all students of a run."""
    return transplant.exercise_of(task).probe().seeds(seed)


def _mini(
    held: Official, attempt: Attempt, options: Options, own: bool = False
) -> MiniNotebook:
    seeds = _seeds(attempt.task, options.seed)
    # Before the kernel is ended, so that the probes still have their turn.
    seconds = 0.75 * options.shop.limits.cell_seconds
    return transplant.mini(held, attempt, seeds, options.nonce, seconds, own)


def _own_fault(error: Exception) -> str:
    """A submission must never end the run; a person is told to look."""
    return (
        "the grader could not deal with this file, and that is the grader's fault, not "
        f"the student's: {type(error).__name__}. Please look at it by hand"
    )


def _run(minis: Sequence[MiniNotebook], shop: Workshop) -> Ran:
    """In a thread: run what there is to run."""
    start = time.monotonic()
    return shop.run(minis) if minis else [], time.monotonic() - start


def conclude(prepared: Prepared, running: Future[Ran], options: Options) -> Report:
    """The verdicts on what came back. A failure of ours is told, not raised."""
    report, held = prepared.report, prepared.official
    if held is None:
        return report
    try:
        runs, seconds = running.result()
        by_task = {m.task: run for m, run in zip(prepared.minis, runs, strict=True)}
        grades = [_grade(a, held, by_task, options) for a in prepared.attempts]
        for n, better in _among_own_cells(held, prepared.attempts, grades, options):
            grades[n] = better
    except Exception as error:
        return replace(report, problem=_own_fault(error))
    return replace(report, grades=tuple(grades), seconds=round(seconds, 1))


def _among_own_cells(
    held: Official,
    attempts: Sequence[Attempt],
    grades: Sequence[Grade],
    options: Options,
) -> Iterator[tuple[int, Grade]]:
    """Grades that are better when the student's own cells run before the answer.

    Tried for what has not earned all its points, under one limit for a submission.
    """
    pairs = enumerate(zip(attempts, grades, strict=True))
    # A stub may be finished in the cell below.
    again = {
        n: replace(attempt, state="answered")
        for n, (attempt, grade) in pairs
        if _try_again(attempt, grade)
    }
    minis = [_mini(held, each, options, own=True) for each in again.values()]
    if not minis:
        return
    runs = options.shop.run(minis, options.shop.limits.own_seconds)
    by_task = {mini.task: run for mini, run in zip(minis, runs, strict=True)}
    for n, attempt in again.items():
        found = _grade(attempt, held, by_task, options)
        if found.points > grades[n].points:
            note = (
                f"With your own cells around it, it earns {found.points:g} of "
                f"{found.task.points:g}; alone, {grades[n].points:g}."
            )
            kept = (old for old in found.notes if not old.startswith(LACKS))
            yield n, replace(found, notes=(*kept, note))


def _try_again(attempt: Attempt, grade: Grade) -> bool:
    """Could the student's own cells be what it lacks?"""
    answered = attempt.task.kind == "code" and attempt.state != "missing"
    lacks = grade.points < grade.task.points and grade.state != "not gradable"
    return answered and lacks and bool(attempt.above or attempt.below)


def _grade(
    attempt: Attempt,
    held: Official,
    runs: Mapping[str, NotebookRun],
    options: Options,
) -> Grade:
    """The grade of one attempt; what goes wrong here is ours and says so."""
    task = attempt.task
    try:
        if task.kind != "code":
            return verdict.grade_answer(attempt, options.seed)
        run = runs.get(task.id, NotebookRun({}))
        seeds = _seeds(task, options.seed)
        grade = verdict.grade(attempt, held, run, seeds, options.nonce)
        return replace(grade, fingerprint=alike.fingerprint(task, attempt.source))
    except Exception as error:
        return Grade(task, 0.0, "not gradable", _own_fault(error), notes=attempt.notes)
