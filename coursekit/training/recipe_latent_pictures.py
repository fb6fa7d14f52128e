"""Recipes that learn latents of pictures nobody asked for: latent diffusion, alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.evaluation.text_sampling import Decode
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler, time_grid
from coursekit.training.latent_space import Space
from coursekit.training.objectives import Flow
from coursekit.training.recipe import Data
from coursekit.training.recipe_pictures import PictureRecipe


class LatentFlow(Flow):
    """`Flow` for latents: they know no range, and a decoder stands at the end."""

    def __init__(self, predicts: str, decode: Decode) -> None:
        """decode: latents to pictures in [-1, 1]."""
        super().__init__(predicts)
        self.decode = decode

    @torch.no_grad()
    def walk(
        self, model: nn.Module, start: Tensor, num_evals: int, fresh: torch.Generator
    ) -> Tensor:
        """Euler's method on even times, then the decoder. No random numbers."""
        predict = denoiser(model, self.path, self.predicts)
        *_, z0 = euler(predict, start, time_grid(num_evals))
        return self.decode(z0.cpu())


@dataclass(frozen=True)
class LatentPictureRecipe(PictureRecipe):
    """A flow on the latents of an autoencoder.

    latents: its recipe; size: of the pictures; shape: of the latents, (C, H, W).
    """

    latents: str = ""
    size: int = 32

    @cached_property
    def space(self) -> Space:
        """Where it learns; the autoencoder is read from its checkpoint once."""
        return Space(self.latents)

    def objective(self) -> LatentFlow:
        """A flow with a decoder."""
        return LatentFlow(self.predicts, lambda z: self.space.decode(z))

    def load(self, limit: int) -> Data:
        """The pictures, encoded once."""
        return self.space.encoded(super().load(limit))

    def facts(self) -> dict[str, Any]:
        """Also whose latents they are."""
        return {**super().facts(), "latents": self.latents, "size": self.size}
