"""Running a learner's function with care: no output, no hang, no trace left behind."""

import contextlib
import copy
import io
import linecache
import os
import random
import re
import signal
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Outputs,
    Probe,
)

_PACKAGE = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple(map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib")))
_FOREIGN = (_PACKAGE, "<frozen", *_LIBRARIES)  # where a learner's code never stands


@dataclass(frozen=True)
class Fault:
    """Why there are no outputs. kind: todo, raised, result or slow."""

    kind: str
    text: str
    words: frozenset[str] = frozenset()  # to recognise the same error elsewhere


@dataclass(frozen=True)
class Trial:
    """One run on one seed: the inputs, and either the outputs or a fault."""

    seed: int
    inputs: Inputs
    outputs: Outputs
    fault: Fault | None
    touched: tuple[str, ...]  # inputs that the function changed in place


class TookTooLongError(BaseException):
    """Raised inside a learner's function; a bare `except Exception` lets it pass."""


class Nowhere(io.TextIOBase):
    """A stream that forgets, so that a flood of prints costs no memory."""

    def write(self, text: str) -> int:
        """Take it, and drop it."""
        return len(text)


def seconds_allowed() -> float:
    """Time limit of one check, from COURSEKIT_CHECK_SECONDS (default 20)."""
    try:
        return float(os.environ.get("COURSEKIT_CHECK_SECONDS", "20"))
    except ValueError:
        return 20.0


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after a while (POSIX, main thread; else no limit)."""
    usable = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
    )
    if not usable:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGALRM, stop)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Silence, known settings of torch, and afterwards everything as it was.

    A notebook may have set a default device, or stand in inference mode or autocast:
    a right function is right all the same.
    """
    import torch

    states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    nowhere = Nowhere()
    try:
        with (
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            torch.inference_mode(False),
            torch.autocast("cpu", enabled=False),
            on_cpu(),
        ):
            warnings.simplefilter("ignore")
            torch.set_grad_enabled(True)
            yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)


def on_cpu() -> contextlib.AbstractContextManager[object]:
    """New tensors on the CPU; free of cost where they are already."""
    import torch

    here = torch.get_default_device()
    return contextlib.nullcontext() if here.type == "cpu" else torch.device("cpu")


def try_function(
    probe: Probe, function: Function, seeds: Sequence[int], seconds: float
) -> list[Trial]:
    """Run the function on every seed; what it does wrong ends up in the trials."""
    return [_try_once(probe, function, seed, seconds) for seed in seeds]


def _try_once(probe: Probe, function: Function, seed: int, seconds: float) -> Trial:
    import torch

    outputs: Outputs = {}
    fault: Fault | None = None
    with guarded():
        inputs = probe.inputs(seed)  # building a network draws from torch's generator
        handed = copy.deepcopy(inputs)
        # A function that draws from the global generator gets the same numbers
        # each time, so that its line is the same each time.
        torch.manual_seed(seed % 2**32)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        random.seed(seed)
        try:
            with time_limit(seconds):
                outputs = probe.call(function, handed)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            fault = _fault(error, seconds)
    touched = tuple(name for name in inputs if not _same(inputs[name], handed[name]))
    return Trial(seed, inputs, outputs, fault, touched)


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.array_equal(a, b))
    return bool(a == b)


def _fault(error: BaseException, seconds: float) -> Fault:
    if is_stub(error):
        return Fault("todo", "not written yet")
    if isinstance(error, BadResult):
        return Fault("result", str(error), _words(error))
    if isinstance(error, TookTooLongError):
        return Fault(
            "slow",
            f"still running after {seconds:g} s: look for a loop that never ends",
        )
    if isinstance(error, RecursionError):
        return Fault(
            "raised",
            "it calls itself without end (RecursionError)" + _where(error),
            frozenset({"RecursionError"}),
        )
    text = one_line(str(error))
    shown = f"raised {type(error).__name__}" + (f": {text}" if text else "")
    return Fault("raised", shown + _where(error), _words(error))


def is_stub(error: BaseException) -> bool:
    """Whether a `raise NotImplementedError` in the learner's own code ended the call.

    torch raises that error too, for a dtype or a missing `forward`: that is a mistake.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not isinstance(error, NotImplementedError) or not frames:
        return False
    last = frames[-1]
    foreign = last.filename.startswith(_LIBRARIES)
    return not foreign and ("raise" in last.line if last.line else not error.args)


def _words(error: BaseException) -> frozenset[str]:
    return frozenset({type(error).__name__, *re.findall(r"\w+", str(error))})


def one_line(text: str, width: int = 140) -> str:
    """The text on one line, without memory addresses, cut at `width`."""
    text = re.sub(r"0x[0-9a-fA-F]+", "0x...", " ".join(text.split()))
    return text if len(text) <= width else text[: width - 3] + "..."


def _where(error: BaseException) -> str:
    """The line of the learner's code that led to the error, where it is known."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_FOREIGN)
    ]
    if not frames:
        return ""
    own = [f for f in frames if f.filename == frames[0].filename][-1]
    source = (own.line or linecache.getline(own.filename, own.lineno or 0)).strip()
    return f" (line {own.lineno}: {one_line(source, 70)})" if source else ""
