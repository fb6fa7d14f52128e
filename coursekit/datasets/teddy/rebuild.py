"""Read a picture, draw it again, compare: analysis by synthesis.

A reader may be fooled; a drawing from its answers can be held against the picture. What
was read right leaves a small residual, what this world cannot draw leaves a large one.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.captions import SUBJECT
from coursekit.datasets.teddy.reader import (
    READ,
    Pictures,
    as_pixels,
    measures,
    probabilities,
)
from coursekit.datasets.teddy.reader_nets import CHOICES, MEASURES, SIDE
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene

Numbers = NDArray[np.float64]
# The legal range of each measure and the first step of the search along it.
_RANGE = {
    "x": (0.30, 0.70, 0.02),
    "y": (0.80, 1.00, 0.02),
    "scale": (0.40, 0.80, 0.03),
    "brightness": (0.80, 1.15, 0.04),
    "warmth": (-1.0, 1.0, 0.3),
    "drift": (0.0, 0.99, 0.15),
}
# Further steps that change two measures at once: feet and size, the head stays where it
# is. One by one either makes a good drawing worse before both make it better.
_STRETCH = {"y": 0.04, "scale": 0.04}


def rebuild(
    images: Pictures, which: str = "first", rounds: int = 4
) -> tuple[list[Scene], NDArray[np.float64]]:
    """The one-bear scenes that explain the pictures best, and what they leave over.

    Starts at the reader's best answers, readable or not, and improves position, size
    and light by trying steps that shrink from round to round. The second result (N,) is
    the root mean square difference to the drawing, 0 to 1.
    """
    pixels = to_uint8(as_pixels(images))
    if len(pixels) == 0:
        return [], np.empty(0)
    answers = probabilities(images, which)
    words = {name: answers[name].argmax(1) for name in READ}
    start = measures(images, which)
    found = np.stack([start[name].astype(np.float64) for name in MEASURES], 1)
    low, high, step = (np.array([_RANGE[m][i] for m in MEASURES]) for i in range(3))
    stretch = np.array([_STRETCH.get(m, 0.0) for m in MEASURES])
    moves = [stretch, *np.diag(step)]
    found = found.clip(low, high)
    plain = [
        _scene({name: CHOICES[name][words[name][i]] for name in READ})
        for i in range(len(pixels))
    ]
    best = _residual(pixels, plain, found)
    for shrink in 0.5 ** np.arange(rounds):
        for move in moves:
            for sign in (-1, 1):
                trial = (found + sign * shrink * move).clip(low, high)
                residual = _residual(pixels, plain, trial)
                better = residual < best
                found[better], best[better] = trial[better], residual[better]
    return _measured(plain, found), best


def _scene(words: dict[str, str]) -> Scene:
    special = words["fur"] == SUBJECT
    named = {name: word for name, word in words.items() if name != "place"}
    named["fur"] = "brown" if special else words["fur"]
    return Scene(words["place"], (replace(Bear(**named), special=special),))  # type: ignore[arg-type]


def _measured(plain: list[Scene], values: Numbers) -> list[Scene]:
    scenes = []
    for scene, row in zip(plain, values.round(3).tolist(), strict=True):
        x, y, scale, brightness, warmth, drift = row
        bear = replace(scene.bears[0], x=x, y=y, scale=scale)
        light = {"brightness": brightness, "warmth": warmth, "drift": drift}
        scenes.append(replace(scene, bears=(bear,), **light))
    return scenes


def _residual(
    pixels: NDArray[np.uint8], plain: list[Scene], values: Numbers
) -> NDArray[np.float64]:
    drawn = render(_measured(plain, values), SIDE).astype(np.float32)
    error: NDArray[np.float64] = ((drawn - pixels).astype(np.float64) ** 2).mean(
        (1, 2, 3)
    ) ** 0.5 / 255
    return error
