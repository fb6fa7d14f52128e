"""What the experiments on stages share: small class-conditional runs on mixtures.

A DiT learns latents of `teddy-vae`, told a label, from several sources of scenes that
lie one after the other. Its rulers are the velocity error on held-out scenes of each
source, with one noise for ever, and what the second reader sees in its pictures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import PLACES, Scene
from coursekit.evaluation.text_sampling import starts
from coursekit.models.dit import DiTConfig
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler, time_grid
from coursekit.training.data import seed_of
from coursekit.training.forgetting import Probe, velocity_error
from coursekit.training.latent_space import Space
from coursekit.training.mixtures import curriculum, mixed_indices
from coursekit.training.recipe import Batch, Data, Profile
from coursekit.training.recipe_pictures import Informed, PictureRecipe
from coursekit.training.recipes_pixels import TEDDY_FLOW

NETWORK = DiTConfig(8, 8, patch=2, width=64, depth=3, num_classes=2 * len(PLACES))
PATH = LinearPath()


class Source(NamedTuple):
    """Latents of some scenes, and the label that each is asked for with."""

    x: Tensor  # (N, C, H, W)
    labels: Tensor  # (N,)


@dataclass(frozen=True)
class MixedRecipe(PictureRecipe):
    """Flow matching with labels on a mixture that may change on the way."""

    sizes: tuple[int, ...] = ()  # of the sources, in the order of the data
    first: tuple[float, ...] = (1.0,)  # their shares at the start
    last: tuple[float, ...] = ()  # and at the end; () for the same
    steps: int = 1  # from the first to the last

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times, noise and labels."""
        assert data.cond is not None
        ends = (torch.tensor(each).double() for each in (self.first, self.last))
        first, last = ends
        shares = curriculum(first, last if self.last else first, step / self.steps)
        chosen = mixed_indices(self.sizes, shares, size, self.seed, step)
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        x0 = data.x[chosen]
        time = torch.rand(size, generator=generator)
        return x0, time, torch.randn(x0.shape, generator=generator), data.cond[chosen]

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Conditional flow matching; the label is always told."""
        x0, time, eps, labels = batch
        return prediction_loss(model, PATH, "velocity", x0, time, eps, labels).mean()


def mixed(
    name: str, parts: dict[str, Source], seed: int, **values: Any
) -> tuple[MixedRecipe, Data]:
    """A recipe on these sources, and its data. values: the recipe's other fields."""
    recipe = MixedRecipe(
        name,
        "a mixture of teddy scenes",
        "teddy",
        *(TEDDY_FLOW.quick,) * 3,
        shape=(8, 8, 8),
        path="linear",
        predicts="velocity",
        seed=seed,
        sizes=tuple(len(part.x) for part in parts.values()),
        **values,
    )
    x, labels = (torch.cat(each) for each in zip(*parts.values(), strict=True))
    return recipe, Data(x, ", ".join(parts), labels)


def effort(steps: int, **values: Any) -> Profile:
    """How these runs train."""
    plain = Profile(NETWORK, steps, 32, 3e-3, warmup=30, ema=0.98)
    return replace(plain, **values)


@cache
def space() -> Space:
    """The latents of `teddy-vae`."""
    return Space("teddy-vae")


def source(chosen: Sequence[Scene], label: Callable[[Scene], int]) -> Source:
    """These scenes, encoded, each with its label."""
    pictures = Data(torch.from_numpy(render(list(chosen), 32)), "")
    labels = torch.tensor([label(scene) for scene in chosen])
    return Source(space().encoded(pictures).x, labels)


def probe(part: Source) -> Probe:
    """The velocity error on a source, with times and noise that never change."""
    generator = torch.Generator().manual_seed(901)
    eps = torch.randn(part.x.shape, generator=generator)
    t = (torch.arange(len(eps)) + 0.5) / len(eps)
    return lambda model: velocity_error(model, part.x, eps, t, part.labels)


@torch.no_grad()
def drawn(model: nn.Module, labels: Tensor, seed: int) -> np.ndarray:
    """One picture for each label, (N, 32, 32, 3), by 20 Euler steps."""
    predict = denoiser(Informed(model, labels), PATH, "velocity")
    noise = starts(len(labels), (8, 8, 8), seed)
    *_, z = euler(predict, noise, time_grid(20))
    return to_uint8(space().decode(z))
