"""Calibrate a freshly trained pair reader, measure it, save it with its card."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.pair_data import (
    KINDS,
    clean,
    corrupt,
    scene_of,
    two_bears,
    without_bear,
)
from coursekit.datasets.teddy.pair_reader import (
    QUESTIONS,
    HalfReader,
    half_outputs,
    load_pair_reader,
    read_pairs,
)
from coursekit.datasets.teddy.reader import UNREADABLE
from coursekit.datasets.teddy.reader_card import (
    answer_table,
    finish_measured,
    least_yes,
    trust,
)
from coursekit.datasets.teddy.reader_data import blur, noisy
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Scene

SEED = 78_001  # scenes that no training stream contains
WORDS = ("fur", "hat")


def calibrate(net: HalfReader, n: int) -> dict[str, dict[str, float]]:
    """Temperatures, and thresholds that keep 95 % right, on spoiled pictures.

    `seen` keeps 99.7 % of the clean bears, and is never stricter than an even chance:
    what models draw is softer than what they learnt from.
    """
    rng = np.random.Generator(np.random.PCG64(SEED))
    scenes, x = clean(n, rng)
    tough, _ = corrupt(x, 0.9, torch.Generator().manual_seed(SEED))
    logits, _ = half_outputs(net, tough.clamp(-1, 1))
    temperature, threshold = {"seen": 1.0}, {}
    bears = [both[i] for i in (0, 1) for both in map(two_bears, scenes)]
    for name in WORDS:
        words = [QUESTIONS[name].index(getattr(bear, name)) for bear in bears]
        temperature[name], threshold[name] = trust(logits[name], torch.tensor(words))
    logits, _ = half_outputs(net, x)
    threshold["seen"] = least_yes(logits["seen"], 0.5)
    return {"temperature": temperature, "threshold": threshold}


def score(
    scenes: list[Scene], images: NDArray[np.uint8], folder: Path
) -> dict[str, Any]:
    """For fur and hat: share right, share read, share right of those, confusion."""
    seen = read_pairs(images, folder)
    bears = [bear for scene in scenes for bear in two_bears(scene)]
    found = [bear for reading in seen for bear in (reading.left, reading.right)]
    result: dict[str, Any] = {}
    for name in WORDS:
        pairs = [
            (getattr(true, name), getattr(read, name))
            for true, read in zip(bears, found, strict=True)
        ]
        result[name] = answer_table(pairs, QUESTIONS[name])
    far = [right.x - left.x for left, right in map(two_bears, scenes)]
    error = np.abs(np.array(far) - [reading.distance for reading in seen])
    result["valid"] = round(sum(r.valid for r in seen) / len(seen), 5)
    result["distance_error"] = round(float(error.mean()), 5)
    return result


def report(n: int, folder: Path) -> dict[str, Any]:
    """How well the reader of a folder reads n pictures of each kind and corruption."""
    rng = np.random.Generator(np.random.PCG64(SEED + 1))
    g = torch.Generator().manual_seed(SEED + 1)
    result: dict[str, Any] = {
        "columns": {n: [*QUESTIONS[n], UNREADABLE] for n in WORDS}
    }
    for kind in KINDS:
        scenes = [scene_of(rng, kind) for _ in range(n)]
        result[kind] = score(scenes, render(scenes), folder)
    scenes, x = clean(n, rng)
    changed: dict[str, Tensor] = {"clean": x}
    changed |= {f"noise {s}": noisy(x, s, g) for s in (0.1, 0.2, 0.4)}
    changed |= {f"blur {s}": blur(x, s) for s in (0.6, 1.0, 1.5)}
    for name, pictures in changed.items():
        result[name] = score(scenes, to_uint8(pictures), folder)
    bare = without_bear(n, rng)
    # A half and its own mirror image make a picture to read.
    whole = to_uint8(torch.cat([bare.x, bare.x.flip(-1)], -1))
    result["no_bear_seen"] = round(
        sum(r.left.seen for r in read_pairs(whole, folder)) / len(whole), 5
    )
    return result


def finish(
    net: HalfReader, facts: dict[str, object], folder: Path, n: int
) -> dict[str, Any]:
    """Round the weights to bfloat16, calibrate, save weights and card, then measure."""
    return finish_measured(
        net,
        facts,
        folder,
        lambda net: calibrate(net, n),
        lambda: report(n, folder),
        load_pair_reader.cache_clear,
    )
