"""Formulas: what is read, what is refused, what counts as the same.

Authority: numpy's own arithmetic at the same points; a list of hostile inputs.
"""

import math
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest

from coursekit.checks.cells import check_answer
from coursekit.checks.formula import FormulaError, evaluate, judge_formula
from coursekit.checks.registry import all_exercises, by_id
from coursekit.checks.spec import ChoiceQuestion, FormulaQuestion

X = {"a": np.array([0.3, 0.7, 2.0]), "alpha_bar": np.array([0.2, 0.5, 0.9])}
A, S = X["a"], X["alpha_bar"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", A),
        ("sqrt(alpha_bar)*a", np.sqrt(S) * A),
        ("a^2 + 1", A**2 + 1),
        ("2 + a^-0.5", 2 + A**-0.5),
        ("-a**2", -(A**2)),
        ("2**3**2 * a", 512 * A),
        ("np.sqrt(a) + torch.exp(-a) + math.pi", np.sqrt(A) + np.exp(-A) + math.pi),
        ("ln(a) - log(a) + pi", np.full(3, math.pi)),
        ("log10(100 * a) - log10(a)", np.full(3, 2.0)),
        ("sigmoid(a) + sigmoid(-a) + sigmoid(0)", np.full(3, 1.5)),
        ("ᾱ * a", S * A),
        ("−√ᾱ · a² × 2", -np.sqrt(S) * A**2 * 2),
        ("√(1 – ᾱ)³", np.sqrt(1 - S) ** 3),
        ("g**2 = a^2", A**2),
        ("s(x, t) = -a", -A),
        ("α\u0304 * a", S * A),
        ("mean = a / (1 - alpha_bar)", A / (1 - S)),
        ("1e-3 * +a", 1e-3 * A),
        ("abs(-a) * cos(a)**2 + a*sin(a)**2", A),
    ],
)
def test_it_reads_what_people_write(text, value):
    assert np.allclose(evaluate(text, X), value, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("beta * a", "no symbol 'beta' here: use a, alpha_bar"),
        ("2a", "cannot read the formula near column 1"),
        ("sqrt(a", "cannot read the formula"),
        ("a +", "cannot read the formula"),
        ("a(1 - a)", "write a * (...): a is not a function"),
        ("(1 - a)(1 + a)", "put a * between two factors"),
        ("erf(a)", "no function 'erf' here"),
        ("sqrt(a, 2)", "a function takes one argument"),
        ("sqrt(x=a)", "a function takes one argument"),
        ("'a'", "not 'a'"),
        ("True", "not True"),
        ("a if a else 1", "a formula has only numbers"),
        ("a < 1", "a formula has only numbers"),
        ("[a][0]", "a formula has only numbers"),
        ("a % 2", "a formula has only numbers"),
        ("a.real", "a formula has only numbers"),
        ("(lambda: a)()", "a function takes one argument"),
        ("__import__('os').system('true')", "no function 'system' here"),
        ("().__class__.__bases__", "a formula has only numbers"),
        ("a\n; import os", "cannot read the formula"),
        ("a" * 501, "at most 500 characters"),
        ("(" * 240 + "a" + ")" * 240, "the formula"),
        ("-" * 400 + "a + b", "no symbol 'b'"),
        ("\x00", "cannot read the formula"),
        ("", "cannot read the formula"),
    ],
)
def test_it_refuses_the_rest_in_one_line(text, part):
    with pytest.raises(FormulaError) as caught:
        evaluate(text, X)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_huge_power_costs_no_time():
    start = time.perf_counter()
    assert np.isinf(evaluate("9**9**9**9**9 * a", X)).all()
    assert time.perf_counter() - start < 1


QUESTIONS = [e for e in all_exercises() if isinstance(e, FormulaQuestion)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_any_algebraic_form_is_right(question):
    answer = question.answer
    for form in ("({0})", "2*({0})/2 + 0", "-(-({0}))", "({0})^2/({0})"):
        assert judge_formula(question, form.format(answer)).state == "PASS"
    function = eval(f"lambda {', '.join(question.names)}: {answer}", vars(np).copy())
    assert judge_formula(question, function).state == "PASS"
    for seed in range(20):
        assert judge_formula(question, answer, seed).state == "PASS"
        for formula, message in question.wrong.items():
            verdict = judge_formula(question, formula, seed)
            assert (verdict.state, verdict.message) == ("FAIL", message)


def test_what_no_known_mistake_explains():
    question: Any = by_id("01.19")
    right = question.answer
    cases: dict[Any, str] = {
        f"-({right})": "the sign is flipped",
        f"3*({right})": "yours is 3 times the right one",
        f"({right})^2": "this is the square of the right answer",
        f"sqrt(-1 - ({right})^2)": "not a number everywhere",
        f"({right}) + 0.1*xk": "it differs: at xk=",
        0.5: "it differs",
        "x0": "no symbol 'x0' here: use xk, eps, beta, alpha_bar",
        (1, 2): "give the formula as text",
        (lambda xk, gamma: xk): "no symbol 'gamma' here",
        (lambda xk: 1 / 0): "the function fails: ZeroDivisionError",
        (lambda xk: "x"): "the function fails",
        (lambda xk: xk[:3]): "a wrong number of values",
        "9" * 400: "",
        10**400: "",
        "a" * 3: "",
    }
    for answer, part in cases.items():
        verdict = judge_formula(question, answer)
        assert verdict.state == "FAIL" and part in verdict.message
        assert "\n" not in verdict.message
    variance: Any = by_id("01.15")
    said = judge_formula(variance, f"sqrt({variance.answer})").message
    assert "the square root" in said or "standard deviation" in said


def test_lines_of_answers(capsys):
    for answer in (None, "", "  ", ..., "c", "C)", "(c)", "x", 3, "b"):
        check_answer("00.2", answer)
    check_answer("01.14", "(xk - ᾱ^0.5 x0)/sqrt(1-ᾱ)")
    check_answer("01.14", "(xk - ᾱ^0.5*x0)/sqrt(1-ᾱ)")
    check_answer("01.4", "x")
    check_answer("47.11", "x")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["TODO 00.2"] * 4
    reason = "shapes are lined up from the right, so (B,) meets W"
    assert lines[4:7] == [f"PASS 00.2: {reason}"] * 3
    letters = "FAIL 00.2: answer with one letter of a, b, c, d, such as 'a'"
    assert lines[7:9] == [letters] * 2
    assert lines[9].startswith("FAIL 00.2: when W happens to equal B")
    assert lines[10].startswith("FAIL 01.14: cannot read the formula near column")
    assert lines[11].startswith("PASS 01.14: as we write it, (xk - ")
    assert lines[12] == "FAIL 01.4: this one is code: use q_sample = check(...)"
    assert lines[13].startswith("FAIL 47.11: no exercise '47.11'")
    assert len(lines) == 14


def test_neither_length_nor_letter_gives_the_answer_away():
    """Over all questions: the right option is as often the longest as by chance."""
    asked = [e for e in all_exercises() if isinstance(e, ChoiceQuestion)]
    longest = [
        max(q.options, key=lambda k: len(q.options[k])) == q.answer for q in asked
    ]
    letters = Counter(question.answer for question in asked)
    assert sum(longest) <= 0.4 * len(asked)
    assert set(letters) == set("abcd") and min(letters.values()) >= 0.15 * len(asked)
