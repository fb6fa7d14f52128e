"""Checkers that sleep must be noticed: the audit, tested by putting parts to sleep.

Authority: mutation of the checker itself. Each test plants one fault in a
specification and expects the audit to report it.
"""

from dataclasses import replace
from typing import Any

import pytest

from coursekit.checks import spec as exercise_spec
from coursekit.checks.audit import audit, audit_code, audit_question
from coursekit.checks.registry import by_id, by_symbol
from coursekit.checks.spec import Exercise, Mutant, Oracle, Probe, Variant


def problems(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> str:
    """What the audit says about q_sample with another probe."""
    exercise = by_symbol("q_sample")
    monkeypatch.setattr(Exercise, "probe", lambda self: probe)
    return "; ".join(audit_code(exercise).problems)


@pytest.fixture
def probe() -> Probe:
    return by_symbol("q_sample").probe()


def test_an_audit_without_a_fault_is_silent(probe: Probe) -> None:
    assert audit(by_symbol("q_sample")).problems == []


def test_an_oracle_that_sleeps(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    asleep = Oracle("variance is kept", lambda inputs, outputs: None)
    said = problems(monkeypatch, replace(probe, oracles=(probe.oracles[0], asleep)))
    assert "oracle 'variance is kept' catches no mutant: is it asleep?" in said


def test_an_oracle_that_always_objects(
    monkeypatch: pytest.MonkeyPatch, probe: Probe
) -> None:
    grumpy = Oracle("grumpy", lambda inputs, outputs: "no")
    said = problems(monkeypatch, replace(probe, oracles=(grumpy,)))
    assert "the reference: no" in said and "variant" in said


def test_no_oracles_at_all(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    said = problems(monkeypatch, replace(probe, oracles=()))
    assert "it needs two mutants, a variant and an oracle at least" in said


def test_a_tolerance_that_forgives_everything(
    monkeypatch: pytest.MonkeyPatch, probe: Probe
) -> None:
    names = ("x_k", "x_k without noise")
    slack = {name: (1e9, 1e9) for name in names}
    said = problems(monkeypatch, replace(probe, tolerances=slack))
    assert "the comparison with the reference catches no mutant" in said
    assert "cannot be told apart" in said


def test_a_mutant_that_is_right(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    tame = Mutant("tame", by_symbol("q_sample").reference(), "it is wrong")
    said = problems(monkeypatch, replace(probe, mutants=(*probe.mutants, tame)))
    assert "mutant 'tame' gets PASS" in said


def test_two_mutants_that_are_the_same(
    monkeypatch: pytest.MonkeyPatch, probe: Probe
) -> None:
    twin = Mutant("twin", probe.mutants[0].function, "another message")
    said = problems(monkeypatch, replace(probe, mutants=(*probe.mutants, twin)))
    assert f"mutants {probe.mutants[0].name!r} and 'twin' cannot be told apart" in said
    assert "mutant 'twin' gets FAIL" in said


def test_a_variant_that_is_wrong(monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    wrong = Variant("wrong", probe.mutants[0].function)
    said = problems(monkeypatch, replace(probe, variants=(wrong,)))
    assert "variant 'wrong': " in said


def test_a_reference_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, probe: Probe
) -> None:
    """The oracles do not need the reference: they notice when it is wrong."""
    for mutant in probe.mutants:
        monkeypatch.setattr(Exercise, "reference", lambda self, f=mutant.function: f)
        assert any("the reference" in p for p in audit(by_symbol("q_sample")).problems)


def test_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    formula: Any = by_id("01.15")
    choice: Any = by_id("01.19")
    wrong = formula.wrong[0]
    cases = [
        (replace(formula, answer=wrong.formula), "PASS"),
        (replace(formula, variants=("x0",)), "'x0'"),
        (replace(formula, wrong=(wrong,)), "it needs two wrong answers"),
        (replace(choice, why={"a": "no"}), "every option needs its explanation"),
    ]
    for question, part in cases:
        assert part in "; ".join(audit_question(question).problems)


def test_two_exercises_with_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from coursekit.workbook import exercises

    monkeypatch.setattr(exercises, "LECTURES", ("start", "start"))
    exercises.all_exercises.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"two exercises have the id 00\.1"):
            exercises.all_exercises()
    finally:
        monkeypatch.undo()
        exercises.all_exercises.cache_clear()
    assert exercise_spec.resolve("math:pi") > 3
