"""Figure 05.F: positions at a size that no training saw.

Three DiTs learn teddies of 32 pixels, 8 x 8 patches. They differ in how a patch knows
its place: sines that are added, angles that turn queries and keys, or not at all. Then
they are asked about the same scenes at 48 pixels, 12 x 12 patches, with the places as
they come (0 to 11) or squeezed into the range that training knew.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l05_architectures.experiments.runs import (
    NAMES_X0,
    error,
    learn,
    weights,
)
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.positions import grid_positions, sincos_2d
from coursekit.models.rope import axial_angles

NETWORK = DiTConfig(size=32, patch=4, width=64, depth=4, heads=4)
SMALL, LARGE = 32, 48
KINDS = ("sincos", "rope", "none")


class Squeezed(nn.Module):
    """In place of a DiT's `places`: a larger grid in the range of the small one."""

    def __init__(self, model: DiT) -> None:
        """model: its kind of positions, patch and size are taken over."""
        super().__init__()
        self.kind = model.config.positions
        self.patch, self.width = model.config.patch, model.config.width
        self.head = self.width // model.config.heads
        self.side = model.config.size // self.patch

    def forward(self, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """As `dit.Places.forward`: something to add, or angles."""
        rows, columns = x.shape[-2] // self.patch, x.shape[-1] // self.patch
        grid = (grid_positions(rows, columns) + 0.5) * self.side / rows - 0.5
        if self.kind == "sincos":
            return sincos_2d(grid, self.width).float(), None
        half = self.head // 4 * 2
        return None, axial_angles(grid, (half, self.head - half)).float()


def draw(
    model: nn.Module, count: int, size: int, seed: int = 0, steps: int = 16
) -> NDArray[np.uint8]:
    """Teddies of `size` pixels, uint8 (count, size, size, 3), with Euler's method."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn((count, 3, size, size), generator=generator)
    walk, parts = NAMES_X0.objective().walk, torch.split(start, 50)
    return to_uint8(torch.cat([walk(model, part, steps, generator) for part in parts]))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 05.F.

    Keys: `{kind}_{where}` with _std and _all, the held-out error, kind: "sincos",
    "rope" or "none"; where: "small" (32 pixels), "large" (48, places as they come) or
    "squeezed" (48; not for "none"). `{kind}_{where}_valid` likewise, the share of drawn
    pictures that a reader takes for a scene. `{kind}_growth`, error at 48 over that at
    32, and `{kind}_squeezed_growth`. `trained_large` and `trained_large_valid`: sines,
    trained at 48 for as many steps, the first seed only.
    """
    steps, count, drawn = (2, 8, 4) if quick else (500, 128, 100)
    seeds = seeds[:1] if quick else seeds

    def judged(model: nn.Module, where: str, seed: int) -> dict[str, float]:
        size = SMALL if where == "small" else LARGE
        return {
            where: error(model, count, size),
            f"{where}_valid": valid_rate(draw(model, drawn, size, seed)),
        }

    def one(kind: str, seed: int) -> dict[str, float]:
        config = replace(NETWORK, positions=kind)
        model, _ = learn(f"positions-{kind}-{seed}", config, steps, seed, quick)
        found = judged(model, "small", seed) | judged(model, "large", seed)
        found["growth"] = found["large"] / found["small"]
        if kind != "none":
            model.places = Squeezed(cast(DiT, model))
            found |= judged(model, "squeezed", seed)
            found["squeezed_growth"] = found["squeezed"] / found["small"]
        return found

    result: Result = {"kinds": list(KINDS), "steps": steps, "drawn": drawn}
    result["parameters"] = weights(replace(NETWORK, positions=KINDS[-1]))
    for kind in KINDS:
        result |= prefixed(kind, for_seeds(one, seeds, kind))
    config = replace(NETWORK, size=LARGE)
    model, _ = learn("positions-large-0", config, steps, 0, quick, size=LARGE)
    return result | prefixed("trained", judged(model, "large", 0))
