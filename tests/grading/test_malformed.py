"""Files that students hand in by accident or spite: a sentence, never a traceback.

Authority: the list of malformed inputs measured for plain nbval (2 = collection error,
0 = silently passed) and the rule that one bad cell must not void the rest.
"""

import json
import random
import time
from typing import Any

import notebook_kit as kit
import pytest
from malformed import ALL, KINDS

from coursekit.grading import official
from coursekit.grading.types import Attempt, Submission

SOLVED = kit.solved()
LAST_RESORT = "The file cannot be read ("  # of the reader


def attempts(submission: Submission) -> dict[str, Attempt]:
    return {attempt.task.id: attempt for attempt in kit.attempts(submission)}


@pytest.fixture(scope="module")
def wanted() -> dict[str, Attempt]:
    found = attempts(kit.read(SOLVED))
    assert all(attempt.state == "answered" for attempt in found.values())
    return found


def test_there_are_at_least_sixty_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 60


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_malformed_file(kind, wanted):
    start = time.process_time()
    submission = kit.read(kind.make(SOLVED))
    assert submission.student == "alice"
    assert kind.problem in submission.problem
    assert bool(submission.problem) == bool(kind.problem)
    found = attempts(submission)
    assert list(found) == list(wanted), "every task has its attempt"
    said = [*submission.notes, *(n for each in found.values() for n in each.notes)]
    assert any(kind.note in note for note in said) or not kind.note, said
    for sentence in [submission.problem, *said]:
        assert len(sentence) < 400 and sentence.count("\n") == 0
        sentence.encode()  # it can be written to a file
    if kind.problem or kind.lost == ALL:
        assert {each.state for each in found.values()} <= {"missing", "unanswered"}
        return
    assert submission.notebook == kit.NAME
    for task, attempt in found.items():
        if task in kind.lost:
            assert attempt.state in ("missing", "unanswered")
        elif task != "01.4":
            assert attempt.source == wanted[task].source
            assert attempt.helpers == wanted[task].helpers
        else:
            assert attempt.state == "answered"
    assert time.process_time() - start < 60, "it must not hold up the class"


def test_random_damage_never_raises():
    """Bytes flipped, cut out and doubled at random places."""
    data = json.dumps(SOLVED, indent=1).encode()
    rng = random.Random(20260401)
    problems = 0
    for trial in range(150):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 3, 50))):
            place = rng.randrange(len(damaged))
            size = rng.choice((1, 1, 1, 5, 2000))
            change = rng.randrange(3)
            if change == 0:
                damaged[place : place + size] = rng.randbytes(size)
            elif change == 1:
                del damaged[place : place + size]
            else:
                damaged[place:place] = damaged[place : place + size]
        submission = kit.read(bytes(damaged))
        problems += bool(submission.problem)
        if trial % 10 == 0:
            assert len(attempts(submission)) == len(official.load(kit.NAME).tasks)
        assert not submission.problem.startswith(LAST_RESORT), trial
    assert 0 < problems < 150


def test_random_json_never_raises():
    """Any JSON value may stand at any place of a notebook."""
    rng = random.Random(7)
    keys = ["cells", "source", "metadata", "coursekit", "id", "cell_type", "kind"]
    keys += ["worksheets", "input", "nbformat", "content", "vscode", "languageId"]

    def value(depth: int) -> Any:
        pick = rng.randrange(9 if depth else 6)
        if pick < 6:
            plain = [None, 3, "01.4", "code", "# exercise 01.4\nq_sample = 1", True]
            return plain[pick]
        if pick == 6:
            return [value(depth - 1) for _ in range(rng.randrange(5))]
        return {rng.choice(keys): value(depth - 1) for _ in range(rng.randrange(6))}

    for _ in range(300):
        notebook = {rng.choice(keys): value(5) for _ in range(8)}
        notebook["cells"] = [value(4) for _ in range(rng.randrange(6))]
        submission = kit.read(notebook)
        assert not submission.problem.startswith(LAST_RESORT)
        attempts(submission)
