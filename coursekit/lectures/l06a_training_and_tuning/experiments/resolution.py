"""Figure 06a.B: the same scenes at 16, 32 and 64 pixels, and how much noise they bear.

Probes of one architecture read attributes in noisy pictures of each size. Over the time
that is three curves. Over the shifted time, by sqrt(n) for n pixels, is it one?
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.cache import kept_network
from coursekit.experiments.summary import Result, for_seeds, mean
from coursekit.lectures.l06a_training_and_tuning.experiments.probes import (
    HALF_STEP,
    STEPS,
    Probe,
    answers,
    factor,
    left,
    time_at,
    train_probe,
)

SIZES = (16, 32, 64)
DOUBLE = 2  # steps of the grid that sqrt(n) asks for, from one size to the next
COARSE = ("place", "count", "fur")
ASKED = (*COARSE, "glasses")
Curves = Mapping[int, Sequence[float]]


def scenes(size: int, count: int, split: str) -> tuple[Tensor, Tensor]:
    """Pictures and right answers: one half with one bear, the others with 1 to 3."""
    seed = 0 if split == "train" else 900
    halves = [
        teddies(count // 2, size, seed, split, kind) for kind in ("solo", "group")
    ]
    x0 = torch.cat([to_model(pictures) for pictures, _ in halves])
    return x0, torch.cat([answers(shown, ASKED) for _, shown in halves])


def between(curves: Curves, moved: bool) -> float:
    """The area between the highest and the lowest curve, over the logit of the time.

    moved: each size at its own shifted time.
    """
    offsets = [DOUBLE * i * moved for i in range(len(curves))]
    width = len(STEPS) - max(offsets)
    rows = [c[o : o + width] for c, o in zip(curves.values(), offsets, strict=True)]
    columns = zip(*rows, strict=True)
    return HALF_STEP * math.fsum(max(column) - min(column) for column in columns)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.B.

    Keys: `times`, the grid; `{attribute}_{size}` over it with _std, 1 as without noise,
    0 by chance; `clean_{size}`, accuracies without noise, in the order of `asked`;
    `{attribute}_before`, `{attribute}_after`, the area between the curves at equal
    and at shifted times, and `{attribute}_factor`, how much more noise twice the side
    bears, the geometric mean of both doublings; `before`, `after`, `factor`, means over
    the coarse attributes, and `shrinks`, before / after. All with _std and _all.
    """
    steps, train, test = (2, 32, 24) if quick else (600, 8000, 1000)
    sets = {
        size: (scenes(size, train, "train"), scenes(size, test, "test"))
        for size in SIZES
    }

    def probed(size: int, seed: int) -> dict[str, list[float]]:
        (x0, right), held = sets[size]
        torch.manual_seed(seed)
        fresh = Probe(x0.shape[1:], SIZES[0], ASKED)
        settings = (size, seed, steps, train)
        name = f"resolution/{size}-{seed}"

        def learn(probe: Probe) -> None:
            train_probe(probe, x0, right, steps, seed)

        return left(kept_network(name, settings, fresh, learn), *held)

    def one(seed: int) -> Result:
        found: Result = {}
        seen = {size: probed(size, seed) for size in SIZES}
        for size in SIZES:
            found |= {f"{name}_{size}": shares for name, shares in seen[size].items()}
        for name in ASKED:
            curves = {size: seen[size][name] for size in SIZES}
            found[f"{name}_before"] = between(curves, moved=False)
            found[f"{name}_after"] = between(curves, moved=True)
            if not quick:
                found[f"{name}_factor"] = factor(curves[16], curves[64]) ** 0.5
        for key in ("before", "after", *(() if quick else ("factor",))):
            found[key] = mean([found[f"{name}_{key}"] for name in COARSE])
        return found | {"shrinks": found["before"] / found["after"]}

    result: Result = {"times": [time_at(step) for step in STEPS], "asked": list(ASKED)}
    result |= {"steps": steps, "train": train, "test": test}
    return result | for_seeds(one, seeds[:1] if quick else seeds)
