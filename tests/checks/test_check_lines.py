"""What a check says about code that is broken in every ordinary way.

Authority: the contract of the check cell. One line, the same each time, the learner's
function back on PASS and the reference otherwise, and no trace left behind.
"""

import random
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from coursekit.checks.cells import check
from coursekit.checks.registry import by_symbol, code_exercises
from coursekit.checks.spec import Exercise
from coursekit.checks.trial import try_function

CODE = [pytest.param(e, id=f"{e.id}-{e.name}") for e in code_exercises()]
Q_SAMPLE: Any = by_symbol("q_sample")
RIGHT_X0: Any = by_symbol("predict_x0").reference()
# What they return is a list of names, or many tensors by name.
NO_TENSOR = (
    *("inject", "merged", "warm_start", "parse_verdict", "pedestrian_recall"),
    *("who_learns", "miniature", "calibrated"),
    *("luma", "contrast", "saturation", "exposure", "upright"),  # arrays of numpy
    *("crop_box", "knows_no_place", "Knob", "AllowList", "Agent"),
    *("answered", "nearest_answer", "change_rate"),
    *("effective", "needed", "changes", "named", "plan_words", "golden_set"),
    *("write_bits", "read_bits", "threshold_of_bits", "threshold_at", "plain_words"),
    *("canonical", "walk", "picture_hash", "unseal", "judge", "history"),
)
COUNTS = {  # they return whole numbers
    *("receptive_field", "dit_flops", "block_flops"),
    *("tokens_of", "maps", "shape_pass"),
}
NUMBERS = {
    "masked_psnr",
    *("frechet_distance", "frechet_at_infinity", "kid", "auc", "precision_recall"),
    *("step_chances", "cost_at", "flicker_rate", "motion", "adherence", "even_bits"),
    *("wilson_interval", "price_per_megapixel", "quantised"),
    *("variance_after", "settled_variance", "chance_lost"),
}


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
    printed = []
    for _ in range(2):
        assert check(learner) is (learner if passes else exercise.reference())
        printed.append(capsys.readouterr())
    said, complaints = printed[0]
    assert printed[1] == (said, "") and complaints == ""
    assert said.endswith("\n") and said.count("\n") == 1
    return said[:-1]


@pytest.mark.parametrize("exercise", CODE)
def test_right_and_not_begun(exercise, capsys):
    def stub(*args, **kwargs):
        raise NotImplementedError

    right = line(capsys, exercise, exercise.reference(), passes=True)
    assert right == f"PASS {exercise.id} {exercise.name}"
    todo = f"TODO {exercise.id} {exercise.name} - going on with the reference"
    assert line(capsys, exercise, stub) == todo


def again(*args: Any, **kwargs: Any) -> Any:
    return again(*args, **kwargs)


