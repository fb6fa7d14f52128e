"""COURSEKIT_STRICT=1: one failed cell for each unsolved exercise, and no other.

Authority: the grading contract, on a namespace that plays the notebook.
"""

import pytest
from right_versions import right_versions

from coursekit.checks.cells import UnsolvedError, check, check_answer
from coursekit.checks.registry import by_symbol

STUB = "def q_sample(x0, k, eps, schedule): raise NotImplementedError"
WRONG = "def q_sample(x0, k, eps, schedule): return x0"


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_STRICT", "1")


@pytest.mark.parametrize(("source", "state"), [(STUB, "TODO"), (WRONG, "FAIL")])
def test_it_raises_and_the_notebook_goes_on(source, state, capsys):
    cells: dict[str, object] = {"check": check}
    exec(source, cells)
    with pytest.raises(UnsolvedError, match=rf"^{state} 01\.4 q_sample") as caught:
        exec("q_sample = check(q_sample)", cells)
    assert cells["q_sample"] is by_symbol("q_sample").reference()
    rendered = caught.value._render_traceback_()
    assert len(rendered) == 1 and "\n" not in rendered[0]
    assert capsys.readouterr().out == ""
    # the check cell, run again, is still not a solution
    with pytest.raises(UnsolvedError, match="TODO"):
        exec("q_sample = check(q_sample)", cells)


def test_solved_exercises_print_as_ever(capsys):
    check(right_versions()["01.4"][0], "01.4")
    check_answer("01.21", "b")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "PASS 01.4 q_sample" and second.startswith("PASS 01.21: L_simple")


def test_answers_raise_too():
    with pytest.raises(UnsolvedError, match=r"^TODO 01\.21$"):
        check_answer("01.21", None)
    with pytest.raises(UnsolvedError, match=r"^FAIL 01\.21: that noise"):
        check_answer("01.21", "a")


def test_the_switch_can_be_off(monkeypatch, capsys):
    for value in ("0", ""):
        monkeypatch.setenv("COURSEKIT_STRICT", value)
        check_answer("01.21", None)
    assert capsys.readouterr().out == "TODO 01.21\n" * 2
