"""What the doctor says about one thing: a state, a detail and a remedy."""

from typing import Literal, NamedTuple

State = Literal["ok", "missing", "warning", "optional"]
MARKS: dict[State, str] = {"ok": "+", "missing": "x", "warning": "!", "optional": "."}


class Finding(NamedTuple):
    """One line of the screen.

    state: "missing" is needed and not there; "warning" works, but look at it;
    "optional" is not there and only some things want it.  fix: how to get it.
    """

    state: State
    name: str
    detail: str
    fix: str = ""
