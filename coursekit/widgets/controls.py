"""The controls of live widgets, in one look: a label, a slider, what it stands at."""

from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets as w


def _look(label: str, room: int = 80, width: int = 440) -> dict[str, Any]:
    """A label in `room` pixels of a control that is `width` pixels wide."""
    style, layout = {"description_width": f"{room}px"}, {"width": f"{width}px"}
    return {"description": label, "style": style, "layout": layout}


def number(
    label: str,
    value: float,
    low: float,
    high: float,
    step: float = 0.1,
    form: str = ".1f",
) -> w.FloatSlider | w.IntSlider:
    """A slider for a number.

    form: how it is written beside the slider; "d" makes it a slider for whole numbers.
    """
    kind = w.IntSlider if form == "d" else w.FloatSlider
    ends = {"min": low, "max": high, "step": step, "readout_format": form}
    return kind(value, **ends, **_look(label))


def time(value: float, low: float = 0.0, high: float = 1.0) -> w.FloatSlider:
    """A slider for t, from data on the left to noise on the right."""
    return number("t", value, low, high, 0.02, ".2f")


def level(
    label: str, options: Iterable[float], value: float, room: int = 80
) -> w.SelectionSlider:
    """A slider that stops at a few numbers only; room: pixels for the label."""
    texts = [(f"{option:g}", option) for option in options]
    return w.SelectionSlider(
        options=texts, value=value, **_look(label, room, 360 + room)
    )


def choice(options: Sequence[Any], value: Any = None, label: str = "") -> Any:
    """Buttons of which one is pressed; options: names, or pairs (name, value)."""
    buttons = w.ToggleButtons(options=options, description=label)
    if value is not None:
        buttons.value = value
    return buttons


def sentence(label: str, text: str) -> w.Text:
    """A line of text that can be edited."""
    return w.Text(text, **_look(label, width=640))


def show(control: w.Widget, visible: bool) -> None:
    """Show a control, or hide it while it would do nothing."""
    control.layout.display = "" if visible else "none"
