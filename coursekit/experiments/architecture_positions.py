"""Figure 05.F: positions at a size that no training saw.

Four DiTs learn teddies of 32 pixels, 8 x 8 patches. They differ in how a patch knows
its place. Then they are asked about the same scenes at 48 pixels, 12 x 12 patches: the
same patches, but more of them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.experiments.architecture_runs import errors, learn, mean
from coursekit.experiments.summary import Result, over_seeds
from coursekit.models.dit import POSITIONS, DiTConfig
from coursekit.theory.flow import follow
from coursekit.theory.solvers import time_grid

NETWORK = DiTConfig(width=64, depth=4, heads=4, patch=4)
SIZES = (32, 48)
KINDS = POSITIONS  # sincos, rope, rope-centred, none


@torch.no_grad()
def draw(
    model: nn.Module, count: int, size: int, seed: int = 0, steps: int = 16
) -> NDArray[np.uint8]:
    """Teddies of `size` pixels, uint8 (count, size, size, 3), with Euler's method."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn((count, 3, size, size), generator=generator)
    parts = []
    for i in range(0, count, 50):
        *_, end = follow(model, start[i : i + 50], time_grid(steps))
        parts.append(end)
    return to_uint8(torch.cat(parts))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.F.

    Keys: `{kind}_{size}` with _std and _all, the held-out error of the velocity, kind
    one of `kinds`, size 32 or 48; `{kind}_{size}_valid` with _std and _all, the share
    of drawn pictures that a reader takes for a teddy scene; `{kind}_growth` with _std
    and _all, the error at 48 over the error at 32.
    """
    steps = 3 if quick else 800
    count, drawn = (16, 8) if quick else (128, 100)
    result: Result = {"kinds": list(KINDS), "sizes": list(SIZES), "steps": steps}
    for kind in KINDS:
        rows: dict[str, list[float]] = {}
        for seed in seeds:
            config = replace(NETWORK, positions=kind)
            model, _ = learn(f"positions-{kind}-{seed}", config, steps, seed, quick)
            result["parameters"] = sum(p.numel() for p in model.parameters())
            ends = [mean(errors(model, count, size)) for size in SIZES]
            for size, end in zip(SIZES, ends, strict=True):
                rows.setdefault(f"{size}", []).append(end)
                seen = valid_rate(draw(model, drawn, size, seed))
                rows.setdefault(f"{size}_valid", []).append(seen)
            rows.setdefault("growth", []).append(ends[1] / ends[0])
        for name, values in rows.items():
            result |= over_seeds(f"{kind}_{name}", values)
    return result
