"""What the experiments of lecture 5 share: runs that are kept, and a ruler for them.

Every network learns the same pictures with the same times and noise, so that what
differs is the network. All name the clean picture (lecture 3's fifth language): a
narrow network need not carry the noise through. The ruler is the same for all too, the
squared error of that picture on held-out scenes, with noise that never changes.
"""

from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.cache import run_folder
from coursekit.experiments.summary import mean
from coursekit.experiments.train_images import loss_curve, trained
from coursekit.models.unet import count_parameters
from coursekit.theory.paths import LinearPath
from coursekit.training.networks import build
from coursekit.training.recipe import Data, Profile, Recipe
from coursekit.training.recipes_pixels import TEDDY_FLOW

TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # at which the ruler looks
NAMES_X0 = replace(TEDDY_FLOW, predicts="x0")


class Learnt(NamedTuple):
    """A trained network and its loss: (step, mean since the point before)."""

    model: nn.Module
    curve: list[tuple[int, float]]

    @property
    def loss(self) -> float:
        """The loss at the end of training, the mean of the last five points."""
        return mean([loss for _, loss in self.curve[-5:]])


def kept(
    name: str, recipe: Recipe, profile: Profile, data: Data, quick: bool
) -> Learnt:
    """Train once, or find what was trained: runs/architecture/NAME."""
    folder = run_folder(f"architecture/{name}", quick)
    return Learnt(trained(folder, recipe, profile, data), loss_curve(folder))


def weights(config: Any) -> int:
    """How many numbers a network of `config` has."""
    return count_parameters(build(config))


@cache
def scenes(count: int, size: int) -> Data:
    """`count` training pictures of the teddy world, one bear each."""
    pictures, _ = teddies(count, size, seed=0, split="train")
    text = f"{count} rendered train scenes of the teddy world, one bear, {size} pixels"
    return Data(torch.from_numpy(pictures), text)


def learn(
    name: str,
    config: Any,
    steps: int,
    seed: int,
    quick: bool = False,
    size: int = 32,
    recipe: Recipe = NAMES_X0,
) -> Learnt:
    """Train a network of `config` on teddies of `size` pixels.

    quick: a few steps on a few pictures, kept elsewhere.
    """
    chosen = replace(recipe, seed=seed)  # type: ignore[call-arg]
    batch, pictures = (4, 64) if quick else (16, 6000)
    profile = Profile(config, steps, batch, 2e-3, warmup=50, ema=0.99, save_every=steps)
    return kept(name, chosen, profile, scenes(pictures, size), quick)


@cache
def held_out(count: int, size: int = 32) -> tuple[Tensor, Tensor]:
    """Pictures no training saw, (count, 3, size, size), and the noise of the ruler."""
    x0 = to_model(teddies(count, size, seed=900, split="test")[0])
    generator = torch.Generator().manual_seed(901)
    return x0, torch.randn(x0.shape, generator=generator)


@torch.no_grad()
def guesses(model: nn.Module, t: float, count: int, size: int = 32) -> Tensor:
    """The clean pictures that a network sees in the noisy held-out ones."""
    x0, eps = held_out(count, size)
    now = torch.full((count,), t)
    xt = LinearPath().corrupt(x0, eps, now)
    parts = [slice(i, i + 64) for i in range(0, count, 64)]
    return torch.cat([cast(Tensor, model(xt[i], now[i])) for i in parts])


def error(model: nn.Module, count: int, size: int = 32) -> float:
    """The mean squared error of the guessed picture, over all of TIMES."""
    x0, _ = held_out(count, size)
    guessed = (guesses(model, t, count, size) for t in TIMES)
    return mean([float((each - x0).square().mean()) for each in guessed])
