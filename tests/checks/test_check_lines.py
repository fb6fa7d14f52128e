"""What a check says about code that is broken in every ordinary way.

Authority: the contract of the check cell. One line, the same each time, the learner's
function back on PASS and the reference otherwise, and no trace left behind.
"""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from right_versions import right_versions

from coursekit.checks.cells import check
from coursekit.checks.registry import by_symbol, code_exercises
from coursekit.checks.spec import Exercise
from coursekit.checks.trial import try_function

CODE = [pytest.param(e, id=f"{e.id}-{e.name}") for e in code_exercises()]

COUNTS = {"receptive_field", "dit_flops"}  # they return whole numbers


def named(exercise: Exercise, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function under the exercise's name, as a notebook cell would define it."""

    def learner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    learner.__name__ = exercise.name
    return learner


def line(
    capsys: pytest.CaptureFixture[str],
    exercise: Exercise,
    function: Callable[..., Any],
    passes: bool = False,
) -> str:
    """The line of a check; it must be one line, and twice the same."""
    handed_out = isinstance(function, type) and function is not exercise.reference()
    learner = function if handed_out else named(exercise, function)
    lines = []
    for _ in range(2):
        returned = check(learner)
        assert returned is (learner if passes else exercise.reference())
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.endswith("\n") and printed.out.count("\n") == 1
        lines.append(printed.out[:-1])
    assert lines[0] == lines[1]
    return lines[0]


@pytest.mark.parametrize("exercise", CODE)
def test_right_and_not_begun(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    right = line(capsys, exercise, exercise.reference(), passes=True)
    assert right == f"PASS {exercise.id} {exercise.name}"
    todo = f"TODO {exercise.id} {exercise.name} - going on with the reference"
    assert line(capsys, exercise, stub) == todo


def again(*args: Any, **kwargs: Any) -> Any:
    return again(*args, **kwargs)


def divides(*args: Any, **kwargs: Any) -> Any:
    return 1 / 0


def leaves(*args: Any, **kwargs: Any) -> Any:
    raise SystemExit(1)


@pytest.mark.parametrize("exercise", CODE)
def test_broken_in_ordinary_ways(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"FAIL {exercise.id} {exercise.name}: "
    # A probe may ask for its kind of result in words of its own.
    own = ("it is not a network: keep the class", "it must return ")
    cases: dict[Callable[..., Any], str] = {
        again: "it calls itself without end (RecursionError)",
        divides: "raised ZeroDivisionError: division by zero",
        leaves: "raised SystemExit",
        lambda *a, **k: None: "returns None",
        lambda: None: "raised TypeError",
        lambda *a, **k: "text": "str",
        lambda *a, **k: torch.zeros(3, 5, 2, 11): "",
        lambda *a, **k: np.zeros(3): "",
        lambda *a, **k: float("nan"): "",
        lambda *a, **k: torch.tensor(float("nan")): "",
        lambda *a, **k: unheard_of: "NameError: name 'unheard_of'",  # type: ignore[name-defined]  # noqa: F821
    }
    for function, part in cases.items():
        said = line(capsys, exercise, function)
        assert said.startswith(head)
        assert part in said or said.removeprefix(head).startswith(own)
        assert len(head) + 15 < len(said) < 400


def changed(result: Any, change: Callable[[Any], Any]) -> Any:
    """A result changed: the first of several, or what a returned function returns."""
    if isinstance(result, tuple):
        return (changed(result[0], change), *result[1:])
    if isinstance(result, torch.Tensor | int):
        return change(result)
    if callable(result):
        return lambda *args: change(result(*args))
    return (change(x) for x in result)


def shaped(change: Callable[[Any], Any], exercise: Exercise) -> Callable[..., Any]:
    """The reference with its result changed; of a class, that of the method asked."""
    reference = exercise.reference()
    owner, _, method = exercise.symbol.partition(":")[2].partition(".")
    right: Callable[..., Any] = getattr(reference, method) if method else reference

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return changed(right(*args, **kwargs), change)

    if not method:
        return wrong
    assert isinstance(reference, type)
    return type(owner, (reference,), {method: wrong})


@pytest.mark.parametrize("exercise", CODE)
def test_right_but_for_shape_dtype_nan_or_scale(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {
        "the shape is": lambda x: x[None],
        "dtype": lambda x: x.half(),
        "NaN": lambda x: torch.where(x == x.max(), torch.nan, x),
        "": lambda x: x * 1.7 + 0.01,
    }
    if exercise.name in COUNTS:
        cases = {"": lambda x: 2 * x + 1}
    for part, change in cases.items():
        said = line(capsys, exercise, shaped(change, exercise))
        assert said.startswith("FAIL"), said
        assert part in said or "the dtype is" in said, said


def test_sign_factor_and_largest_difference(capsys: pytest.CaptureFixture[str]) -> None:
    exercise = by_symbol("predict_x0")
    right = exercise.reference()
    cases = {
        "the sign is flipped": lambda *a: -right(*a),
        "off by a constant factor: yours is 1.5 times": lambda *a: 1.5 * right(*a),
        # an oracle speaks before bare numbers do
        "given the true noise it must give back x0": lambda *a: right(*a) + 0.3,
    }
    for part, function in cases.items():
        assert part in line(capsys, exercise, function)
    exercise = by_symbol("bits_per_dim")
    off = line(capsys, exercise, lambda nats, dims: nats / dims + 0.1)
    assert "must cost 8 bits" in off


def test_right_for_points_only(capsys: pytest.CaptureFixture[str]) -> None:
    def points_only(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
        share = schedule.alpha_bar[k][:, None].to(x0.dtype)
        return share.sqrt() * x0 + (1 - share).sqrt() * eps

    said = line(capsys, by_symbol("q_sample"), points_only)
    assert "right for points (B, D), wrong for images (B, C, H, W)" in said
    assert "(B, 1, ..., 1)" in said


def test_double_precision_coefficients(capsys: pytest.CaptureFixture[str]) -> None:
    def forgot_the_cast(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
        share = schedule.alpha_bar[k].reshape(-1, *[1] * (x0.ndim - 1))
        return share.sqrt() * x0 + (1 - share).sqrt() * eps

    said = line(capsys, by_symbol("q_sample"), forgot_the_cast)
    assert "images (B, C, H, W)" in said
    assert "the dtype is float64, it should be float32" in said


def test_change_in_place(capsys: pytest.CaptureFixture[str]) -> None:
    right = by_symbol("q_sample").reference()

    def in_place(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
        result = right(x0, k, eps, schedule)
        eps.mul_(2)
        return result

    said = line(capsys, by_symbol("q_sample"), in_place)
    assert "changes its input eps in place" in said


def test_line_of_the_error_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
        nothing: list[Any] = []
        return nothing[3]  # here

    said = line(capsys, by_symbol("q_sample"), broken)
    assert "raised IndexError: list index out of range (line " in said
    assert "return nothing[3]" in said


def test_an_endless_loop_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_CHECK_SECONDS", "0.2")

    def endless(*args: Any) -> Any:
        while True:
            try:
                print("x" * 1000)
            except Exception:
                pass

    said = line(capsys, by_symbol("q_sample"), endless)
    assert "still running after 0.2 s: look for a loop that never ends" in said


def test_ctrl_c_is_not_swallowed() -> None:
    def interrupted(*args: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(named(by_symbol("q_sample"), interrupted))


@pytest.mark.parametrize("exercise", CODE)
def test_no_trace_is_left(exercise: Exercise) -> None:
    reference = exercise.reference()

    def untidy(*args: Any, **kwargs: Any) -> Any:
        torch.manual_seed(1)
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return reference(*args, **kwargs)

    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    wanted = torch.rand(1), np.random.rand(), random.random()  # noqa: NPY002
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    check(named(exercise, untidy))
    check(named(exercise, reference))
    assert (torch.rand(1), np.random.rand(), random.random()) == wanted  # noqa: NPY002
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


def test_prints_and_warnings_stay_inside(capfd: pytest.CaptureFixture[str]) -> None:
    import sys
    import warnings

    right = by_symbol("q_sample").reference()

    def loud(*args: Any) -> Any:
        print("hello")
        print("hello", file=sys.stderr)
        warnings.warn("hello", stacklevel=1)
        return right(*args)

    check(named(by_symbol("q_sample"), loud))
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("PASS 01.4 q_sample\n", "")


def test_running_a_check_twice_does_not_solve_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exercise = by_symbol("q_sample")
    returned = check(named(exercise, lambda *a: None))
    assert returned is exercise.reference()
    check(returned)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "TODO 01.4 q_sample - going on with the reference"


def test_unknown_names_and_things(capsys: pytest.CaptureFixture[str]) -> None:
    def q_sampel() -> None: ...

    assert check(q_sampel) is q_sampel
    assert check(3) == 3
    check(q_sampel, "01.4711")
    check(q_sampel, "01.15")
    lines = capsys.readouterr().out.splitlines()
    assert "did you mean q_sample?" in lines[0]
    assert "it wants the function itself" in lines[1]
    assert "no exercise '01.4711'" in lines[2]
    assert "use check_answer" in lines[3]
    assert len(lines) == 4


def test_an_id_helps_where_a_name_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    mine = right_versions()["01.4"][0]
    assert check(mine, "01.4") is mine
    assert capsys.readouterr().out == "PASS 01.4 q_sample\n"


def test_other_alarms_survive() -> None:
    import signal

    if not hasattr(signal, "setitimer"):
        pytest.skip("no interval timer on this system")
    before = signal.getsignal(signal.SIGALRM)
    exercise = by_symbol("q_sample")
    try_function(exercise.probe(), exercise.reference(), [0], 5.0)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
