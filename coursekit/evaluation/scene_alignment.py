"""Does a picture of several bears show what its prompt says, and on the right bears?

Bears may stand in any order: what is compared is which bears there are. The right words
on the wrong bears are "swapped". Readers err too: every figure belongs beside that of
real pictures of the same scenes (`scene_alignment_real`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.captions import Words, words_of
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.teddy.scene_reader import LARGE, SceneReading, read_scenes

Pictures = NDArray[np.uint8] | Tensor


def scene_hits(scene: Scene, reading: SceneReading) -> dict[str, float]:
    """What of a scene was read from its picture, 1 or 0.

    place, count, and each attribute of the bears in any order; "bears": the share of
    the bears asked for that are there, each with all its words; "all" of it at once;
    and for several bears "swapped": all words are there, and not on their bears.
    """
    asked = [words_of(bear) for bear in scene.bears]
    found: dict[str, float] = {
        "place": reading.place == scene.place,
        "count": reading.count == len(asked),
    }
    for name in Words._fields:
        both = ([getattr(w, name) for w in words] for words in (asked, reading.bears))
        found[name] = Counter(next(both)) == Counter(next(both))
    right = (Counter(asked) & Counter(reading.bears)).total()
    found["bears"] = right / max(1, len(asked))
    same = all(found[name] for name in ("count", *Words._fields))
    bound = found["count"] and right == len(asked)
    found["all"] = bound and found["place"]
    if len(asked) > 1:
        found["swapped"] = same and not bound
    return {name: float(hit) for name, hit in found.items()}


def scene_alignment(images: Pictures, scenes: Sequence[Scene]) -> dict[str, Any]:
    """The mean of `scene_hits` over pictures, one for each of the N > 0 scenes.

    images: uint8 (N, H, W, 3) or model space (N, 3, H, W). "valid": they look like
    scenes of this world; "by_count": the same by how many bears were asked for ("1",
    "2", "3"). Raises ValueError when there are not as many pictures as scenes.
    """
    if len(images) != len(scenes) or len(scenes) == 0:
        raise ValueError(
            f"{len(images)} pictures for {len(scenes)} scenes: give one for each"
        )
    rows = [
        scene_hits(scene, reading) | {"valid": float(reading.valid)}
        for scene, reading in zip(scenes, read_scenes(images), strict=True)
    ]
    groups: dict[str, list[dict[str, float]]] = {}
    for scene, row in zip(scenes, rows, strict=True):
        groups.setdefault(str(len(scene.bears)), []).append(row)
    by_count = {
        n: {"pictures": len(groups[n]), **_means(groups[n])} for n in sorted(groups)
    }
    return {**_means(rows), "by_count": by_count}


def scene_alignment_real(scenes: Sequence[Scene]) -> dict[str, Any]:
    """The same for real pictures of the scenes: what the reader can see."""
    return scene_alignment(render(scenes, LARGE), scenes)


def kept(before: Pictures, after: Pictures) -> dict[str, float]:
    """The share of pictures of which the same is read before and after, by attribute.

    Bear by bear from left to right; "all": nothing reads otherwise.
    """
    rows = []
    for old, new in zip(read_scenes(before), read_scenes(after), strict=True):
        row = {"place": old.place == new.place, "count": old.count == new.count}
        for name in Words._fields:
            both = ([getattr(b, name) for b in each.bears] for each in (old, new))
            row[name] = next(both) == next(both)
        rows.append({**row, "all": all(row.values())})
    return _means(rows)


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each column, over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {n: float(np.mean([row[n] for row in rows if n in row])) for n in names}
