"""Every exercise's check, tested by wrong and right versions of the answer.

Authority: the known mistakes and the right versions, on the learner's inputs and on
fresh draws.
"""

import numpy as np
import pytest
from right_versions import right_versions
from support.process import python

from coursekit.checks.audit import audit, table
from coursekit.checks.cells import check
from coursekit.checks.judge import judge
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import all_exercises, code_exercises

CODE = [pytest.param(e, id=f"{e.id}-{e.name}") for e in code_exercises()]
ALL = [pytest.param(e, id=e.id) for e in all_exercises()]
DRAWS = [pytest.param(n, marks=pytest.mark.long) for n in (1, 2, -5, 10**12)]


@pytest.mark.parametrize("start", [0, 77, *DRAWS])
@pytest.mark.parametrize("entry", ALL)
def test_wrong_versions_are_named_and_right_ones_accepted(entry, start):
    right = right_versions().get(entry.id, ())
    found = audit(entry, start, right)
    assert found.problems == []
    assert found.mistakes == found.named >= 2
    assert found.right == found.accepted >= 1


def test_nothing_is_right_about_an_exercise_that_is_not_there():
    assert right_versions().keys() == {e.id for e in code_exercises()}


@pytest.mark.parametrize("exercise", CODE)
def test_a_learner_reads_exactly_that_line(exercise, capsys):
    head, known = f"{exercise.id} {exercise.name}", mistakes_of(exercise)[0]
    assert check(known.function, exercise.id) is exercise.reference()
    told = f"FAIL {head}: {known.message} - going on with the reference"
    assert capsys.readouterr().out == f"{told}\n"
    right = right_versions()[exercise.id][0]
    assert check(right, exercise.id) is right
    assert capsys.readouterr().out == f"PASS {head}\n"


@pytest.mark.parametrize("count", [2, pytest.param(15, marks=pytest.mark.long)])
@pytest.mark.parametrize("exercise", CODE)
def test_the_reference_passes_on_many_inputs(exercise, count):
    for start in range(100, 100 + count):
        verdict = judge(exercise, exercise.reference(), start)
        assert verdict.state == "PASS", (start, verdict.message)


def test_messages_are_one_clear_line_each():
    for exercise in code_exercises():
        for message in (m.message for m in mistakes_of(exercise)):
            assert "\n" not in message and 15 < len(message) < 200, message
            assert message[0].islower() or message.split()[0] in message, message
            assert not message.endswith("."), message


@pytest.mark.parametrize("exercise", CODE)
def test_inputs_are_plain_and_come_back_for_the_same_seed(exercise):
    probe = exercise.probe()
    for seed in probe.seeds():
        first, again = probe.inputs(seed), probe.inputs(seed)
        others = [probe.inputs(seed + i * len(probe.cases)) for i in range(1, 5)]
        assert first.keys() == again.keys()
        assert all(np.array_equal(first[n], again[n]) for n in first)
        assert any(not np.array_equal(first[n], o[n]) for o in others for n in first)
        plain = (np.ndarray, int, float, np.integer, np.floating)
        assert all(isinstance(v, plain) for v in first.values())
        outputs = probe.call(exercise.reference(), first)
        assert all(type(v) is np.ndarray for v in outputs.values())
        assert all(v.dtype.kind in "fi" for v in outputs.values())


def test_ids_are_in_order_and_the_table_has_a_line_for_each():
    entries = all_exercises()
    places = [
        (lecture, int(n)) for lecture, _, n in (e.id.partition(".") for e in entries)
    ]
    assert places == sorted(places)
    lines = table([audit(e) for e in entries if e.kind != "code"]).splitlines()
    assert len(lines) == 3 + sum(e.kind != "code" for e in entries)


def test_the_registry_needs_no_torch():
    code = (
        "import sys; from coursekit.checks.registry import all_exercises as a; "
        "print([e.title for e in a()] and 'torch' in sys.modules)"
    )
    run = python("-c", code)
    assert run.stdout.strip() == "False", run.stderr
