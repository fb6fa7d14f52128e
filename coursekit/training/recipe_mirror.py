"""Recipes that draw what a bear sees in the mirror: the rest of the hall is given."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.looking_glass import halls
from coursekit.evaluation.mirror import mirror_figures
from coursekit.evaluation.sampling import image_grid
from coursekit.models.inpainting import Inpainter, blanked
from coursekit.theory.flow import follow
from coursekit.theory.noise import fresh_noise
from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.solvers import time_grid
from coursekit.training.data import told_batch
from coursekit.training.distributed import averaged
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe

STEPS = 16  # Euler steps from noise to reflection


@dataclass(frozen=True)
class MirrorRecipe(Recipe):
    """Flow matching inside the glass; what ships is the network of an `Inpainter`."""

    size: int = 24
    seed: int = 0

    def load(self, limit: int) -> Data:
        """Halls, and the inside of each mirror as condition (N, size, size) bool."""
        count = limit or 20_000
        pictures, masks, _ = halls(count, self.size)
        text = (
            f"{count} train scenes (hall) of the teddy world, rendered at {self.size}"
        )
        return Data(torch.from_numpy(pictures), text, torch.from_numpy(masks))

    def build(self, config: Any) -> nn.Module:
        """A picture network with one channel more, as an inpainter."""
        return Inpainter(build(config))

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, times, noise and what is missing."""
        return told_batch(data, size, self.seed, step)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean squared error of the clean picture, over the missing pixels only."""
        x0, time, eps, missing = batch
        cond = blanked(x0, missing)
        guess: Tensor = model(LinearPath().corrupt(x0, eps, time), time, cond)
        # Processes that share a batch divide by what is missing in all of it.
        return (guess - x0).square().sum() / (x0.shape[1] * averaged(missing.sum()))

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Rows in pairs: halls with a blank mirror, and what was drawn in it."""
        rows, columns = (3, 16) if large else (2, 10)
        pictures, masks, _ = halls(rows * columns, self.size, 7, "test")
        drawn = inpaint(Inpainter(model), pictures, masks)
        blank = np.where(masks[..., None], np.uint8(255), pictures)
        rows_of = [a.reshape(rows, columns, *a.shape[1:]) for a in (blank, drawn)]
        both = np.stack(rows_of, 1).reshape(-1, *pictures.shape[1:])
        return image_grid(both, columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """How often the reflection wears what the bear wears, by distance."""
        pictures, masks, scenes = halls(60 if quick else 600, self.size, 11, "test")
        drawn = inpaint(Inpainter(model), pictures, masks)
        return mirror_figures(drawn, scenes)

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The network inside."""
        return cast(Inpainter, model).net.eval()

    def facts(self) -> dict[str, Any]:
        """What it finishes."""
        return {"finishes": "the inside of the mirror of a hall", "size": self.size}


@torch.no_grad()
def inpaint(
    model: nn.Module,
    pictures: NDArray[np.uint8],
    masks: NDArray[np.bool_],
    steps: int = STEPS,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Fill in the mirrors: uint8 (N, H, W, 3), all other pixels as given.

    model: an inpainter, on the CPU; pictures: uint8 (N, H, W, 3), whatever is in the
    mirror; masks: (N, H, W), the inside of each mirror; steps: of Euler's method.
    """
    generator = torch.Generator().manual_seed(seed)
    done = []
    for i in range(0, len(pictures), 100):
        x0 = to_model(np.ascontiguousarray(pictures[i : i + 100]))
        missing = torch.from_numpy(np.ascontiguousarray(masks[i : i + 100]))
        cond = blanked(x0, missing)
        start = fresh_noise(x0, generator)

        def velocity(x: Tensor, t: Tensor, cond: Tensor = cond) -> Tensor:
            return cast(Tensor, (x - model(x, t, cond).clamp(-1, 1)) / expand_as(t, x))

        *_, end = follow(velocity, start, time_grid(steps))
        done.append(torch.where(missing[:, None], end, x0))
    return to_uint8(torch.cat(done))
