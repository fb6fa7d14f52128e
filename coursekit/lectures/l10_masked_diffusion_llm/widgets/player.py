"""Watch a canvas being filled, and hide tokens of it again with a click."""

from functools import partial
from typing import NamedTuple

import ipywidgets as w
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    program_rows,
    program_tokens,
)
from coursekit.datasets.teddy.render import render
from coursekit.datasets.tokens import END
from coursekit.evaluation.written_programs import scene_of
from coursekit.lectures.l10_masked_diffusion_llm.experiments.canvas import (
    after,
    empty,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.plots.draw import Area, Mark, Sheet, Text, box
from coursekit.plots.images import Picture
from coursekit.plots.theme import rgb
from coursekit.theory.unmasking import (
    AtRandom,
    ByConfidence,
    EntropyBound,
    Frame,
    Rule,
    unmask,
)
from coursekit.widgets.controls import choice, level, number, show
from coursekit.widgets.scene import Scene
from coursekit.widgets.still import WithStill, one_line

SIDE, WIDE, HIGH, ACROSS = 64, 88, 26, 8  # of the picture, of a token; tokens a row
HIDDEN = "·"
NATS = 0.3  # the bound of the rule by entropy, which chooses its own number of steps


class State(NamedTuple):
    """A canvas after some pass."""

    ids: Tensor  # (1, L)
    hidden: Tensor  # (1, L) bool
    sure: Tensor  # (1, L) confidence of each token when it was shown


def states(start: State, frames: list[Frame]) -> list[State]:
    """The canvas after each pass that showed something."""
    found, now = list[State](), start
    for frame in frames:
        if bool(frame.shown.any()):
            ids = torch.where(frame.shown, frame.guess.ids, now.ids)
            sure = torch.where(frame.shown, frame.guess.confidence, now.sure)
            now = State(ids, now.hidden & ~frame.shown, sure)
            found.append(now)
    return found


def tone(sure: float, hidden: bool) -> str:
    """Pale orange for a token that was doubtful, pale blue for a sure one."""
    if hidden:
        return "#d5d8dd"
    low, high = np.array(rgb("#f2b46b")), np.array(rgb("#a9d0f0"))
    mixed = (low + max(0.0, min(1.0, sure)) * (high - low)).round().astype(int)
    return "#" + "".join(f"{value:02x}" for value in mixed)


class StepPlayer(WithStill, w.VBox):  # type: ignore[misc]
    """Controls, one button for each token, the program and its picture."""

    def __init__(self, model: TokenTransformer, prompt: Tensor) -> None:
        """Fill the canvas once. prompt: (1, PROMPT) ids."""
        self.model, self.known = model, program_tokens().words
        self.predict, self.rerun = after(model, prompt), 0
        (self.caption,) = program_tokens().decode(prompt)
        rules = [("by confidence", "sure"), ("at random", "random")]
        self.rule = choice([*rules, (f"entropy, {NATS} nats", "entropy")])
        self.steps = level("steps", (1, 2, 4, 8, 16, 48), 8)
        self.passes = number("pass", 0, 0, 8, 1, "d")
        size = w.Layout(width=f"{WIDE}px", height=f"{HIGH}px", margin="1px")
        self.tokens = [w.Button(layout=size) for _ in range(CANVAS)]
        for place, button in enumerate(self.tokens):
            button.on_click(partial(self._hide, place))
        rows = f"repeat({ACROSS}, {WIDE + 4}px)"
        grid = w.GridBox(self.tokens, layout=w.Layout(grid_template_columns=rows))
        self.image = w.Image(format="png", layout=w.Layout(width=f"{2 * SIDE}px"))
        self.said = w.HTML()
        title = w.HTML(f"<b>{self.caption}</b>")
        below = w.HBox([self.image, self.said])
        super().__init__([title, self.rule, self.steps, self.passes, grid, below])
        for control in (self.rule, self.steps):
            control.observe(self._begin, "value")
        self.passes.observe(self._draw, "value")
        self._begin()

    def _rule(self) -> Rule:
        if self.rule.value == "entropy":
            return EntropyBound(NATS)
        kind = ByConfidence if self.rule.value == "sure" else AtRandom
        return kind(int(self.steps.value))

    def _write(self, start: State, before: list[State]) -> None:
        """Go on from a state with holes; `before`: what the slider keeps."""
        generator = torch.Generator().manual_seed(self.rerun)
        found = unmask(
            self.predict,
            *(start.ids, start.hidden, self._rule(), 1.0, generator),
            history=True,
        )
        self.film = [*before, start, *states(start, found.history)]
        self.passes.max = len(self.film) - 1

    def _begin(self, _: object = None) -> None:
        show(self.steps, self.rule.value != "entropy")
        ids, hidden = empty(1, self.model.config.mask_id)
        self.rerun = 0
        self._write(State(ids, hidden, torch.zeros(1, CANVAS).double()), [])
        last = len(self.film) - 1
        if self.passes.value == last:
            self._draw()
        self.passes.value = last

    def _hide(self, place: int, _: w.Button) -> None:
        """Hide one token of the canvas that is seen, and write on from there."""
        try:
            now = self.film[self.passes.value]
            if bool(now.hidden[0, place]):
                return
            ids, hidden = now.ids.clone(), now.hidden.clone()
            ids[0, place], hidden[0, place] = self.model.config.mask_id, True
            self.rerun += 1
            kept = self.film[: self.passes.value + 1]
            self._write(State(ids, hidden, now.sure), kept)
            self.passes.value = len(kept)
        except Exception as error:  # shown to the learner, never raised in a callback
            self.said.value = f"That did not work: {one_line(error)}"

    def _draw(self, _: object = None) -> None:
        now = self.film[self.passes.value]
        for button, (name, colour) in zip(self.tokens, self.cells(), strict=True):
            button.description, button.style.button_color = name, colour
            button.style.text_color = "#20303f"
        left = int(now.hidden.sum())
        (text,) = program_tokens().read(now.ids)
        scene = None if left else scene_of(text)
        # Until the program runs there is no scene: the canvas in small stands for it.
        grid = np.array([rgb(c) for _, c in self.cells()]).reshape(-1, ACROSS, 3)
        down = np.arange(SIDE) * len(grid) // SIDE
        image = grid[down][:, np.arange(SIDE) * ACROSS // SIDE].astype(np.uint8)
        if scene is not None:
            image = render([scene], SIDE)[0]
        self.shown, self.text = image, text.replace("<?>", HIDDEN)
        self.image.value, _width = Scene(images=image[None]).png()
        state = f"{left} hidden" if left else "it runs" if scene else "it does not run"
        self.said.value = f"<code>{self.text}</code><br>{state}"

    def cells(self) -> list[tuple[str, str]]:
        """What each token shows, and on which ground."""
        ids, hidden, sure = (part[0].tolist() for part in self.film[self.passes.value])
        names = [
            HIDDEN if h else self.known[i] for i, h in zip(ids, hidden, strict=True)
        ]
        return [
            (name if i != END else "end", tone(s, h))
            for i, name, s, h in zip(ids, names, sure, hidden, strict=True)
        ]

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return "step_player(rule, steps, pass)"

    def picture(self) -> Picture:
        """The canvas and the picture as a still."""
        marks = list[Mark]()
        for place, (name, colour) in enumerate(self.cells()):
            y, x = (HIGH * (place // ACROSS), WIDE * (place % ACROSS))
            marks.append(Area(box(x, y, x + WIDE - 3, y + HIGH - 3), colour, 1.0))
            marks.append(Text(x + WIDE / 2, y + 16, name, "#20303f", 11, "middle"))
        size = (WIDE * ACROSS, HIGH * (CANVAS // ACROSS))
        sheet = Sheet(tuple(marks), *size, "the canvas")
        images: NDArray[np.uint8] = self.shown[None]
        return Scene((sheet,), images, ("its picture",), self.caption).still()


def step_player(model: TokenTransformer, seed: int = 3) -> StepPlayer:
    """Fill the canvas of a held-out caption; `seed` says of which one."""
    rows, _ = program_rows(1, seed, "test")
    return StepPlayer(model, rows[:, :PROMPT])
