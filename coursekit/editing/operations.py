"""All that can be done to a picture: names, numbers with their ranges, and rules.

A plan may name what stands here and nothing else; who may name it, an allow-list says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from coursekit.editing import colour, shape
from coursekit.editing.colour import Pixels

Kind = Literal["colour", "detail", "shape"]


@dataclass(frozen=True)
class Knob:
    """One number of an operation: its name, range and unit; `whole`: 1, 2, 3 only."""

    name: str
    low: float
    high: float
    unit: str = "%"
    whole: bool = False

    def refusal(self, value: object) -> str:
        """Why `value` cannot be, in one line; "" if it can.

        A number is an int or a float: True is none, nor is "5", nor NaN. Both ends of
        the range can be. Where only whole numbers can be, 2.0 is one. Whole numbers may
        have any number of digits, more than a float can hold.
        """
        where = f"{self.name} takes a number from {self.low:g} to {self.high:g}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{where}, not {value!r:.40}"
        if not self.low <= value <= self.high:  # neither is NaN
            return f"{where}: {value!s:.20} is outside"
        if self.whole and value != int(value):
            return f"{self.name} takes a whole number, not {value:g}"
        return ""


@dataclass(frozen=True)
class Operation:
    """An operation: what it changes, its knobs, and the function that does it.

    kind: "colour" sees one pixel at a time and moves none; "detail" mixes neighbours;
    "shape" moves or drops pixels.
    """

    name: str
    kind: Kind
    run: Callable[..., Pixels]
    knobs: tuple[Knob, ...] = ()


AMOUNT = Knob("amount", -100, 100)
BOX = tuple(Knob(side, 0, 1, "") for side in ("left", "top", "right", "bottom"))

OPERATIONS: dict[str, Operation] = {
    each.name: each
    for each in (
        Operation("grayscale", "colour", colour.grayscale),
        Operation("brightness", "colour", colour.brightness, (AMOUNT,)),
        Operation(
            "exposure", "colour", colour.exposure, (Knob("stops", -3, 3, "stops"),)
        ),
        Operation("contrast", "colour", colour.contrast, (AMOUNT,)),
        Operation("saturation", "colour", colour.saturation, (AMOUNT,)),
        Operation("temperature", "colour", colour.temperature, (AMOUNT,)),
        Operation("tint", "colour", colour.tint, (AMOUNT,)),
        Operation("invert", "colour", colour.invert),
        Operation("blur", "detail", shape.blur, (Knob("radius", 0, 20, "pixels"),)),
        Operation("sharpen", "detail", shape.sharpen, (Knob("amount", 0, 300),)),
        Operation("crop", "shape", shape.crop, BOX),
        Operation("mirror", "shape", shape.mirror),
        Operation(
            "rotate", "shape", shape.rotate, (Knob("turns", 0, 3, "quarters", True),)
        ),
    )
}
COLOUR = frozenset(name for name, each in OPERATIONS.items() if each.kind == "colour")