@pytest.mark.parametrize("exercise", CODE)
def test_broken_in_ordinary_ways(exercise, capsys):
    head = f"FAIL {exercise.id} {exercise.name}: "
    # A probe may ask for its kind of result in words of its own.
    own = ("it is not a network: keep the class", "it must return ", "it must change ")
    cases = {
        again: "it calls itself without end (RecursionError)",
        lambda *a, **k: 1 / 0: "raised ZeroDivisionError: division by zero",
        lambda *a, **k: sys.exit(1): "raised SystemExit",
        lambda *a, **k: None: "returns None",
        lambda: None: "raised TypeError",
        lambda *a, **k: "text": "str",
        lambda *a, **k: torch.zeros(3, 5, 2, 11): "",
        lambda *a, **k: np.zeros(3): "",
        lambda *a, **k: float("nan"): "",
        lambda *a, **k: torch.tensor(float("nan")): "",
        lambda *a, **k: unheard_of: "NameError: name 'unheard_of'",  # noqa: F821
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
    if isinstance(result, torch.Tensor | int | float):
        return change(result)
    if callable(result):
        return lambda *args: change(result(*args))
    return (change(x) for x in result)


def shaped(change: Callable[[Any], Any], exercise: Exercise) -> Callable[..., Any]:
    """The reference with its result changed; of a class, that of the method asked."""
    reference = exercise.reference()
    owner, _, method = exercise.symbol.partition(":")[2].partition(".")
    method = method.rpartition(",")[2]  # of several methods the last
    right: Callable[..., Any] = getattr(reference, method) if method else reference

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return changed(right(*args, **kwargs), change)

    if not method:
        return wrong
    assert isinstance(reference, type)
    return type(owner, (reference,), {method: wrong})


@pytest.mark.parametrize("exercise", CODE)
def test_right_but_for_shape_dtype_nan_or_scale(exercise, capsys):
    cases = {
        "the shape is": lambda x: x[None],
        "dtype": lambda x: x.half(),
        "NaN": lambda x: torch.where(x == x.max(), torch.nan, x),
        "": lambda x: x * 1.7 + 0.01,
    }
    if exercise.name in NO_TENSOR:
        return
    if exercise.name in COUNTS | NUMBERS:
        cases = {"": lambda x: 2 * x + 1}
    for part, change in cases.items():
        said = line(capsys, exercise, shaped(change, exercise))
        assert said.startswith("FAIL"), said
        assert part in said or "the dtype is" in said, said


def points_only(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
    share = schedule.alpha_bar[k][:, None].to(x0.dtype)
    return share.sqrt() * x0 + (1 - share).sqrt() * eps


def pictures_only(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
    share = schedule.alpha_bar[k].view(-1, 1, 1, 1).to(x0.dtype)
    return share.sqrt() * x0 + (1 - share).sqrt() * eps


def forgot_the_cast(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
    share = schedule.alpha_bar[k].reshape(-1, *[1] * (x0.ndim - 1))
    return share.sqrt() * x0 + (1 - share).sqrt() * eps


def in_place(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
    result = Q_SAMPLE.reference()(x0, k, eps, schedule)
    eps.mul_(2)
    return result


def breaks(x0: Any, k: Any, eps: Any, schedule: Any) -> Any:
    nothing: list[Any] = []
    return nothing[3]  # here


def wide_shake(path: Any, t: Any) -> Any:
    f, g = by_symbol("drift_diffusion").reference()(path, t)
    return f, 1.5 * g


def endless(*args: Any) -> Any:
    while True:
        try:
            print("x" * 1000)
        except Exception:
            pass


@pytest.mark.parametrize(
    ("symbol", "function", "part"),
    [
        ("predict_x0", lambda *a: -RIGHT_X0(*a), "the sign is flipped"),
        ("predict_x0", lambda *a: 1.5 * RIGHT_X0(*a), "factor: yours is 1.5 times"),
        ("drift_diffusion", wide_shake, "g on VPPath, g on VEPath and 3 more: off by"),
        # an oracle speaks before bare numbers do
        ("predict_x0", lambda *a: RIGHT_X0(*a) + 0.3, "it must give back x0"),
        ("bits_per_dim", lambda nats, dims: nats / dims + 0.1, "must cost 8 bits"),
        ("q_sample", points_only, "right for points (B, D), wrong for images (B, C, H"),
        ("q_sample", points_only, "(B, 1, ..., 1)"),
        ("q_sample", pictures_only, "should be (7, 2): a coefficient has more axes"),
        ("q_sample", forgot_the_cast, "images (B, C, H, W)"),
        ("q_sample", forgot_the_cast, "dtype is float64, it should be float32"),
        ("q_sample", in_place, "changes its input eps in place"),
        ("q_sample", breaks, "raised IndexError: list index out of range (line "),
        ("q_sample", breaks, "return nothing[3]"),
        ("q_sample", endless, "running after 0.2 s: look for a loop that never ends"),
    ],
)
def test_the_line_says_what_is_wrong(capsys, monkeypatch, symbol, function, part):
    if function is endless:
        monkeypatch.setenv("COURSEKIT_CHECK_SECONDS", "0.2")
    assert part in line(capsys, by_symbol(symbol), function)


def test_ctrl_c_is_not_swallowed():
    def interrupted(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(named(Q_SAMPLE, interrupted))


def seed_all(seed: int) -> None:
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)


def draw_all() -> tuple[Any, ...]:
    return torch.rand(1), np.random.rand(), random.random()  # noqa: NPY002


@pytest.mark.parametrize("exercise", CODE)
def test_no_trace_is_left(exercise):
    reference = exercise.reference()

    def untidy(*args, **kwargs):
        seed_all(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return reference(*args, **kwargs)

    seed_all(5)
    wanted = draw_all()
    seed_all(5)
    check(named(exercise, untidy))
    check(named(exercise, reference))
    assert draw_all() == wanted
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


def test_prints_and_warnings_stay_inside(capfd):
    def loud(*args):
        print("hello")
        print("hello", file=sys.stderr)
        warnings.warn("hello", stacklevel=1)
        return Q_SAMPLE.reference()(*args)

    check(named(Q_SAMPLE, loud))
    assert capfd.readouterr() == ("PASS 01.4 q_sample\n", "")


def test_running_a_check_twice_does_not_solve_it(capsys):
    returned = check(named(Q_SAMPLE, lambda *a: None))
    assert returned is Q_SAMPLE.reference()
    check(returned)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "TODO 01.4 q_sample - going on with the reference"


def test_unknown_names_and_things(capsys):
    def q_sampel(): ...

    assert check(q_sampel) is q_sampel
    assert check(3) == 3
    check(q_sampel, "01.4711")
    check(q_sampel, "01.14")
    name, thing, exercise_id, question = capsys.readouterr().out.splitlines()
    assert "did you mean q_sample?" in name
    assert "it wants the function itself" in thing
    assert "no exercise '01.4711'" in exercise_id
    assert "use check_answer" in question


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer")
def test_other_alarms_survive():
    before = signal.getsignal(signal.SIGALRM)
    try_function(Q_SAMPLE.probe(), Q_SAMPLE.reference(), [0], 5.0)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
