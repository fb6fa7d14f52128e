"""Calibrate a freshly trained scene reader, measure it, save it with its card."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.captions import Words, words_of
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.datasets.teddy.reader_card import (
    answer_table,
    finish_measured,
    least_yes,
    trust,
)
from coursekit.datasets.teddy.reader_data import SPOILERS, blur, empty_places, noisy
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.teddy.scene_data import corrupt, fresh, in_order, soften
from coursekit.datasets.teddy.scene_reader import (
    GLANCE,
    LARGE,
    LOOK,
    SceneReader,
    SceneReading,
    glances,
    load_scene_reader,
    looks,
    read_scenes,
)

SEED = 79_001  # scenes that no training stream contains
OPTIONS = {"place": GLANCE["place"], **{name: LOOK[name] for name in Words._fields}}


def calibrate(net: SceneReader, n: int) -> dict[str, dict[str, float]]:
    """Temperatures, and thresholds that keep 95 % right, on spoiled pictures.

    `valid` and `whole` keep 99.7 % of what is clean, and are never stricter than an
    even chance: what models draw is softer than what they learnt from.
    """
    drawn = fresh(n, np.random.Generator(np.random.PCG64(SEED)))
    tough, _ = corrupt(drawn.x, 0.9, torch.Generator().manual_seed(SEED))

    def outputs(x: Tensor) -> dict[str, Tensor]:
        logits, where = glances(net, x)
        return logits | looks(net, x, drawn.counts(), where)

    logits = outputs(tough.clamp(-1, 1))
    temperature, threshold = {}, {}
    for name in OPTIONS:
        of_bears = name != "place"
        table = drawn.words if of_bears else drawn.answers()
        target = table[:, list(LOOK if of_bears else GLANCE).index(name)]
        temperature[name], threshold[name] = trust(logits[name], target)
    logits = outputs(drawn.x)
    for name in ("valid", "whole"):
        threshold[name] = least_yes(logits[name], 0.5)
    return {"temperature": temperature, "threshold": threshold}


def true_words(scene: Scene) -> tuple[Words, ...]:
    """What there is to read of its bears, from left to right."""
    return tuple(words_of(bear) for bear in in_order(scene))


def right(scene: Scene, reading: SceneReading) -> bool:
    """Whether the place and every word of every bear were read."""
    return (reading.place, reading.bears) == (scene.place, true_words(scene))


def score(
    scenes: list[Scene], images: NDArray[np.uint8], folder: Path | None
) -> dict[str, Any]:
    """For place, count and each attribute: share right, read, confusion.

    "all" and "valid" by number of bears. With a wrong count all bears are unreadable.
    """
    seen = read_scenes(images, folder)
    both = list(zip(scenes, seen, strict=True))
    result: dict[str, Any] = {
        "place": answer_table([(s.place, r.place) for s, r in both], GLANCE["place"]),
        "count": answer_table(
            [(str(len(s.bears)), str(r.count)) for s, r in both], GLANCE["count"]
        ),
    }
    lost = Words(*[UNREADABLE] * len(Words._fields))
    for column, name in enumerate(Words._fields):
        pairs = [
            (true[column], word[column])
            for s, r in both
            for true, word in zip(
                true_words(s),
                r.bears if r.count == len(s.bears) else [lost] * len(s.bears),
                strict=True,
            )
        ]
        result[name] = answer_table(pairs, LOOK[name])
    for n in sorted({len(s.bears) for s in scenes}):
        mine = [(s, r) for s, r in both if len(s.bears) == n]
        shares = {
            "all": float(np.mean([right(s, r) for s, r in mine])),
            "valid": float(np.mean([r.valid for _, r in mine])),
        }
        result[f"bears {n}"] = {name: round(v, 5) for name, v in shares.items()}
    return result


def report(n: int, folder: Path) -> dict[str, Any]:
    """How well the reader of a folder reads n pictures under each corruption."""
    rng = np.random.Generator(np.random.PCG64(SEED + 1))
    g = torch.Generator().manual_seed(SEED + 1)
    drawn = fresh(n, rng, special=0)
    x = drawn.x
    changed: dict[str, Tensor] = {"clean": x}
    changed |= {f"noise {s}": noisy(x, s, g) for s in (0.1, 0.2, 0.4)}
    changed |= {f"blur {s}": blur(x, s) for s in (0.8, 1.2, 2.0)}
    changed["soft"] = soften(x, 0.8, 0.1, g)
    result: dict[str, Any] = {"pictures": n}
    result["columns"] = {k: [*v, UNREADABLE] for k, v in OPTIONS.items()}
    for name, pictures in changed.items():
        result[name] = score(drawn.scenes, to_uint8(pictures), folder)
    wrong = {"empty": empty_places(max(8, n // 8), rng, LARGE)}
    wrong |= {name: spoil(x[: n // 4], g) for name, spoil in SPOILERS.items()}
    result["valid_when_spoiled"] = {
        name: round(
            float(np.mean([r.valid for r in read_scenes(to_uint8(bad), folder)])), 5
        )
        for name, bad in wrong.items()
    }
    return result


def finish(
    net: SceneReader, facts: dict[str, object], folder: Path, n: int
) -> dict[str, Any]:
    """Round the weights to bfloat16, calibrate, save weights and card, then measure."""
    return finish_measured(
        net,
        facts,
        folder,
        lambda net: calibrate(net, n),
        lambda: report(n, folder),
        load_scene_reader.cache_clear,
    )
