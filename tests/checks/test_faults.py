"""What an error in a learner's code is called. Authority: who raised it, and where."""

import contextlib
import linecache
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import nn

from coursekit.checks.judge import judge
from coursekit.checks.registry import by_id, code_exercises
from coursekit.checks.spec import Exercise


def q_sample(body: str) -> Any:
    """A first exercise whose body is one line."""
    file = f"<cell {abs(hash(body))}>"
    source = f"def q_sample(x0, k, eps, schedule):\n    {body}\n"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space: dict[str, Any] = {"torch": torch, "nn": nn}
    exec(compile(source, file, "exec"), space)
    return space["q_sample"]


@pytest.mark.parametrize(
    ("body", "state", "message"),
    [
        ("raise NotImplementedError", "TODO", ""),
        ("raise NotImplementedError('later')", "TODO", ""),
        ("return torch.randn_like(k)", "FAIL", "NotImplementedError"),
        ("return k.softmax(0)", "FAIL", "NotImplementedError"),
        ("return x0.bfloat16()", "FAIL", "it returns bfloat16"),
        ("return nn.Module()(x0)", "FAIL", "missing the required"),
        ("return nn.Linear(2, 2)(x0.double())", "FAIL", "raised RuntimeError"),
    ],
)
def test_only_the_stub_is_todo(body: str, state: str, message: str) -> None:
    exercise = by_id("01.4")
    assert isinstance(exercise, Exercise) and exercise.name == "q_sample"
    verdict = judge(exercise, q_sample(body))
    assert verdict.state == state and message in verdict.message, verdict
    if "raised" in verdict.message:  # the learner's line, not one of torch's
        assert f"line 2: {body}" in verdict.message, verdict


@contextlib.contextmanager
def odd_settings() -> Iterator[None]:
    """All that a notebook may have set at once: device, inference mode, autocast."""
    torch.set_default_device("meta")
    try:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            yield
    finally:
        torch.set_default_device(None)


def refused(exercises: Sequence[Exercise]) -> list[str]:
    """The exercises whose own reference does not pass among odd settings."""
    with odd_settings():
        verdicts = {each.id: judge(each, each.reference()) for each in exercises}
    return [number for number, verdict in verdicts.items() if verdict.state != "PASS"]


def test_right_is_right_whatever_the_notebook_has_set() -> None:
    """02.2 and 03.3 differentiate, 01.1 makes a tensor, 05.3 a class."""
    found = [e for e in code_exercises() if e.id in ("01.1", "02.2", "03.3", "05.3")]
    assert len(found) == 4 and refused(found) == []


@pytest.mark.long
def test_all_right_ones_are() -> None:
    assert refused(code_exercises()) == []
