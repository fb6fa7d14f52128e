"""The questions of a caption as a tree, and what a picture answers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import FURS, HATS, PLACES, Scene
from coursekit.datasets.teddy.scene_data import in_order
from coursekit.evaluation.tifa import caption_questions
from coursekit.evaluation.vqa import answers
from coursekit.pipeline.loose_prompts import understand
from coursekit.plots.draw import Line, Mark, Sheet, Text
from coursekit.widgets.controls import choice, sentence
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene as View

Holds = Callable[[Tensor, Tensor], Tensor]  # (right, parents) -> what counts
ASKED = "a brown bear with a red hat and a white bear with sunglasses, in the park"
ROW, STEP, WIDE, SIDE = 22, 26, 560, 64


def following(word: str, words: tuple[str, ...]) -> str:
    """The next word of a list, the first after the last."""
    return words[(words.index(word) + 1) % len(words)]


def changed(scene: Scene, change: str) -> Scene:
    """The scene, its first bear or its place not as asked."""
    bears = in_order(scene)
    first = bears[0]
    if change == "another fur":
        others = tuple(f for f in FURS if f not in {b.fur for b in bears[1:]})
        bears[0] = replace(first, fur=following(first.fur, others))
    elif change == "another hat":
        bears[0] = replace(first, hat=following(first.hat, HATS))
    elif change == "hats exchanged":
        bears[0] = replace(first, hat=bears[-1].hat)
        bears[-1] = replace(bears[-1], hat=first.hat)
    elif change == "another place":
        return replace(scene, place=following(scene.place, PLACES))
    return replace(scene, bears=tuple(bears))


CHANGES = ("as asked", "another fur", "another hat", "hats exchanged", "another place")


def draw(holds: Holds, prompt: str, shown: str) -> View:
    """The picture, its questions, and which answers count."""
    asked = understand(prompt.strip() or "a bear", most=3)
    images = render([changed(asked.scene, shown)], SIDE)
    tree = caption_questions(asked.prompt)
    (said,) = answers(images, [[item.question for item in tree]])
    right = torch.tensor([a == item.answer for a, item in zip(said, tree, strict=True)])
    parents = torch.tensor([item.parent for item in tree])
    counts = holds(right, parents).tolist()
    marks: list[Mark] = []
    for row, (item, answer) in enumerate(zip(tree, said, strict=True)):
        y, x = 16 + ROW * row, 4 + STEP * (item.parent >= 0)
        if item.parent >= 0:
            top = 16 + ROW * item.parent + 6
            marks.append(Line(np.array([(12, top), (12, y - 4), (x, y - 4)]), "grey"))
        lost = bool(right[row]) and not counts[row]
        tone = "green" if counts[row] else "orange" if lost else "red"
        sign = "✓" if counts[row] else "no parent" if lost else f"not {item.answer}"
        marks.append(Text(x, y, f"{item.question.text}?", size=12))
        marks.append(Text(WIDE - 150, y, answer, tone, 12, bold=True))
        marks.append(Text(WIDE - 80, y, sign, tone, 12))
    title = f"questions about: {asked.prompt}"
    sheet = Sheet(tuple(marks), WIDE, 24 + ROW * len(tree), title)
    share, flat = np.mean(counts), float(right.float().mean())
    text = f"{asked.prompt}: TIFA {share:.2f}, and {flat:.2f} without the tree."
    return View((sheet,), images, ("the picture",), text)


def tifa_tree(holds: Holds, prompt: str = ASKED) -> Live:
    """Ask for bears, spoil the picture, and see which questions fall with which.

    holds: your function of exercise 07.20.
    """
    controls = {"prompt": sentence("prompt", prompt), "shown": choice(CHANGES)}
    return Live(controls, lambda **state: draw(holds, **state), "tifa_tree")
