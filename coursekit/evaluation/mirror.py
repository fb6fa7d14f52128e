"""Does the reflection wear what the bear wears? By a reader of two bears.

Only the reflection was drawn by a model: what the bear wears is known from its scene.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.looking_glass import reflection_at
from coursekit.datasets.teddy.pair_reader import read_pairs
from coursekit.datasets.teddy.reader import UNREADABLE, Pictures
from coursekit.datasets.teddy.scene import Scene

# Edges of the bins of distance, as fractions of the picture.
BINS = (0.275, 0.345, 0.415, 0.485, 0.555, 0.625)
WORDS = ("hat", "fur")


def reflections(
    images: Pictures, scenes: Sequence[Scene]
) -> dict[str, NDArray[np.float64]]:
    """For each picture 1 if the reflection's "hat" ("fur") is the bear's, 0 if another.

    NaN where it is unreadable. Each (N,).
    """
    found: dict[str, list[float]] = {name: [] for name in WORDS}
    for scene, reading in zip(scenes, read_pairs(images), strict=True):
        seen = reading.right if reflection_at(scene) > 0.5 else reading.left
        for name in WORDS:
            word = getattr(seen, name)
            same = float(word == getattr(scene.bears[0], name))
            found[name].append(np.nan if word == UNREADABLE else same)
    return {name: np.array(values) for name, values in found.items()}


def mirror_figures(images: Pictures, scenes: Sequence[Scene]) -> dict[str, Any]:
    """Shares of reflections that agree with their bear, of those that can be read.

    Keys: "hat", "fur"; "hat_by_distance", "fur_by_distance", lists over the bins
    between `BINS`; "readable", the share of hats that could be read, and
    "readable_by_distance". A bin without a readable picture counts 0.
    """
    same = reflections(images, scenes)
    bins = np.digitize([scene.distance for scene in scenes], BINS) - 1
    result: dict[str, Any] = {}
    for name, values in same.items():
        result[name] = _share(values)
        groups = [values[bins == i] for i in range(len(BINS) - 1)]
        result[f"{name}_by_distance"] = [_share(group) for group in groups]
        if name == "hat":
            result["readable"] = _known(values)
            result["readable_by_distance"] = [_known(group) for group in groups]
    return result


def _known(values: NDArray[np.float64]) -> float:
    return float(np.isfinite(values).mean()) if len(values) else 0.0


def _share(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def chance(scenes: Sequence[Scene]) -> dict[str, float]:
    """Agreement of a hat drawn without looking: at all, or at the fur only.

    "blind": hats as frequent as in `scenes`, drawn at random; "fur": hats as frequent
    as in scenes with a bear of that fur (some furs never wear some hats).
    """
    pairs = [(scene.bears[0].fur, scene.bears[0].hat) for scene in scenes]
    hats = [hat for _, hat in pairs]
    blind = sum((hats.count(hat) / len(hats)) ** 2 for hat in set(hats))
    total = 0.0
    for fur in {fur for fur, _ in pairs}:
        mine = [hat for f, hat in pairs if f == fur]
        share = sum((mine.count(hat) / len(mine)) ** 2 for hat in set(mine))
        total += share * len(mine) / len(pairs)
    return {"blind": blind, "fur": total}
