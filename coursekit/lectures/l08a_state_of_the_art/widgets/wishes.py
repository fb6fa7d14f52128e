"""A wish of a few words, what becomes of it, and what is still left to chance."""

from collections.abc import Mapping
from math import log2

import ipywidgets as w

from coursekit.datasets.teddy.captions import caption
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import VOCABULARY
from coursekit.datasets.teddy.scene_reader import LARGE
from coursekit.evaluation.enhancement import word_bits
from coursekit.pipeline.enhance import (
    WAYS,
    scene_with,
    short,
)
from coursekit.pipeline.loose_phrases import ORDER
from coursekit.pipeline.loose_prompts import UNSAID
from coursekit.pipeline.retrieval import Attributes, coded, completions, training_pool
from coursekit.widgets.controls import choice, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

OPEN = "(not said)"
SHOWN = 6  # pictures
QUICK = ("plain", "retrieval")


def named(words: Mapping[str, str]) -> Attributes:
    """What was said. Captions have no words for what is absent."""
    return {
        name: words[name]
        for name in ORDER
        if words[name] != OPEN and (name == "action" or words[name] != UNSAID.get(name))
    }


def left(said: Attributes, way: str) -> dict[str, float]:
    """The bits of each attribute that was not said, whatever the seed."""
    open_ = [name for name in ORDER if name not in said]
    if way == "plain":
        return {n: 0.0 if n in UNSAID else log2(len(VOCABULARY[n])) for n in open_}
    rows = completions(coded(said), training_pool()).tolist()
    columns = dict(zip(ORDER, zip(*rows, strict=True), strict=True))
    return {name: word_bits([str(word) for word in columns[name]]) for name in open_}


def draw(way: str, seed: float, **words: str) -> Scene:
    """The expansions of some seeds as the renderer draws them, and what is left."""
    said, first = named(words), int(seed)
    full = [WAYS[way](said, first + i) for i in range(SHOWN)]
    scenes = [scene_with(each) for each in full]
    bits = left(said, way)
    each = ", ".join(f"{name} {value:.1f}" for name, value in bits.items())
    text = (
        f"{short(said)} -> {caption(scenes[0])}. Left to chance, in bits: "
        f"{each or 'nothing'}."
    )
    names = [f"seed {first + i}" for i in range(SHOWN)]
    return Scene(images=render(scenes, LARGE), names=names, text=text)


def wishes() -> Live:
    """What is named, by attribute; the way of enhancement; a seed."""
    controls: dict[str, w.Widget] = {
        name: w.Dropdown(
            options=(OPEN, *VOCABULARY[name]),
            value="reading" if name == "action" else OPEN,
            description=name,
        )
        for name in ORDER
    }
    controls["way"] = choice(list(QUICK), "retrieval", "way")
    controls["seed"] = number("seed", 0, 0, 30, 1, "d")
    return Live(controls, draw, "wishes")
