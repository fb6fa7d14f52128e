"""What runs in the student's kernel around one call. It decides nothing.

It hands over the inputs, catches whatever happens, and prints one line of numbers. A
student can make it print anything: what counts is whether the numbers are right, and
that is judged elsewhere.
"""

import base64
import copy
import importlib
import json
import linecache
import random
import sys
import traceback
from typing import Any

import numpy as np

from coursekit.checks.spec import BadResult
from coursekit.checks.trial import guarded
from coursekit.checks.tried import calling

LARGEST = 2_000_000  # bytes of numbers in one reply
LONGEST = 2000  # characters of an error message


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


def fault_of(error: BaseException) -> dict[str, Any]:
    """What went wrong, in the terms of `coursekit.checks.trial`."""
    try:
        place = place_of(error)
    except Exception:
        place = []
    return {
        "kind": "result" if isinstance(error, BadResult) else "raised",
        "type": str(type(error).__name__)[:100],
        "text": message_of(error),
        "place": place,
    }


def same(a: Any, b: Any) -> bool:
    """Is an input as it was? NaN is not to be expected in one."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.array_equal(a, b))
    return bool(a == b)


def attempt(look: str, function: Any, text: str, stir: int) -> dict[str, Any]:
    """Call the function once: the outputs or a fault, and the inputs it changed."""
    import torch

    module, _, name = look.partition(":")
    call = calling(getattr(importlib.import_module(module), name))
    inputs = unpack(text)
    handed = copy.deepcopy(inputs)
    reply: dict[str, Any] = {"out": [], "fault": None}
    with guarded():
        torch.default_generator.manual_seed(stir)  # others take long to ask
        np.random.seed(stir)  # noqa: NPY002
        random.seed(stir)
        try:
            reply["out"] = pack(call(function, handed))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reply["fault"] = fault_of(error)
    reply["touched"] = [name for name in inputs if not same(inputs[name], handed[name])]
    return reply


def main(
    space: dict[str, Any], look: str, name: str, text: str, stir: int, token: str
) -> None:
    """Try what the notebook calls `name`, and print the one line.

    look: the function that calls it, "module:name" (`Probe.source`).
    """
    out = sys.stdout
    if callable(space.get(name)):
        reply = attempt(look, space[name], text, stir)
    else:
        kind = type(space[name]).__name__ if name in space else ""
        fault = {"kind": "missing", "type": kind, "text": "", "place": []}
        reply = {"out": [], "fault": fault, "touched": []}
    # A line of its own, even after a print without an end.
    out.write(f"\nCK1 {token} {json.dumps(reply)}\n")
    out.flush()
