"""A small arena in the notebook: two pictures, three buttons, a table that moves."""

import io
import tempfile
from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path

import ipywidgets as w
import numpy as np
from PIL import Image

from coursekit.arena.painter import SIDE, Painter, Pair, painter
from coursekit.arena.store import Store
from coursekit.arena.table import Table, table
from coursekit.plots.images import Picture, grid
from coursekit.widgets.still import WithStill, one_line

STUDENTS = (
    "teddy-64-progressive",
    "teddy-64-consistency",
    "teddy-64-dmd",
    "teddy-64-meanflow",
)
BUTTONS = {"left": "left is better", "tie": "tie", "right": "right is better"}


class Arena(WithStill, w.VBox):  # type: ignore[misc]
    """Shows a pair, takes a vote, says who drew it, and goes on to the next."""

    pair: Pair

    def __init__(self, store: Store, artist: Painter) -> None:
        """Draw the first pair."""
        self.store, self.artist = store, artist
        self.prompt, self.said = w.HTML(), w.HTML()
        size = w.Layout(width=f"{SIDE}px", margin="0 8px 0 0")
        self.images = [w.Image(format="png", layout=size) for _ in range(2)]
        self.buttons = [w.Button(description=text) for text in BUTTONS.values()]
        for won, button in zip(BUTTONS, self.buttons, strict=True):
            button.on_click(partial(self._cast, won))
        rows = [w.HBox(self.images), w.HBox(self.buttons)]
        super().__init__([self.prompt, *rows, self.said])
        self._show()

    def _show(self) -> None:
        self.pair = pair = self.artist.next()
        self.token = self.store.show(pair.prompt, pair.seed, pair.left, pair.right)
        self.prompt.value = escape(pair.prompt)
        for image, png in zip(self.images, pair.pictures, strict=True):
            image.value = png

    def _cast(self, won: str, _: w.Button) -> None:
        try:
            left, right = self.store.vote(self.token, won)
            board = table(self.store.votes(), self.artist.names)
            names = f"That was {escape(left)} on the left, {escape(right)} on the right"
            self.said.value = f"{names} ({won}).{as_html(board)}"
            self._show()
        except Exception as error:  # shown to the learner, never raised in a callback
            self.said.value = f"That did not work: {escape(one_line(error))}"

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return f"arena({len(self.artist.names)} models)"

    def picture(self) -> Picture:
        """The pair that waits for a vote."""
        return grid(np.stack([np.asarray(_open(p)) for p in self.pair.pictures]))


def _open(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def as_html(board: Table) -> str:
    """The table for a notebook."""
    rows = []
    for row in board.rows:
        shown = row.said if row.rating is None else f"{row.rating:.0f}"
        if row.low is not None and row.high is not None:
            shown += f" ({row.low:.0f} to {row.high:.0f})"
        cells = (row.name, shown, f"{row.games} votes")
        rows.append("".join(f"<td>{escape(cell)}&emsp;</td>" for cell in cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><caption>{escape(board.caption)}</caption>{body}</table>"


def arena(
    models: Sequence[str] = STUDENTS, votes: str | Path | None = None, seed: int = 0
) -> Arena:
    """Vote blindly between two of our models.

    votes: the file that keeps them, as for `coursekit arena`; None: until the kernel
    ends.
    """
    file = Path(tempfile.mkdtemp()) / "votes.sqlite" if votes is None else Path(votes)
    return Arena(Store(file), painter(models, seed))
