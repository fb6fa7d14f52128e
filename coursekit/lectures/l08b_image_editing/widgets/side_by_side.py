"""One picture and one wish, by a generator or by an agent, and what is different."""

from itertools import islice
from typing import Any

import ipywidgets as w
import numpy as np

from coursekit.datasets.teddy.edit_pairs import (
    EditPair,
    Images,
    Wish,
    answered,
    changed,
    colour_wishes,
    content_wishes,
)
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.lectures.l08b_image_editing.experiments import editors as who_edits
from coursekit.pipeline.catalogue import is_there
from coursekit.widgets.controls import choice, level, number, show
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

PICTURES, SEED, CONTENT = 20, 8_100_000, "something in the picture"


def pair_of(picture: int, colours: str, place: int) -> EditPair:
    """A held-out scene and what is asked of it.

    colours: the text of a wish for the colours, or CONTENT: then one of all wishes for
    the content that fit the scene, number `place` of them, counted round.
    """
    scene = next(islice(scenes(SEED, "test"), picture, None))
    for wish in colour_wishes():
        if wish.text == colours:
            return EditPair(scene, wish, scene)
    fitting: list[Wish] = content_wishes(scene)
    wish = fitting[place % len(fitting)]
    return EditPair(scene, wish, changed(scene, wish.name, wish.word))


def difference(before: Images, after: Images) -> Images:
    """Grey where both are equal, lighter where `after` is, three times as strong."""
    off = after.astype(np.int64) - before
    apart: Images = np.clip(128 + 3 * off, 0, 255).astype(np.uint8)
    return apart


def draw(
    wish: str, number: float, picture: float, who: str, scale: float, seed: float
) -> Scene:
    """The picture before, the editor's, the exact answer, and what is different."""
    pair = pair_of(int(picture), wish, int(number))
    before, exact = render([pair.scene]), answered([pair])
    if who == "generator" and is_there("teddy-edit"):
        drawn, text = who_edits.generator([pair], scale, int(seed)), "drawn again"
    else:
        drawn = who_edits.agent([pair])
        text = "the plan has run" if pair.wish.plan else "refused: no operation does it"
        if who == "generator":
            text = f"teddy-edit is not trained yet; the agent: {text}"
    share = float((drawn != before).any(axis=-1).mean())
    images = np.concatenate([before, drawn, exact, difference(before, drawn)])
    names = ["before", who, "exact", "difference"]
    said = f"{pair.wish.text}: {text}. {share:.0%} of the pixels differ."
    return Scene(images=images, names=names, text=said)


def editors() -> Live:
    """A wish, a picture, who edits it, guidance and the seed of the noise."""
    texts = [wish.text for wish in colour_wishes()]
    controls: dict[str, w.Widget] = {
        "wish": w.Dropdown(options=[*texts, CONTENT], description="wish"),
        "number": number("which", 0, 0, 24, 1, "d"),
        "picture": number("picture", 0, 0, PICTURES - 1, 1, "d"),
        "who": choice(["agent", "generator"], "agent", "who"),
        "scale": level("guidance", (1, 2, 3, 5), 3),
        "seed": number("seed", 0, 0, 20, 1, "d"),
    }

    def only_what_counts(_: Any = None) -> None:
        """Numbers are for wishes for the content, guidance and seed for a generator."""
        show(controls["number"], controls["wish"].value == CONTENT)
        for name in ("scale", "seed"):
            show(controls[name], controls["who"].value == "generator")

    for name in ("wish", "who"):
        controls[name].observe(only_what_counts, "value")
    only_what_counts()
    return Live(controls, draw, "editors")
