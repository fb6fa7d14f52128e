"""Checkers that sleep must be noticed: the audit, tested by putting parts to sleep.

Authority: mutation of the checker itself. Each test plants one fault and expects the
audit to report it.
"""

from dataclasses import replace
from typing import Any

import pytest
from right_versions import right_versions

from coursekit.checks import audit as module
from coursekit.checks import judge, registry
from coursekit.checks import spec as exercise_spec
from coursekit.checks.audit import audit_code, audit_question
from coursekit.checks.mistakes import mistakes_of
from coursekit.checks.registry import by_id, by_symbol
from coursekit.checks.spec import Exercise, Mistake, Oracle
from coursekit.sources.lectures import Source

NAME = "conditional_path"


def problems(patch: pytest.MonkeyPatch, *more: Mistake, **changes: Any) -> str:
    """What the audit says about an exercise with a changed probe and more mistakes."""
    exercise = by_symbol(NAME)
    probe, known = replace(exercise.probe(), **changes), mistakes_of(exercise)
    patch.setattr(Exercise, "probe", lambda self: probe)
    for where in (module, judge):
        patch.setattr(where, "mistakes_of", lambda _: (*known, *more))
    return "; ".join(audit_code(exercise, 0, right_versions()[exercise.id]).problems)


def test_an_oracle_that_sleeps(monkeypatch):
    asleep = Oracle("variance is kept", lambda inputs, outputs: None)
    said = problems(monkeypatch, oracles=(asleep,))
    assert "oracle 'variance is kept' catches no mistake: is it asleep?" in said


def test_an_oracle_that_always_objects(monkeypatch):
    grumpy = Oracle("grumpy", lambda inputs, outputs: "no")
    said = problems(monkeypatch, oracles=(grumpy,))
    assert "the reference: no" in said and "right version" in said


def test_a_tolerance_that_forgives_everything(monkeypatch):
    slack = {name: (1e9, 1e9) for name in ("x_t", "x_t with sigma_min")}
    said = problems(monkeypatch, tolerances=slack)
    assert "the comparison with the reference catches no mistake" in said
    assert "cannot be told apart" in said


def test_a_mistake_that_is_right(monkeypatch):
    tame = Mistake("tame", by_symbol(NAME).reference(), "it is wrong")
    assert problems(monkeypatch) == ""
    assert "mistake 'tame' gets PASS" in problems(monkeypatch, tame)


def test_two_mistakes_that_are_the_same(monkeypatch):
    first = mistakes_of(by_symbol(NAME))[0]
    said = problems(monkeypatch, Mistake("twin", first.function, "another message"))
    assert f"mistakes {first.name!r} and 'twin' cannot be told apart" in said
    assert "mistake 'twin' gets FAIL" in said


def test_a_right_version_that_is_wrong():
    exercise = by_symbol(NAME)
    wrong = mistakes_of(exercise)[0].function
    said = "; ".join(audit_code(exercise, 0, (wrong,)).problems)
    assert f"right version {wrong.__name__!r}: " in said


def test_questions():
    formula: Any = by_id("01.14")
    choice: Any = by_id("01.21")
    wrong, message = next(iter(formula.wrong.items()))
    cases = [
        (replace(formula, right=(wrong,)), "PASS"),
        (replace(formula, right=(*formula.right, "x0")), "'x0'"),
        (replace(formula, wrong={wrong: message}), "it needs two wrong answers"),
        (replace(choice, why=dict.fromkeys(choice.why, "no")), "two wrong answers"),
    ]
    for question, part in cases:
        assert part in "; ".join(audit_question(question).problems)


CODE = "```{exercise} 00.1 a:b\nA\n```\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{CODE}\n{CODE}", r"two exercises have the id 00\.1"),
        ("```{question} 00.1\nA\n```\n", r"00_x\.md:3: a question begins with its"),
    ],
)
def test_what_the_registry_refuses(tmp_path, text, message):
    (tmp_path / "00_x.md").write_text(f"# T\n\n{text}")
    with pytest.raises(ValueError, match=message):
        registry.read([Source(tmp_path / "00_x.md")])


def test_resolve():
    assert exercise_spec.resolve("math:pi") > 3
