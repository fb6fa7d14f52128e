"""How far to trust the readers: python -m coursekit.datasets.teddy.report

Recomputes data/readers/report.json: accuracy and confusion matrices on clean scenes,
curves under noise and blur, other sizes, held-out pairs, and how many pictures of each
kind pass as valid. Seeds differ from those of training and calibration.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader import (
    READ,
    UNREADABLE,
    Reading,
    load_reader,
    probabilities,
    read,
    readings,
    valid_rate,
)
from coursekit.datasets.teddy.reader_data import SPOILERS, blur, empty_places, noisy
from coursekit.datasets.teddy.reader_nets import CHOICES, READERS, reader_folder
from coursekit.datasets.teddy.render import SIZES, render
from coursekit.datasets.teddy.sample import special_teddies, teddies
from coursekit.datasets.teddy.scene import Scene, random_scene
from coursekit.files import write_atomic

NOISE = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
BLUR = (0.0, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
SEED = 990_001
Matrix = NDArray[np.int64]


def truth(scene: Scene, name: str) -> str:
    """The word a reader should find."""
    return scene.place if name == "place" else str(getattr(scene.bears[0], name))


def confusion(scenes: list[Scene], seen: list[Reading], name: str) -> Matrix:
    """Counts (true word, read word); the last column is "unreadable"."""
    words = [w for w in CHOICES[name] if w != "[V]"]
    columns = [*CHOICES[name], UNREADABLE]
    table = np.zeros((len(words), len(columns)), dtype=np.int64)
    for scene, reading in zip(scenes, seen, strict=True):
        row = words.index(truth(scene, name))
        table[row, columns.index(getattr(reading, name))] += 1
    return table


def scores(
    scenes: list[Scene], images: NDArray[np.uint8], which: str
) -> tuple[dict[str, Any], list[Reading]]:
    """For each attribute the part of the pictures where the best guess is right, where
    the reader is sure enough to answer (`read`), and where that answer is right.
    """
    chances = probabilities(images, which)
    seen = readings(chances, which)
    result: dict[str, Any] = {}
    for name in READ:
        true = [truth(scene, name) for scene in scenes]
        guess = [CHOICES[name][best] for best in chances[name].argmax(1)]
        words = [getattr(reading, name) for reading in seen]
        read = sum(word != UNREADABLE for word in words)
        right = sum(a == b for a, b in zip(words, true, strict=True))
        guessed = sum(a == b for a, b in zip(guess, true, strict=True))
        result[name] = {
            "best_guess": round(guessed / len(seen), 4),
            "read": round(read / len(seen), 4),
            "right": round(right / len(seen), 4),
            "right_when_read": round(right / max(1, read), 4),
        }
    result["valid"] = round(sum(r.valid for r in seen) / len(seen), 4)
    return result, seen


def pictures_of_each_kind(n: int) -> dict[str, NDArray[np.uint8]]:
    """Valid scenes of every kind, then pictures that are none."""
    rng = np.random.Generator(np.random.PCG64(SEED + 5))
    g = torch.Generator().manual_seed(SEED)
    solo = to_model(teddies(n, seed=SEED + 6)[0])
    kinds = {
        kind: render([random_scene(rng, kind) for _ in range(n)])
        for kind in ("solo", "group", "mirror")
    }
    kinds["[V]"] = special_teddies(n, seed=SEED + 7)[0]
    kinds["empty"] = to_uint8(empty_places(n, rng))
    for name, spoil in SPOILERS.items():
        pieces = [spoil(x, g) for x in torch.split(solo, 50)]
        kinds[name] = to_uint8(torch.cat(pieces))
    return kinds


def report_on(which: str, n: int = 2000) -> dict[str, Any]:
    """All about one reader: n pictures for the clean figures, n / 2 elsewhere."""
    images, scenes = teddies(n, seed=SEED)
    clean, seen = scores(scenes, images, which)
    x = to_model(images[: n // 2])
    some = scenes[: n // 2]
    g = torch.Generator().manual_seed(SEED + 1)

    def under(changed: Tensor) -> dict[str, Any]:
        return scores(some, to_uint8(changed), which)[0]

    held, held_scenes = teddies(n // 2, seed=SEED + 2, split="heldout")
    return {
        "sha256": load_reader(which)[1]["sha256"],
        "pictures": n,
        "clean": clean,
        "heldout_pairs": scores(held_scenes, held, which)[0],
        "confusion": {
            name: {
                "true": [w for w in CHOICES[name] if w != "[V]"],
                "read": [*CHOICES[name], UNREADABLE],
                "counts": confusion(scenes, seen, name).tolist(),
            }
            for name in READ
        },
        "noise": {str(s): under(noisy(x, s, g)) for s in NOISE},
        "blur": {str(s): under(blur(x, s)) for s in BLUR},
        "size": {str(s): scores(some, render(some, s), which)[0] for s in SIZES},
        "valid_rate": {
            kind: round(valid_rate(pictures, which), 4)
            for kind, pictures in pictures_of_each_kind(n // 4).items()
        },
    }


def report(n: int = 2000) -> dict[str, Any]:
    """The report on both readers, and how often they agree on clean pictures."""
    result: dict[str, Any] = {which: report_on(which, n) for which in READERS}
    images, _ = teddies(n // 2, seed=SEED + 3)
    pairs = list(zip(read(images, "first"), read(images, "second"), strict=True))
    result["agreement"] = {
        name: round(
            sum(getattr(a, name) == getattr(b, name) for a, b in pairs) / len(pairs), 4
        )
        for name in READ
    }
    return result


def main(argv: list[str] | None = None) -> int:
    """Recompute the report and save it. Returns 0, or 2 when no reader is trained."""
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    args = parser.parse_args(argv)
    try:
        text = json.dumps(report(args.pictures))
    except (FileNotFoundError, ValueError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    target = reader_folder() / "report.json"
    write_atomic(target, text + "\n")
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
