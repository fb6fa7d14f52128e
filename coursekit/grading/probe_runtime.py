"""What runs in the student's kernel around one call. It decides nothing.

The grader puts this file, as text, in front of the source of an exercise's `call`; so
it imports nothing from the package, and it knows no expected value. It hands over the
inputs, catches whatever happens, and prints one line of numbers. A student can make it
print anything: what counts is whether the numbers are right, and that is judged
elsewhere.
"""

import base64
import contextlib
import copy
import io
import json
import linecache
import random
import sys
import traceback
import warnings
from typing import Any

import numpy as np

LARGEST = 2_000_000  # bytes of numbers in one reply
LONGEST = 2000  # characters of an error message
OWN_FILE = "<coursekit probe>"  # what this text is compiled as


class Nowhere(io.TextIOBase):
    """A stream that forgets."""

    def write(self, text: str) -> int:
        """Take it, and drop it."""
        return len(text)


def unpack(text: str) -> dict[str, Any]:
    """Inputs from text: plain numbers, and arrays as [dtype, shape, base64]."""
    found: dict[str, Any] = {}
    for name, value in json.loads(text).items():
        if isinstance(value, list):
            dtype, shape, data = value
            flat = np.frombuffer(base64.b64decode(data), dtype)
            value = flat.reshape(shape).copy()
        found[name] = value
    return found


def pack(outputs: dict[str, Any]) -> list[list[Any]]:
    """Outputs as [name, dtype, shape, base64]; without the data when it is too much."""
    found, size = [], 0
    for name, value in outputs.items():
        array = np.asarray(value)
        little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        size += little.nbytes
        data = base64.b64encode(little.tobytes()).decode() if size <= LARGEST else None
        found.append([name, little.dtype.str, list(little.shape), data])
    return found


def message_of(error: BaseException) -> str:
    """The message of an error, whatever its class does when it is asked."""
    try:
        return str(error)[:LONGEST]
    except Exception:
        return ""


def place_of(error: BaseException) -> list[Any]:
    """[line number, line] of the notebook's code that led to the error, or []."""
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__") == "__main__":
            line = linecache.getline(frame.f_code.co_filename, number).strip()
            return [number, line[:LONGEST]]
    return []


def is_stub(error: NotImplementedError) -> bool:
    """As in `coursekit.checks.trial`: raised by the notebook's code, not by torch."""
    *_, (frame, number) = traceback.walk_tb(error.__traceback__)
    file = frame.f_code.co_filename
    line = linecache.getline(file, number)
    foreign = "site-packages" in file
    return not foreign and ("raise" in line if line else not error.args)


def fault_of(error: BaseException, bad_result: type[BaseException]) -> dict[str, Any]:
    """What went wrong, in the terms of `coursekit.checks.trial`."""
    kind = "raised"
    if isinstance(error, NotImplementedError) and is_stub(error):
        kind = "todo"
    elif isinstance(error, bad_result):
        kind = "result"
    try:
        place = place_of(error)
    except Exception:
        place = []
    return {
        "kind": kind,
        "type": str(type(error).__name__)[:100],
        "text": message_of(error),
        "place": place,
    }


def same(a: Any, b: Any) -> bool:
    """Is an input as it was? NaN is not to be expected in one."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.array_equal(a, b))
    return bool(a == b)


@contextlib.contextmanager
def guarded(stir: int) -> Any:
    """Silence, known random numbers, and the same settings afterwards."""
    import torch

    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    nowhere = Nowhere()
    try:
        with (
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            torch.set_grad_enabled(True)
            torch.default_generator.manual_seed(stir)  # others take long to ask
            np.random.seed(stir)  # noqa: NPY002
            random.seed(stir)
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)


def attempt(
    call: Any, bad_result: type[BaseException], function: Any, text: str, stir: int
) -> dict[str, Any]:
    """Call the function once: the outputs or a fault, and the inputs it changed."""
    inputs = unpack(text)
    handed = copy.deepcopy(inputs)
    reply: dict[str, Any] = {"out": [], "fault": None}
    with guarded(stir):
        try:
            reply["out"] = pack(call(function, handed))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reply["fault"] = fault_of(error, bad_result)
    reply["touched"] = [name for name in inputs if not same(inputs[name], handed[name])]
    return reply


def main(
    call: Any,
    bad_result: type[BaseException],
    space: dict[str, Any],
    name: str,
    text: str,
    stir: int,
    token: str,
) -> None:
    """Try what the notebook calls `name`, and print the one line."""
    out = sys.stdout
    if callable(space.get(name)):
        reply = attempt(call, bad_result, space[name], text, stir)
    else:
        kind = type(space[name]).__name__ if name in space else ""
        fault = {"kind": "missing", "type": kind, "text": "", "place": []}
        reply = {"out": [], "fault": fault, "touched": []}
    # A line of its own, even after a print without an end.
    out.write(f"\nCK1 {token} {json.dumps(reply)}\n")
    out.flush()
