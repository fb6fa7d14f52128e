"""Every exercise's check, tested by wrong and right versions of the answer.

Authority: the mutants and variants of the specifications, on the learner's inputs and
on five fresh draws, and oracles that are judged without the reference (closed forms
on Gaussians, Bayes' rule in gain form, quadrature that is exact for quadratics).
"""

import pytest

from coursekit.checks.audit import audit, table
from coursekit.checks.cells import check
from coursekit.checks.judge import judge
from coursekit.checks.registry import all_exercises, code_exercises
from coursekit.checks.spec import Entry, Exercise

CODE = [pytest.param(e, id=f"{e.id}-{e.name}") for e in code_exercises()]
ALL = [pytest.param(e, id=e.id) for e in all_exercises()]


@pytest.mark.parametrize("entry", ALL)
def test_wrong_versions_are_named_and_right_ones_accepted(entry: Entry) -> None:
    found = audit(entry)
    assert found.problems == []
    assert found.mutants == found.named >= 2
    assert found.variants == found.accepted >= 1


@pytest.mark.parametrize("exercise", CODE)
def test_a_learner_reads_exactly_that_line(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"{exercise.id} {exercise.name}"
    for mutant in exercise.probe().mutants:
        returned = check(mutant.function, exercise.id)
        assert returned is exercise.reference()
        assert capsys.readouterr().out == f"FAIL {head}: {mutant.message}\n"
    for variant in exercise.probe().variants:
        assert check(variant.function, exercise.id) is variant.function
        assert capsys.readouterr().out == f"PASS {head}\n"


@pytest.mark.parametrize("start", [1, 2, 77, -5, 10**12])
@pytest.mark.parametrize("entry", ALL)
def test_the_same_on_inputs_that_nobody_has_seen(entry: Entry, start: int) -> None:
    assert audit(entry, start).problems == []


@pytest.mark.parametrize("exercise", CODE)
def test_the_reference_passes_on_many_inputs(exercise: Exercise) -> None:
    for start in range(100, 115):
        verdict = judge(exercise, exercise.reference(), start)
        assert verdict.state == "PASS", (start, verdict.message)


@pytest.mark.parametrize("exercise", CODE)
def test_messages_are_one_clear_line_each(exercise: Exercise) -> None:
    messages = [m.message for m in exercise.probe().mutants]
    assert len(set(messages)) == len(messages)
    for message in messages:
        assert "\n" not in message and 15 < len(message) < 200
        assert message[0].islower() or message.split()[0] in message
        assert not message.endswith(".")


@pytest.mark.parametrize("exercise", CODE)
def test_inputs_come_back_the_same_for_the_same_seed(exercise: Exercise) -> None:
    import numpy as np

    probe = exercise.probe()
    for seed in probe.seeds():
        first, again = probe.inputs(seed), probe.inputs(seed)
        others = [probe.inputs(seed + i * len(probe.cases)) for i in range(1, 5)]
        assert first.keys() == again.keys()
        assert all(np.array_equal(first[n], again[n]) for n in first)
        assert any(not np.array_equal(first[n], o[n]) for o in others for n in first)


@pytest.mark.parametrize("exercise", CODE)
def test_only_plain_data_crosses_the_process_border(exercise: Exercise) -> None:
    import numpy as np

    probe = exercise.probe()
    for seed in probe.seeds():
        inputs = probe.inputs(seed)
        plain = (np.ndarray, int, float, np.integer, np.floating)
        assert all(isinstance(v, plain) for v in inputs.values())
        outputs = probe.call(exercise.reference(), inputs)
        assert all(type(v) is np.ndarray for v in outputs.values())
        assert all(v.dtype.kind == "f" for v in outputs.values())


def test_ids_are_in_order_and_the_table_has_a_line_for_each() -> None:
    entries = all_exercises()
    places = [(e.id[:2], int(e.id[3:])) for e in entries]
    assert places == sorted(places)
    lines = table([audit(e) for e in entries if e.kind != "code"]).splitlines()
    assert len(lines) == 3 + sum(e.kind != "code" for e in entries)


def test_the_registry_needs_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from coursekit.checks.registry import all_exercises as a; "
        "print([e.title for e in a()] and 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr
