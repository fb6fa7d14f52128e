"""Does a picture show what its prompt says? Attribute by attribute, by a reader.

Readers err too, so every figure belongs beside the same figure for real pictures of the
same scenes (`prompt_alignment_real`, `binding_real`): that, not 1, is what a perfect
model would get. An unreadable attribute counts as missed. For the small bears before a
mirror ask `read_pairs` instead: these readers were made for larger ones.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.captions import words_of
from coursekit.datasets.teddy.pair_reader import read_pairs
from coursekit.datasets.teddy.reader import ABOUT_THE_BEAR, Reading, read
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene

Pictures = NDArray[np.uint8] | Tensor


def hits(scene: Scene, reading: Reading) -> dict[str, bool]:
    """Which attributes of a scene were read from its picture, "all" of them included.

    Place and count always; fur, hat, glasses, pose and action for one bear only,
    because the readers describe bears one at a time.
    """
    found = {
        "place": reading.place == scene.place,
        "count": reading.count == len(scene.bears),
    }
    if len(scene.bears) == 1:
        words = words_of(scene.bears[0])
        for name in ABOUT_THE_BEAR:
            found[name] = getattr(reading, name) == getattr(words, name)
    return {**found, "all": all(found.values())}


def prompt_alignment(
    images: Pictures, scenes: Sequence[Scene], which: str = "second"
) -> dict[str, float]:
    """The share of the pictures that show what their prompts say, by attribute.

    images: uint8 (N, H, W, 3) or model space (N, 3, H, W), one for each of the N > 0
    scenes prompted for; which: the reader, "first" or "second". Keys: place, count,
    fur, hat, glasses, pose, action (those that apply to any of the scenes), "all" (each
    of them at once) and "valid" (the picture looks like a scene of this world).
    Raises ValueError when there are not as many pictures as scenes.
    """
    _check(images, scenes)
    readings = read(images, which)
    table: dict[str, list[bool]] = {}
    for scene, reading in zip(scenes, readings, strict=True):
        for name, hit in hits(scene, reading).items():
            table.setdefault(name, []).append(hit)
    table["valid"] = [reading.valid for reading in readings]
    return {name: float(np.mean(column)) for name, column in table.items()}


def prompt_alignment_real(
    scenes: Sequence[Scene], which: str = "second"
) -> dict[str, float]:
    """The same shares for real pictures of the scenes: what the reader can see."""
    return prompt_alignment(render(scenes), scenes, which)


def binding(images: Pictures, scenes: Sequence[Scene]) -> dict[str, float]:
    """Which hat is on which bear, for prompts with two bears: shares that add up to 1.

    "bound": each fur wears its own hat, on whichever side; "swapped": the furs and hats
    asked for, exchanged; "other": anything else, unreadable pictures included.
    images: as for `prompt_alignment`; scenes: of kind "pair". Raises ValueError for
    scenes whose two bears do not differ in both fur and hat.
    """
    _check(images, scenes)
    for scene in scenes:
        furs, hats = ({getattr(b, n) for b in scene.bears} for n in ("fur", "hat"))
        if not len(scene.bears) == len(furs) == len(hats) == 2:
            raise ValueError(
                "binding needs two bears of different furs and hats: use kind='pair'"
            )
    counts = {"bound": 0, "swapped": 0, "other": 0}
    for scene, reading in zip(scenes, read_pairs(images), strict=True):
        (fur, hat), (other_fur, other_hat) = ((b.fur, b.hat) for b in scene.bears)
        seen = {(bear.fur, bear.hat) for bear in (reading.left, reading.right)}
        if seen == {(fur, hat), (other_fur, other_hat)}:
            counts["bound"] += 1
        elif seen == {(fur, other_hat), (other_fur, hat)}:
            counts["swapped"] += 1
        else:
            counts["other"] += 1
    return {name: count / len(scenes) for name, count in counts.items()}


def binding_real(scenes: Sequence[Scene]) -> dict[str, float]:
    """The same shares for real pictures (32 pixels) of the scenes."""
    return binding(render(scenes), scenes)


def _check(images: Pictures, scenes: Sequence[Scene]) -> None:
    if len(images) != len(scenes) or len(scenes) == 0:
        raise ValueError(
            f"{len(images)} pictures for {len(scenes)} scenes: give one for each"
        )
