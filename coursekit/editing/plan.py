"""A plan: what is to be done to a picture, in order, before anything is done.

Whoever wrote it, a person, our own model or a large one, it is read as a stranger's
text: exactly one list of steps, known names, all numbers there and in range, or one
line that says why not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from coursekit.editing.operations import OPERATIONS

MOST_TEXT = 20_000  # letters of a plan


class PlanError(ValueError):
    """A plan that cannot be run; one line says why."""


@dataclass(frozen=True)
class Step:
    """One operation and its numbers, by name. Raises PlanError for any other."""

    do: str
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what the executor could not do as it is written."""
        if not isinstance(self.do, str) or self.do not in OPERATIONS:
            known = ", ".join(OPERATIONS)
            raise PlanError(f"no operation {self.do!r:.40}: use one of {known}")
        knobs = {knob.name: knob for knob in OPERATIONS[self.do].knobs}
        if set(self.values) != set(knobs):
            wanted = ", ".join(knobs) or "no numbers"
            given = ", ".join(map(repr, self.values)) or "none"  # a stranger's
            raise PlanError(f"{self.do} takes {wanted}, not {given:.80}")
        for name, value in self.values.items():
            if why := knobs[name].refusal(value):
                raise PlanError(f"{self.do}: {why}")
        if self.do == "crop" and not (
            self.values["left"] < self.values["right"]
            and self.values["top"] < self.values["bottom"]
        ):
            raise PlanError("crop: left < right and top < bottom, or nothing is left")
        # What was checked is what runs: nobody can change it in between.
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __str__(self) -> str:
        """As people read it: "brightness amount -20"."""
        numbers = (f"{name} {value + 0:+g}" for name, value in self.values.items())
        return " ".join((self.do, *numbers))


Plan = tuple[Step, ...]


def read_plan(text: str) -> Plan:
    """The plan in a JSON text such as [{"do": "brightness", "amount": -20}].

    Raises PlanError for anything but one list of objects, each with "do" and just the
    numbers of that operation; for equal keys, NaN, true in place of a number, and for
    words before or after the list.
    """
    if len(text) > MOST_TEXT:
        raise PlanError(f"{len(text)} letters of plan: {MOST_TEXT} at most")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, PlanError):
            raise
        raise PlanError("a plan is one JSON list of steps and nothing else") from None
    return plan_of(found)


def plan_of(found: Any) -> Plan:
    """The plan in a list of mappings. Raises PlanError: see `read_plan`."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise PlanError("a plan is a list of steps")
    return tuple(map(_step, found))


def _step(found: Any) -> Step:
    if not isinstance(found, Mapping) or "do" not in found:
        raise PlanError(f'a step is an object with "do", not {found!r:.40}')
    rest = {name: value for name, value in found.items() if name != "do"}
    return Step(found["do"], rest)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ."""
    if len(dict(pairs)) < len(pairs):
        raise PlanError("a step names something twice: which of them holds?")
    return dict(pairs)


def _constant(name: str) -> Any:
    raise PlanError(f"{name} is no number to work with")


def plan_text(plan: Plan) -> str:
    """A plan as JSON, as `read_plan` reads it."""
    return json.dumps([{"do": step.do, **step.values} for step in plan])
