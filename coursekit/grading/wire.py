"""What crosses the border of a student's kernel, and how what comes back is read.

Out go inputs, as text. Back comes one line, `CK1 <token> <json>`: arrays in base64, or
a fault in words. Everything that comes back is a claim by a program that the student
wrote: sizes, types and characters are checked here, values are judged in `verdict`.
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.checks.spec import Inputs, Outputs
from coursekit.grading.probe_runtime import LARGEST

DTYPES = frozenset("<f8 <f4 <f2 <i8 <i4 <i2 |i1 |u1 |b1 <c8 <c16".split())
LONGEST_LINE = 4_000_000
_LINE = re.compile(r"CK1 ([0-9a-f]{32}) (\{.*\})", re.ASCII)
_KINDS = ("result", "raised", "missing")


@dataclass(frozen=True)
class Reported:
    """A fault as the kernel tells it: untrusted text, clipped and cleaned.

    kind: result, raised or missing; line, source: where in the notebook's code.
    """

    kind: str
    type: str
    text: str
    line: int = 0
    source: str = ""


@dataclass(frozen=True)
class Reply:
    """One line, read. state: "answered", "fault", "no answer" or "tampered".

    oversized: name -> shape of outputs that were too large to send.
    """

    state: str
    outputs: Outputs = field(default_factory=dict)
    fault: Reported | None = None
    touched: tuple[str, ...] = ()
    oversized: tuple[tuple[str, tuple[int, ...]], ...] = ()


def token(nonce: str, task: str, seed: int) -> str:
    """What the line of one probe must carry, so that no other line passes for it."""
    return hashlib.sha256(f"{nonce}|{task}|{seed}".encode()).hexdigest()[:32]


def stir(nonce: str, seed: int) -> int:
    """What seeds the kernel's random numbers. It does not give the seed away: with
    that, a student could make the inputs that `call` does not hand over."""
    found = hashlib.sha256(f"stir|{nonce}|{seed}".encode()).digest()
    return int.from_bytes(found[:4], "little")


def encode_inputs(inputs: Inputs) -> str:
    """Inputs as text. Raises TypeError for anything but numbers and arrays of them."""
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            little = value.astype(value.dtype.newbyteorder("<"), copy=False)
            if little.dtype.str not in DTYPES:
                raise TypeError(f"input {name!r} is an array of {value.dtype}")
            data = base64.b64encode(little.tobytes()).decode()
            found[name] = [little.dtype.str, list(value.shape), data]
        elif type(value) in (int, float, bool, str):
            found[name] = value
        else:
            raise TypeError(f"input {name!r} is a {type(value).__name__}")
    return json.dumps(found, allow_nan=False)


class _NotAsPrinted(ValueError):
    """Something that the probe never prints."""


def decode_reply(text: str, expected: str) -> Reply:
    """What one probe cell printed, read without trust. expected: its token.

    Lines of other kinds do no harm (a student's thread may print); two replies, or one
    that the probe cannot have written, are "tampered".
    """
    lines = [line for line in text.split("\n") if line.startswith("CK1 ")]
    if not lines:
        return Reply("no answer")
    if len(lines) > 1 or len(lines[0]) > LONGEST_LINE:
        return Reply("tampered")
    found = _LINE.fullmatch(lines[0].rstrip("\r"))
    if found is None or found[1] != expected:
        return Reply("tampered")
    try:
        return _reply(json.loads(found[2], object_pairs_hook=_once))
    except (ValueError, TypeError, RecursionError, MemoryError):
        return Reply("tampered")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotAsPrinted("a key twice")
    return found


def _reply(data: dict[str, Any]) -> Reply:
    if set(data) != {"out", "fault", "touched"}:
        raise _NotAsPrinted("other keys")
    touched = tuple(_word(name) for name in _list(data["touched"], 100))
    if data["fault"] is not None:
        if data["out"]:
            raise _NotAsPrinted("a fault and outputs")
        return Reply("fault", {}, _told(data["fault"]), touched)
    outputs: Outputs = {}
    oversized, size = [], 0
    for name, dtype, shape, packed in _list(data["out"], 100):
        name, shape = _word(name), tuple(_count(n) for n in _list(shape, 8))
        if name in outputs or dtype not in DTYPES:
            raise _NotAsPrinted("a name twice, or another dtype")
        if packed is None:
            oversized.append((name, shape))
            continue
        size += math.prod(shape) * np.dtype(dtype).itemsize
        if size > LARGEST:
            raise _NotAsPrinted("more than the probe prints")
        outputs[name] = _array(packed, np.dtype(dtype), shape)
    return Reply("answered", outputs, None, touched, tuple(oversized))


def _array(packed: Any, dtype: np.dtype[Any], shape: Sequence[int]) -> NDArray[Any]:
    if not isinstance(packed, str):
        raise _NotAsPrinted("no text")
    try:
        raw = base64.b64decode(packed.encode("ascii"), validate=True)
    except binascii.Error as error:
        raise _NotAsPrinted("not base64") from error
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise _NotAsPrinted("another length")
    if dtype.kind == "b":  # a byte other than 0 and 1 is not a bool
        bools: NDArray[Any] = np.frombuffer(raw, np.uint8) != 0
        return bools.reshape(shape)
    found: NDArray[Any] = np.frombuffer(raw, dtype).reshape(shape).copy()
    return found


def _told(data: Any) -> Reported:
    if not isinstance(data, dict) or set(data) != {"kind", "type", "text", "place"}:
        raise _NotAsPrinted("another fault")
    if data["kind"] not in _KINDS:
        raise _NotAsPrinted("another kind")
    line, source = _list(data["place"], 2) or (0, "")
    kind, text = data["type"], data["text"]
    if not all(isinstance(part, str) for part in (kind, text, source)):
        raise _NotAsPrinted("no text")
    return Reported(
        data["kind"],
        clean(kind)[:60],
        clean(text[:LONGEST_TEXT]),
        _count(line),
        clean(source[:LONGEST_TEXT]),
    )


LONGEST_TEXT = 2000


def clean(text: str) -> str:
    """Printable characters on one line: no control codes, no bidi marks."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())


_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")


def without_values(text: str) -> str:
    """The text without numbers that could be values; shapes and counts stay."""

    def shown(found: re.Match[str]) -> str:
        number = found[0]
        digits = re.sub(r"[eE].*|\D", "", number).strip("0")
        fraction = any(c in number for c in ".eE")
        return "…" if len(digits) > (1 if fraction else 3) else number

    return _NUMBER.sub(shown, text)


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise _NotAsPrinted("no list, or a long one")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        raise _NotAsPrinted("no name")
    if not value.isprintable():
        raise _NotAsPrinted("no printable name")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10**9:
        raise _NotAsPrinted("no count")
    return value
