"""JSON in one form only, so that bytes and meaning cannot differ.

The rules are those of RFC 8785 for what we allow. Reals are not allowed (Python and
the RFC write some of them differently), and keys are sorted by code points, where the
RFC sorts by UTF-16 units.
"""

import json
from typing import Any

LARGEST = 2**53 - 1  # a whole number that every reader of JSON keeps


class NotCanonical(ValueError):
    """A value or a text without, or not in, its one form; one line says why."""


def whole(digits: str) -> int:
    """A whole number up to LARGEST in size. Raises ValueError for any other text."""
    if abs(int(digits)) > LARGEST:
        raise ValueError("too large")
    return int(digits)


def canonical(value: Any) -> bytes:
    """The one JSON text of a value, as UTF-8 (rules of RFC 8785, without reals).

    value: None, True, False, whole numbers up to LARGEST in size, text, lists of such
    values, and dicts from text to them. Keys are sorted by code points (the RFC: by
    UTF-16 units), there is no space between signs, and letters beyond ASCII stand for
    themselves. Raises NotCanonical for all else, wherever inside it stands: reals,
    bytes, tuples, keys that are no text, text that UTF-8 cannot hold.
    """
    try:
        text = json.dumps(
            value,
            allow_nan=False,
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        )
        again = json.loads(text, parse_int=whole, parse_float=whole)
        if again == value:
            return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        pass
    raise NotCanonical("it holds what has no canonical form")


def read_canonical(data: bytes) -> Any:
    """The value of a canonical text. Raises NotCanonical for any other bytes.

    It reads, writes again and compares. So equal keys, spaces, another order, NaN, a
    mark at the start, escapes without need are all refused, and no list of them is
    needed.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotCanonical("it is no JSON in UTF-8") from None
    if canonical(value) != data:
        raise NotCanonical("it is JSON, but not in its one form")
    return value
