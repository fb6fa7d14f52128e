"""Two controls of several parts, each with one value: a row of switches, and a plan."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import ipywidgets as w
import traitlets

from coursekit.editing.operations import OPERATIONS
from coursekit.editing.plan import Step
from coursekit.widgets.controls import number, show

NOTHING = "(nothing)"
KEPT = "width kept"
Action = tuple[str, float]  # an operation, and where its slider stands: -100 to 100


class Parts(w.VBox):  # type: ignore[misc]
    """Controls whose values make one value together, which can be set as well."""

    value = traitlets.Tuple()

    def __init__(
        self, parts: Sequence[Any], value: tuple[Any, ...], **box: Any
    ) -> None:
        """Show the value, and follow the parts from then on."""
        super().__init__(**box)
        self.parts, self._showing = parts, False
        self.observe(self._set, "value")
        for part in parts:
            part.observe(self._moved, "value")
        self.value = value

    def _set(self, change: Any) -> None:
        if change["new"] != self.read():
            self._showing = True
            self.show(change["new"])
            self._showing = False

    def _moved(self, _: Any) -> None:
        if not self._showing:
            self.value = self.read()

    def read(self) -> tuple[Any, ...]:
        """The value that the parts make."""
        raise NotImplementedError

    def show(self, value: tuple[Any, ...]) -> None:
        """Set the parts."""
        raise NotImplementedError


class Switches(Parts):
    """A row of buttons, each pressed or not; value: the names of the pressed ones."""

    def __init__(self, names: Sequence[str], pressed: tuple[str, ...]) -> None:
        """One button for each name."""
        layout = w.Layout(width="auto")
        buttons = [w.ToggleButton(description=n, layout=layout) for n in names]
        row = w.HBox(buttons, layout=w.Layout(flex_flow="row wrap"))
        super().__init__(buttons, pressed, children=[row])

    def read(self) -> tuple[str, ...]:
        """What is pressed."""
        return tuple(button.description for button in self.parts if button.value)

    def show(self, value: tuple[str, ...]) -> None:
        """Press these and no others."""
        for button in self.parts:
            button.value = button.description in value


class Actions(Parts):
    """Rows of an operation and a slider; value: the actions that do something."""

    def __init__(self, rows: int, begin: tuple[Action, ...]) -> None:
        """So many rows, of which the first ones are filled."""
        names = (NOTHING, *OPERATIONS)
        self.rows = [
            (
                w.Dropdown(options=names, layout=w.Layout(width="140px")),
                number("", 0, -100, 100, 1, "+.0f"),
            )
            for _ in range(rows)
        ]
        for kind, place in self.rows:
            kind.observe(partial(self._begin, place), "value")
        parts = [part for row in self.rows for part in row]
        super().__init__(parts, begin, children=[w.HBox(row) for row in self.rows])

    def _begin(self, place: Any, change: Any) -> None:
        """Name the slider of another operation, and put it where nothing changes."""
        do = change["new"]
        knobs = () if do == NOTHING else OPERATIONS[do].knobs
        show(place, bool(knobs))
        if knobs:
            place.description = KEPT if do == "crop" else knobs[0].name
            place.value = still(do)

    def read(self) -> tuple[Action, ...]:
        """What the rows say."""
        pairs = ((kind.value, place.value) for kind, place in self.rows)
        return tuple(pair for pair in pairs if pair[0] != NOTHING)

    def show(self, value: tuple[Action, ...]) -> None:
        """Fill the rows from above; the others do nothing."""
        for n, (kind, place) in enumerate(self.rows):
            kind.value, place.value = value[n] if n < len(value) else (NOTHING, 0.0)


def still(do: str) -> float:
    """Where the slider of an operation changes nothing, if there is such a place."""
    (first, *others) = OPERATIONS[do].knobs
    if others:
        return 100.0  # a crop that keeps all
    return -200 * first.low / (first.high - first.low) - 100


def step_of(do: str, place: float) -> Step:
    """An action: its slider goes from one end of the range to the other.

    Of a crop it says how much of the width stays.
    """
    share = (place + 100) / 200
    if do == "crop":
        return Step(do, {"left": 0, "top": 0, "right": max(share, 0.02), "bottom": 1})
    numbers = {k.name: k.low + (k.high - k.low) * share for k in OPERATIONS[do].knobs}
    if do == "rotate":
        numbers = {"turns": int(numbers["turns"] + 0.5)}
    return Step(do, numbers)


def action_of(step: Step) -> Action:
    """The other way. ValueError for a step that one slider is not enough for."""
    knobs = OPERATIONS[step.do].knobs
    if len(knobs) > 1:
        raise ValueError(f"an action has one slider here: {step.do} needs more")
    for k in knobs:
        return step.do, 200 * (step.values[k.name] - k.low) / (k.high - k.low) - 100
    return step.do, 0.0
