"""The verdict on one attempt, reached here, in the grader's process.

From the student's kernel come arrays, or a fault in words. The inputs are made again
from the seeds, the reference is run on them, and the comparison and the oracles of the
learner's own check decide. A reason names the mistake; it never shows a value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coursekit.checks.judge import accepted
from coursekit.checks.spec import Inputs
from coursekit.checks.trial import Fault, Trial, one_line
from coursekit.grading import mistakes, steps, transplant, wire
from coursekit.grading.answers import grade_answer
from coursekit.grading.mistakes import Rerun
from coursekit.grading.types import Attempt, CellRun, Grade, NotebookRun, Official

__all__ = ["grade", "grade_answer"]

_NEVER = CellRun("not reached")
_ENDINGS = {  # of a cell -> the state of the grade, and the reason
    "timed out": (
        "timed out",
        "it takes longer than is allowed: look for a loop that never ends",
    ),
    "died": ("crashed", "the kernel died: a crash, or more memory than is allowed"),
    "flooded": ("crashed", "it prints far more than is allowed"),
    "raised": ("crashed", "the call was interrupted (KeyboardInterrupt)"),
    "not reached": ("not gradable", "it was not tried"),
    "no answer": (
        "tampered",
        "nothing came back: is the output redirected, or the kernel changed?",
    ),
    "tampered": ("tampered", "what came back is not what the probe prints"),
}


@dataclass(frozen=True)
class _Case:
    """One case: a trial, or else the state and the reason that it has come to."""

    trial: Trial | None = None
    state: str = ""
    reason: str = ""


def grade(
    attempt: Attempt,
    official: Official,
    run: NotebookRun,
    seeds: Sequence[int],
    nonce: str,
) -> Grade:
    """The grade of a code exercise whose mini notebook has run.

    seeds, nonce: those that `transplant.mini` was given. The cases share the points.
    """
    task = attempt.task
    if attempt.state != "answered":
        return Grade(task, 0.0, attempt.state, notes=attempt.notes)
    try:
        exercise = transplant.exercise_of(task)
        transplant.trusted(official, task)
    except ValueError as error:
        return _trouble(attempt, str(error))
    begun = run.cells.get(transplant.OFFICIAL, _NEVER)
    if begun.state != "ran":  # not one line of the student's has run
        said = f"the official cells did not run ({begun.state}) "
        return _trouble(attempt, said + wire.clean(begun.error)[:200])
    bench = Rerun(exercise, nonce)
    want = [bench.trial(exercise.reference(), seed) for seed in seeds]
    if not accepted(bench.probe, want, want):
        return _trouble(attempt, "the reference fails its own check")
    cases = [_case(attempt, run, n, w, nonce) for n, w in enumerate(want)]
    right = [
        case.trial is not None and accepted(bench.probe, [case.trial], [w])
        for case, w in zip(cases, want, strict=True)
    ]
    notes = (*attempt.notes, *_notes(run))
    count, total = sum(right), len(right)
    if count == total:
        return Grade(task, task.points, "right", "", count, total, notes)
    state, reason = _why(bench, cases, want, right)
    points = round(task.points * count / total, 2)
    if count and state not in {"not gradable", "tampered"}:
        state = "partly"
    notes = tuple(note for note in notes if note not in reason)
    return Grade(task, points, state, reason, count, total, notes)


def _trouble(attempt: Attempt, reason: str) -> Grade:
    return Grade(attempt.task, 0.0, "not gradable", reason, notes=attempt.notes)


def _notes(run: NotebookRun) -> tuple[str, ...]:
    """What stopped on the way; it may or may not matter."""
    found = []
    for name, cell in run.cells.items():
        if cell.state == "raised" and name in (transplant.HELPER, transplant.BELOW):
            found.append(f"a line of another cell stops with {_error(cell)}")
        if cell.state == "raised" and name == transplant.ATTEMPT:
            found.append(_stops(cell))
    return tuple(found)


def _stops(cell: CellRun) -> str:
    return f"a line of its cell stops with {_error(cell)}"


def _error(cell: CellRun) -> str:
    # IPython puts the name of a temporary file into a SyntaxError.
    text = re.sub(r"\([^()]*, line (\d+)\)$", r"(line \1)", wire.clean(cell.error))
    return one_line(wire.without_values(text)) or "an error"


def _case(attempt: Attempt, run: NotebookRun, n: int, want: Trial, nonce: str) -> _Case:
    """What the n-th probe cell gave. want: the reference's trial on the same inputs."""
    cell = run.cells.get(transplant.probe_id(n), _NEVER)
    if cell.state != "ran":
        return _ended(run, cell.state)
    reply = wire.decode_reply(cell.text, wire.token(nonce, attempt.task.id, want.seed))
    if reply.state in _ENDINGS:
        return _ended(run, reply.state)
    if not set(reply.touched) <= want.inputs.keys():
        return _ended(run, "tampered")
    if reply.fault is not None and reply.fault.kind == "missing":
        return _absent(attempt, run, reply.fault)
    fault = None
    if reply.fault is not None:
        fault = _fault(reply.fault, attempt)
    elif reply.oversized:
        name, shape = reply.oversized[0]
        fault = Fault("result", f"{name} is far too large, its shape is {shape}")
    elif reply.outputs.keys() != want.outputs.keys():
        return _ended(run, "tampered")
    return _Case(_trial(want.inputs, want.seed, reply, fault))


