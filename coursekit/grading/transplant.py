"""The notebook that is run for one attempt, put together from trusted cells.

Of the submission it holds the code for one exercise and the definitions that this code
needs, nothing else. Around it stand the official imports, the official given code, and
the package's own version of every earlier exercise, so that one wrong exercise never
spoils another; a later one is there only where it is needed (`reach`). Then come the
probes, one for each case.
"""

import ast
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache

from coursekit.checks.registry import by_id
from coursekit.checks.spec import Exercise
from coursekit.grading import probe_inputs, probe_runtime, reach, steps, wire
from coursekit.grading.cell_code import parse
from coursekit.grading.types import (
    Attempt,
    MiniCell,
    MiniNotebook,
    Official,
    OfficialCell,
    Task,
)

OFFICIAL, HELPER, ATTEMPT, BELOW = "official", "helper", "attempt", "below"
PROBE = "probe"

# What a learner's notebook has from its first cell. A call of it that stayed in an
# exercise cell must not fail, and it has nothing to say here.
_STANDINS = """\
def check(function, exercise_id=None):
    return function
def check_answer(question_id, answer):
    return None
def hint(exercise_id, n=1):
    return None
def reveal(exercise_id):
    return None
"""


def mini(
    official: Official,
    attempt: Attempt,
    seeds: Sequence[int],
    nonce: str,
    seconds: float = 15.0,
    own: bool = False,
) -> MiniNotebook:
    """The notebook for one attempt at a code exercise, with a probe for each seed.

    nonce: a secret of this run; it fixes what each probe's line must carry. seconds:
    for each cell of the student's. own: with their own cells around it. Raises
    ValueError when the task is not the exercise of that id in this package.
    """
    task = attempt.task
    exercise = exercise_of(task)
    cells = [MiniCell(OFFICIAL, trusted(official, task))]
    helpers = (attempt.helpers, *attempt.above) if own else (attempt.helpers,)
    parts = {HELPER: helpers, ATTEMPT: (attempt.source,)}
    if own:
        parts[BELOW] = attempt.below
    for name, sources in parts.items():
        if any(sources):
            cells.append(MiniCell(name, _call(steps.run, sources, seconds)))
    for n, seed in enumerate(seeds):
        source = probe(exercise, seed, wire.token(nonce, task.id, seed), nonce)
        cells.append(MiniCell(probe_id(n), source, probe=True))
    return MiniNotebook(task.id, reach.filled(official, task), tuple(cells))


def exercise_of(task: Task) -> Exercise:
    """The package's exercise that a task names. ValueError when they disagree."""
    try:
        entry = by_id(task.id)
    except KeyError as error:
        raise ValueError(str(error.args[0])) from None
    if not isinstance(entry, Exercise) or entry.name != task.name:
        raise ValueError(f"{task.id} is not the code exercise {task.name}")
    return entry


def probe_id(n: int) -> str:
    """The id of the cell that tries the n-th case."""
    return f"{PROBE}-{n}"


@cache
def trusted(official: Official, task: Task) -> str:
    """All that stands before the student's code, as the source of one cell.

    The exercise under test is there as its stub while the given code is defined (which
    may use its name for a default), and gone afterwards: a cell of the student's that
    fails must not leave something to call.
    """
    parts = [_STANDINS]
    absent = {*reach.absent(official, task)}
    for cell in official.cells:
        if cell.id == "imports":
            parts += [_tolerant(line) for line in statements(cell.source)]
        elif cell.kind == "given":
            code = parse(cell.source)
            if any(absent & each.now for each in code.statements):
                absent |= code.binds  # it is made of what is not there
            else:
                parts.append(cell.source)
        elif cell.kind == "exercise" and cell.exercise == task.id:
            parts.append(cell.source)
        elif cell.kind == "exercise":
            parts.append(_reference(official, cell, absent))
    parts.append(f"del {task.name}")
    return "\n\n".join(part.rstrip() for part in parts if part.strip())


def _reference(official: Official, cell: OfficialCell, absent: Collection[str]) -> str:
    """Another exercise: the imports its cell makes, and the package's function.

    absent: names of which there is no more than the imports.
    """
    task = next((t for t in official.tasks if t.id == cell.exercise), None)
    if task is None or task.kind != "code":
        return ""
    body = ast.parse(cell.source).body
    lines = [ast.unparse(n) for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
    if task.name not in absent:
        module = exercise_of(task).symbol.partition(":")[0]
        lines.append(f"from {module} import {task.name}")
    return "\n".join(lines)


def _tolerant(line: str) -> str:
    """An import that may fail: a kernel without the files has no unused modules."""
    indented = "\n".join("    " + part for part in line.splitlines())
    return f"try:\n{indented}\nexcept Exception:\n    pass"


def statements(source: str) -> list[str]:
    """The top-level statements, each on its own: one that fails costs only itself."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [source] if source.strip() else []
    lines = source.split("\n")
    found: list[str] = []
    done = 0
    for node in body:
        end = node.end_lineno or done
        part = "\n".join(lines[done:end])
        if node.lineno <= done:  # it begins where the one before ends, after a ;
            found[-1] += "\n" + part if part else ""
        else:
            found.append(part.strip("\n"))
        done = end
    return found


def _call(function: Callable[..., None], *arguments: object) -> str:
    """The source of a cell that calls one of our functions on the cell's namespace.

    It looks nothing up there: a student's own `print` or `globals` is not in its way.
    """
    module = function.__module__
    names = ("_coursekit_builtins", "_coursekit_" + module.rpartition(".")[2])
    run = f"{names[1]}.{function.__name__}({names[0]}.globals(), *{arguments!r})"
    return f"import builtins as {names[0]}, {module} as {names[1]}\n{run}\n"


# Kept, since a whole class may be graded on one seed.
@lru_cache(maxsize=256)
def probe(exercise: Exercise, seed: int, token: str, nonce: str) -> str:
    """The source of one probe cell."""
    inputs = wire.encode_inputs(probe_inputs.sent(exercise, seed))
    look, stir = exercise.probe().source, wire.stir(nonce, seed)
    return _call(probe_runtime.main, look, exercise.name, inputs, stir, token)
