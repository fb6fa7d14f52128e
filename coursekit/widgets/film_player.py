"""The film player: a reel in the browser, one slider for each axis.

The frames cross the wire once; after that no slider move waits for Python. The player
also carries a still picture of its reel, for pages and copies without a kernel.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from coursekit.plots.images import Picture
from coursekit.widgets.reel import Reel
from coursekit.widgets.still import WithStill, one_line

_HERE = Path(__file__).parent


@cache
def _source(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


class FilmPlayer(WithStill, anywidget.AnyWidget):
    """Shows a `Reel`; `index` is the frame on screen and may be set from Python.

    action: text of a button; on_action(player) runs when it is pressed and returns a
    new Reel (or None to keep the old one). It may set `player.note`, a line of text
    under the picture; an exception in it becomes such a line.
    """

    _esm = _source("film_tiles.js", "film_points.js", "film.js")
    _css = _source("film.css")
    plan = traitlets.Dict().tag(sync=True)
    frames = traitlets.Bytes(b"").tag(sync=True)
    version = traitlets.Int(0).tag(sync=True)
    index = traitlets.Int(0).tag(sync=True)
    presses = traitlets.Int(0).tag(sync=True)
    action = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        reel: Reel | None,
        *,
        action: str = "",
        on_action: Callable[["FilmPlayer"], Reel | None] | None = None,
        note: str = "",
        name: str = "FilmPlayer",
    ) -> None:
        """A player without a reel shows its button and note only."""
        super().__init__(action=action, note=note)
        self._name = name
        self._on_action = on_action
        self.reel: Reel | None = None
        if reel is not None:
            self.load(reel)
        self.observe(self._pressed, "presses")

    def load(self, reel: Reel, index: int | None = None) -> None:
        """Replace the film; all that belongs together crosses the wire at once."""
        keep = self.reel is not None and self.reel.count == reel.count
        start = index if index is not None else self.index if keep else reel.start
        with self.hold_sync():
            self.plan = reel.plan()
            self.frames = reel.frames.tobytes()
            self.index = min(max(start, 0), reel.count - 1)
            self.version += 1
        self.reel = reel

    def count(self, done: int, total: int, what: str) -> None:
        """Say how much is done, about 20 times in all, and nothing at the end."""
        if done % max(total // 20, 1) == 0 or done == total:
            self.note = f"{done} of {total} {what}" * (done < total)

    def press(self) -> None:
        """Press the button from Python."""
        self.presses += 1

    def _pressed(self, _: Any) -> None:
        if self._on_action is None:
            return
        try:
            reel = self._on_action(self)
            if reel is not None:
                self.load(reel)
        except KeyboardInterrupt:
            self.note = "Stopped. Press the button to start again."
        except Exception as error:  # shown to the learner, never raised in a callback
            self.note = f"That did not work: {one_line(error)}"

    def picture(self) -> Picture | None:
        """The still picture of the reel, if there is one yet."""
        return None if self.reel is None else self.reel.still()

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        if self.reel is None or not self.reel.axes:
            return f"{self._name}(press the button)"
        return f"{self._name}({self.reel.count} frames)"


def noise_player(make: Callable[[FilmPlayer], Reel], name: str) -> FilmPlayer:
    """A player of what `make` draws, with a button that has it drawn from other noise.

    make(player) should add `player.presses` to its seed.
    """
    player = FilmPlayer(None, action="other noise", on_action=make, name=name)
    player.load(make(player))
    return player
