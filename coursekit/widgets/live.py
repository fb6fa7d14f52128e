"""A live widget: ipywidgets controls, a plain function that draws, nothing in between.

For pictures that are cheap to recompute (a few milliseconds). What takes longer is
computed once and becomes a film: see `film_player`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from coursekit.plots.images import Picture
from coursekit.widgets.scene import Scene
from coursekit.widgets.still import WithStill, one_line

# `contain`: a change in here must not make the browser lay out the whole notebook.
_STYLE = """<style>
.ck-live, .ck-live-chart { contain: layout style; }
.ck-live-image { image-rendering: pixelated; flex: none; }
</style>"""


class Live(WithStill, w.VBox):  # type: ignore[misc]
    """Calls `draw(name=value, ...)` whenever a control moves, and shows its Scene.

    controls: name -> an ipywidgets control with a `value`; see `controls`.
    """

    def __init__(
        self, controls: Mapping[str, Any], draw: Callable[..., Scene], name: str
    ) -> None:
        """Draw once with the values that the controls start with."""
        self.controls = dict(controls)
        self._draw, self._name = draw, name
        self.chart = w.HTML()
        self.image = w.Image(format="png", layout=w.Layout(display="none"))
        self.image.add_class("ck-live-image")
        self.names = w.HTML()
        self.note = w.HTML()
        self.scene: Scene | None = None
        parts = [self.chart, self.image, self.names, self.note]
        super().__init__([w.HTML(_STYLE), *self.controls.values(), *parts])
        self.add_class("ck-live")
        self.chart.add_class("ck-live-chart")
        for control in self.controls.values():
            control.observe(self._changed, "value")
        self._changed()

    def state(self) -> dict[str, Any]:
        """The value of each control."""
        return {name: control.value for name, control in self.controls.items()}

    def _changed(self, _: Any = None) -> None:
        try:
            scene = self._draw(**self.state())
            self.chart.value = scene.html()
            if scene.images is not None:
                self.image.value, width = scene.png()
                self.image.layout.width = f"{width}px"
            self.image.layout.display = "" if scene.images is not None else "none"
            self.names.value = scene.names_html()
            self.scene, self.note.value = scene, ""
        except Exception as error:  # shown to the learner, never raised in a callback
            self.note.value = f"That did not work: {one_line(error)}"

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return f"{self._name}({', '.join(self.controls)})"

    def picture(self) -> Picture | None:
        """The scene as a still picture."""
        return self.scene.still() if self.scene else None
