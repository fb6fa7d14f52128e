"""From submissions to reports: read, transplant, run, judge.

Kernels run in threads of their own, as many as there are jobs. Everything that decides
happens here, in one thread and in the order of the submissions, so that a report does
not depend on the number of jobs. At most two submissions for each job are in memory.
"""

import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from coursekit.checks.registry import by_id
from coursekit.grading import (
    alike,
    identify,
    notebook_name,
    official,
    transplant,
    verdict,
)
from coursekit.grading.runner import Workshop
from coursekit.grading.types import (
    Attempt,
    Grade,
    MiniNotebook,
    NotebookRun,
    Official,
    Report,
    Submission,
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
    """A submission, ready to run: its attempts, and a mini notebook for some."""

    submission: Submission
    official: Official | None = None
    attempts: tuple[Attempt, ...] = ()
    minis: tuple[MiniNotebook, ...] = ()
    problem: str = ""


def grade_all(
    submissions: Iterable[Submission], options: Options, jobs: int = 1
) -> Iterator[Report]:
    """A report for each submission, in order, while later ones still run."""
    waiting: deque[tuple[Prepared, Future[tuple[list[NotebookRun], float, str]]]]
    waiting = deque()
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        for submission in submissions:
            prepared = prepare(submission, options)
            waiting.append((prepared, pool.submit(_run, prepared, options.shop)))
            if len(waiting) >= 2 * max(jobs, 1):
                first, future = waiting.popleft()
                yield conclude(first, *future.result(), options)
        while waiting:
            first, future = waiting.popleft()
            yield conclude(first, *future.result(), options)


def grade_submission(submission: Submission, options: Options) -> Report:
    """The report of a single submission."""
    return next(grade_all([submission], options))


def seeds_of(exercise_id: str, seed: int) -> tuple[int, ...]:
    """The seeds of an exercise's cases: the same for all students of a run."""
    exercise = by_id(exercise_id)
    probe = getattr(exercise, "probe", None)
    return tuple(probe().seeds(seed)) if probe is not None else ()


def prepare(submission: Submission, options: Options) -> Prepared:
    """Find the attempts and write the mini notebooks. Never raises."""
    if submission.problem:
        return Prepared(submission, problem=submission.problem)
    if not submission.notebook:
        return Prepared(submission, problem=notebook_name.FOREIGN)
    try:
        held = official.load(submission.notebook)
        attempts = tuple(identify.attempts(held, submission))
        minis = tuple(
            _mini(held, attempt, options)
            for attempt in attempts
            if attempt.task.kind == "code" and attempt.state == "answered"
        )
    except Exception as error:
        return Prepared(submission, problem=_own_fault(error))
    return Prepared(submission, held, attempts, minis)


def _mini(
    held: Official, attempt: Attempt, options: Options, own: bool = False
) -> MiniNotebook:
    seeds = seeds_of(attempt.task.id, options.seed)
    # Before the kernel is ended, so that the probes still have their turn.
    seconds = 0.75 * options.shop.limits.cell_seconds
    return transplant.mini(held, attempt, seeds, options.nonce, seconds, own)


def _own_fault(error: Exception) -> str:
    """A submission must never end the run; a person is told to look."""
    return (
        "the grader could not deal with this file, and that is the grader's fault, not "
        f"the student's: {type(error).__name__}. Please look at it by hand"
    )


def _run(prepared: Prepared, shop: Workshop) -> tuple[list[NotebookRun], float, str]:
    """In a thread: run what there is to run. A failure of ours is told, not raised."""
    start = time.monotonic()
    if not prepared.minis:
        return [], 0.0, ""
    try:
        return shop.run(prepared.minis), time.monotonic() - start, ""
    except Exception as error:
        return [], time.monotonic() - start, _own_fault(error)


def conclude(
    prepared: Prepared,
    runs: Sequence[NotebookRun],
    seconds: float,
    problem: str,
    options: Options,
) -> Report:
    """The verdicts on what came back."""
    submission = prepared.submission
    report = Report(
        submission.student,
        submission.origin,
        submission.notebook,
        notes=submission.notes,
        problem=prepared.problem or problem,
        seed=options.seed,
        seconds=round(seconds, 1),
        sandbox=options.shop.level,
        person=submission.person,
        attempt=submission.attempt,
        handed_in=submission.handed_in,
        late=submission.late,
    )
    if report.problem or prepared.official is None:
        return report
    by_task = {mini.task: run for mini, run in zip(prepared.minis, runs, strict=True)}
    grades = [
        _grade(attempt, prepared.official, by_task, options)
        for attempt in prepared.attempts
    ]
    for n, better in _among_own_cells(prepared, grades, options):
        grades[n] = better
    return replace(report, grades=tuple(grades))


def _among_own_cells(
    prepared: Prepared, grades: Sequence[Grade], options: Options
) -> Iterator[tuple[int, Grade]]:
    """Grades that are better when the student's own cells run before the answer.

    Tried for what has not earned all its points, under one limit for a submission.
    """
    held = prepared.official
    assert held is not None
    pairs = enumerate(zip(prepared.attempts, grades, strict=True))
    again = [n for n, (attempt, grade) in pairs if _try_again(attempt, grade)]
    # A stub may be finished in the cell below.
    attempts = [replace(prepared.attempts[n], state="answered") for n in again]
    minis = [_mini(held, each, options, own=True) for each in attempts]
    if not minis:
        return
    runs = options.shop.run(minis, options.shop.limits.own_seconds)
    by_task = {mini.task: run for mini, run in zip(minis, runs, strict=True)}
    for n, attempt in zip(again, attempts, strict=True):
        found = _grade(attempt, held, by_task, options)
        if found.points > grades[n].points:
            note = (
                f"With your own cells around it, it earns {found.points:g} of "
                f"{found.task.points:g}; alone, {grades[n].points:g}."
            )
            kept = (old for old in found.notes if not old.startswith("It uses `"))
            yield n, replace(found, notes=(*kept, note))


def _try_again(attempt: Attempt, grade: Grade) -> bool:
    """Could the student's own cells be what it lacks?"""
    answered = attempt.task.kind == "code" and attempt.state != "missing"
    lacks = grade.points < grade.task.points and grade.state != "not gradable"
    return answered and lacks and bool(attempt.above or attempt.below)


def _grade(
    attempt: Attempt,
    held: Official,
    runs: dict[str, NotebookRun],
    options: Options,
) -> Grade:
    """The grade of one attempt; what goes wrong here is ours and says so."""
    task = attempt.task
    try:
        if task.kind != "code":
            return verdict.grade_answer(attempt, options.seed)
        run = runs.get(task.id, NotebookRun({}))
        seeds = seeds_of(task.id, options.seed)
        grade = verdict.grade(attempt, held, run, seeds, options.nonce)
        return replace(grade, fingerprint=alike.fingerprint(task, attempt.source))
    except Exception as error:
        return Grade(task, 0.0, "not gradable", _own_fault(error), notes=attempt.notes)
