"""A whole image generator out of named boxes: build it, draw with it, swap one box.

pipe = from_checkpoint("teddy-prompts")
images = pipe.draw(["a brown bear is reading in the park"], seed=0)
plain = pipe.swap(guidance="none")          # everything else holds
print(pipe.describe())
print(pipe.describe_alternatives())         # what could be swapped, or why not
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_uint8
from coursekit.datasets.tokens import Tokenizer
from coursekit.evaluation.text_sampling import starts
from coursekit.pipeline.boxes import (
    ABOUT,
    SOLVERS,
    STEPS,
    WORDS,
    Boxes,
    PipelineError,
    changed,
)
from coursekit.pipeline.catalogue import NotTrained, entries, find, is_there
from coursekit.pipeline.guides import belief
from coursekit.pipeline.parts import Parts, load_parts
from coursekit.pipeline.walks import times, walk
from coursekit.theory.prediction import Predict, Prediction
from coursekit.training import pretrained
from coursekit.training.precision import lowered, native_bf16

Images = NDArray[np.uint8]
Asked = int | Sequence[str] | Sequence[int]
BATCH = 50  # pictures drawn at once
SCALES = {"none": 1.0, "classifier-free": 3.0, "classifier": 3.0}  # usual ones


class PictureFilm(NamedTuple):
    """A walk from noise to pictures, N + 1 moments of B pictures each."""

    states: list[Images]  # what the noise looks like, decoded
    guesses: list[Images]  # what the model thinks it will become; the last is the end
    times: list[float]


@dataclass(frozen=True)
class Pipeline:
    """Boxes and the trained parts behind them. Nothing changes in place."""

    boxes: Boxes
    parts: Parts
    folder: Path | None = None  # of the checkpoints; None: those that ship

    @torch.no_grad()
    def draw(
        self, asked: Asked = 1, seed: int = 0, noise: Tensor | None = None
    ) -> Images:
        """One picture for each thing asked for, uint8 (B, H, W, C).

        asked: prompts; or classes, by name or number; or, where nothing is told, how
        many pictures. Picture i of a seed starts from the same noise whatever else is
        asked and whichever box is swapped, as long as the representation stays.
        noise: (B, ...) to start from instead.
        Raises PipelineError for words or classes that the model does not know.
        """
        count, cond = self.condition(asked)
        done: list[Images] = []
        if noise is None:
            noise = starts(count, self.parts.shape, seed)
        if noise.shape != (count, *self.parts.shape):
            want = (count, *self.parts.shape)
            raise PipelineError(f"noise of shape {tuple(noise.shape)}: give {want}")
        fresh = torch.Generator().manual_seed(seed)
        for i in range(0, count, BATCH):
            part = None if cond is None else cond[i : i + BATCH]
            *_, x0 = walk(
                belief(self.boxes, self.parts, part),
                noise[i : i + BATCH],
                self.parts.path,
                self.boxes.solver,
                self.boxes.steps,
                fresh,
                self.parts.shift,
            )
            done.append(to_uint8(self.parts.decode(x0)))
        return np.concatenate(done)

    @torch.no_grad()
    def film(self, asked: Asked = 1, seed: int = 0) -> PictureFilm:
        """The way to the pictures that `draw` would give for the same arguments.

        At most BATCH pictures: a film keeps every moment.
        """
        count, cond = self.condition(asked)
        if count > BATCH:
            raise PipelineError(f"{count} pictures: a film shows {BATCH} at most")
        seen: list[Tensor] = []
        predict = belief(self.boxes, self.parts, cond)

        def watched(xt: Tensor, t: Tensor) -> Prediction:
            answer = predict(xt, t)
            seen.append(answer.x0)
            return answer

        told: Predict = watched
        states: list[Images] = []
        guesses: list[Images] = []
        fresh = torch.Generator().manual_seed(seed)
        boxes, path = self.boxes, self.parts.path
        start = starts(count, self.parts.shape, seed)
        way = walk(
            told, start, path, boxes.solver, boxes.steps, fresh, self.parts.shift
        )
        for x in way:
            if states:  # the first question of a step is asked at the state itself
                guesses.append(to_uint8(self.parts.decode(seen[0])))
            states.append(to_uint8(self.parts.decode(x)))
            seen.clear()
        ts = times(path, boxes.solver, boxes.steps, self.parts.shift).tolist()
        return PictureFilm(states, [*guesses, states[-1]], ts)

    def condition(self, asked: Asked) -> tuple[int, Tensor | None]:
        """How many pictures, and what the network or its guide is told: (B, ...).

        Raises PipelineError, in one line, for what it cannot be told.
        """
        words = self.parts.words
        if words is None:
            if not isinstance(asked, int) or asked < 1:
                raise PipelineError(f"{self.parts.name} is told nothing: say how many")
            return asked, None
        if isinstance(asked, int | str) or not len(asked):
            what = "prompts" if isinstance(words, Tokenizer) else "classes"
            raise PipelineError(f"{self.parts.name} wants a list of {what}")
        if isinstance(words, Tokenizer):
            assert self.parts.null is not None
            try:
                ids = words.encode([str(each) for each in asked], len(self.parts.null))
            except ValueError as error:
                raise PipelineError(str(error)) from None
            return len(ids), ids
        labels = [words.index(a) if a in words else a for a in asked]
        for label in labels:
            if not isinstance(label, int) or not 0 <= label < len(words):
                raise PipelineError(
                    f"no class {label!r}: use a number below {len(words)} or one of "
                    f"{', '.join(words)}"
                )
        return len(labels), torch.tensor(labels)

    def swap(self, **changes: Any) -> "Pipeline":
        """The same pipeline with one box (or several) swapped, the others hold.

        Words: `boxes.WORDS` and `boxes.SOLVERS`; scale and steps are numbers. A new
        guide starts with its usual scale. Raises PipelineError, in one line, where no
        trained network fits.
        """
        if "guidance" in changes and "scale" not in changes:
            changes["scale"] = SCALES.get(changes["guidance"], 1.0)
        boxes = changed(self.boxes, **changes)
        found = find(boxes, self.folder, self.parts.name)
        kept = (self.parts.name, self.boxes.told, self.boxes.network_told)
        if kept == (found.name, boxes.told, boxes.network_told):
            return replace(self, boxes=boxes)  # parts of your own hold, too
        return assemble(boxes, self.folder, found.name)

    def avoiding(self, prompt: str) -> "Pipeline":
        """Guided away from `prompt` instead of from the empty one.

        Raises PipelineError where there is no classifier-free guidance, or for words
        that the model does not know.
        """
        if self.boxes.guidance != "classifier-free" or self.boxes.scale == 1:
            raise PipelineError("a negative prompt needs guidance other than 1")
        _, ids = self.condition([prompt])
        return self.with_parts(null=None if ids is None else ids[0])

    def with_parts(self, **changes: Any) -> "Pipeline":
        """The same pipeline with a part of your own: model=..., decode=..., ..."""
        return replace(self, parts=replace(self.parts, **changes))

    def in_bf16(self) -> "Pipeline":
        """The same pipeline, its network multiplying in bf16 where the processor does.

        For large batches: of `teddy-prompts` 50 pictures took 1 / 1.7 of the time and
        differed by 0.3 of 255 on average, in one place by 29; one picture takes as long
        as ever. A `swap` to another network undoes it.
        """
        if not native_bf16():
            return self
        return self.with_parts(model=lowered(self.parts.model, "cpu"))

    def alternatives(self) -> dict[str, dict[str, str]]:
        """For each box, each other word and what stands in its way: "" if nothing."""
        table: dict[str, dict[str, str]] = {}
        words = {**WORDS, "solver": SOLVERS[self.boxes.paradigm]}
        for box, options in words.items():
            row = table.setdefault(box, {})
            for word in options:
                if word == getattr(self.boxes, box):
                    continue
                try:
                    boxes = changed(self.boxes, **{box: word})
                    find(boxes, self.folder, self.parts.name)
                    row[word] = ""
                except PipelineError as error:
                    row[word] = str(error)
        return table

    def describe(self) -> str:
        """A table of the boxes, one line each: box, choice, what that means."""
        notes = dict(self.parts.notes)
        rows = []
        for box in (field.name for field in fields(Boxes)):
            value = getattr(self.boxes, box)
            text = f"{value:g}" if isinstance(value, float) else str(value)
            note = notes.get(box, "")
            if box == "steps":
                note = f"{self.boxes.evaluations()} evaluations of the network"
            rows.append((box, text, f"{ABOUT[box]}{f': {note}' if note else ''}"))
        return "\n".join(f"{a:<15} {b:<16} {c}" for a, b, c in rows)

    def describe_alternatives(self) -> str:
        """One line for each word that could be swapped in, or why it cannot."""
        return "\n".join(
            f"{box:<15} {word:<16} {reason or 'can be swapped in'}"
            for box, row in self.alternatives().items()
            for word, reason in row.items()
        )


def assemble(boxes: Boxes, folder: Path | None = None, prefer: str = "") -> Pipeline:
    """The pipeline of these boxes, from trained networks.

    folder: of the checkpoints (None: data/checkpoints); prefer: the checkpoint to take
    if several fit. Raises PipelineError where no trained network fits, CheckpointError
    where a file is damaged.
    """
    return Pipeline(boxes, load_parts(boxes, folder, prefer), folder)


def from_checkpoint(name: str, folder: Path | None = None) -> Pipeline:
    """The pipeline around the checkpoint of one recipe, its other boxes as usual.

    A model that is told a prompt or a class starts with classifier-free guidance at
    the scale of its card, or 3. Raises PipelineError for a recipe that does not draw
    or is not trained yet.
    """
    for each in entries():
        if each.name != name:
            continue
        if not is_there(name, folder):
            raise NotTrained(name)
        paradigm = each.paradigms[0]
        guidance = "none" if each.told == "nothing" else "classifier-free"
        scale = float(pretrained.card(name, folder).get("scale", SCALES[guidance]))
        boxes = Boxes(
            world=each.world,
            told=each.told,
            paradigm=paradigm,
            representation=each.representation,
            architecture=each.architecture,
            guidance=guidance,
            scale=scale,
            solver=SOLVERS[paradigm][0],
            steps=STEPS[paradigm],
        )
        return assemble(boxes, folder, name)
    drawing = ", ".join(each.name for each in entries())
    raise PipelineError(f"{name!r} does not draw: use one of {drawing}")