def _trial(inputs: Inputs, seed: int, reply: wire.Reply, fault: Fault | None) -> Trial:
    outputs = {} if fault is not None else dict(reply.outputs)
    return Trial(seed, inputs, outputs, fault, reply.touched)


def _ended(run: NotebookRun, ending: str) -> _Case:
    """A case without a trial. Where the notebook ended early, what ended it."""
    where = ""
    if ending == "not reached":
        for name, cell in run.cells.items():
            if cell.state in ("timed out", "died", "flooded"):
                ending = cell.state
                if not name.startswith(transplant.PROBE):
                    where = "already when its cell runs: "
                break
    state, reason = _ENDINGS.get(ending, _ENDINGS["not reached"])
    return _Case(None, state, where + reason)


def _absent(attempt: Attempt, run: NotebookRun, told: wire.Reported) -> _Case:
    """After the student's cell there was nothing to call."""
    name = attempt.task.name
    cell = run.cells.get(transplant.ATTEMPT, _NEVER)
    if cell.state == "raised":
        state = "timed out" if steps.SLOW in cell.error else "crashed"
        return _Case(None, state, _stops(cell))
    if told.type:
        return _Case(None, "wrong", f"{name} is no function but a {told.type}")
    return _Case(None, "wrong", f"its cell defines no {name}: was it renamed?")


def _fault(told: wire.Reported, attempt: Attempt) -> Fault:
    """As `checks.trial` would put it, from untrusted words."""
    words = frozenset({told.type, *re.findall(r"\w+", told.text)})
    text = one_line(wire.without_values(told.text))
    if told.kind == "result":
        return Fault("result", text, words)
    if told.type == "RecursionError":
        shown = "it calls itself without end (RecursionError)"
        return Fault("raised", shown + _where(told, attempt), frozenset({told.type}))
    shown = f"raised {told.type or 'an error'}" + (f": {text}" if text else "")
    return Fault("raised", shown + _where(told, attempt), words)


def _where(told: wire.Reported, attempt: Attempt) -> str:
    """The line that raised, but only if it is really one of the student's."""
    lines = attempt.source.split("\n")
    if not 0 < told.line <= len(lines):
        return ""
    line = wire.clean(lines[told.line - 1])
    same = line and line == told.source
    return f" (line {told.line}: {one_line(line, 70)})" if same else ""


def _why(
    bench: Rerun, cases: Sequence[_Case], want: Sequence[Trial], right: Sequence[bool]
) -> tuple[str, str]:
    """State and reason for the first case that is not right."""
    first = right.index(False)
    probe, seed = bench.probe, want[first].seed
    kind = probe.cases[seed % len(probe.cases)]
    head = f"for {kind}: " if first else ""
    trial = cases[first].trial
    if trial is None:
        return cases[first].state, head + cases[first].reason
    tried = [n for n, case in enumerate(cases) if case.trial is not None]
    got = [t for case in cases if (t := case.trial) is not None]
    return "wrong", mistakes.name(
        bench, got, [want[n] for n in tried], [right[n] for n in tried]
    )
