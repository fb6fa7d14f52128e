"""What the experiments of lecture 5 share: runs that are kept, and a ruler for them.

Every network learns the same pictures with the same times and noise, so that what
differs is the network. All name the clean picture (lecture 3's fifth language): a
narrow network need not carry the noise through. The ruler is the same for all too, the
squared error of that picture on held-out scenes, with noise that never changes.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.train_images import RUNS, trained
from coursekit.theory.paths import LinearPath
from coursekit.training.checkpoints import find_state
from coursekit.training.recipe import Data, Profile, Recipe
from coursekit.training.recipes_pixels import TEDDY_FLOW

Curve = list[tuple[int, float]]
TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # at which the ruler looks
NAMES_X0 = replace(TEDDY_FLOW, predicts="x0")


class Learnt(NamedTuple):
    """A trained network and its loss: (step, mean since the point before)."""

    model: nn.Module
    curve: Curve


def kept(
    name: str, recipe: Recipe, profile: Profile, data: Data, quick: bool
) -> Learnt:
    """Train once, or find what was trained: runs/architecture/NAME."""
    folder = RUNS / ("architecture_quick" if quick else "architecture") / name
    model = trained(folder, recipe, profile, data)
    state, _ = find_state(folder)
    assert state is not None
    return Learnt(model, [(int(n), float(v)) for n, v in state["curve"]])


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


def errors(
    model: nn.Module, count: int, size: int = 32, times: Sequence[float] = TIMES
) -> list[float]:
    """The mean squared error of the guessed picture at each of `times`."""
    x0, _ = held_out(count, size)
    return [float((guesses(model, t, count, size) - x0).square().mean()) for t in times]


def mean(values: Sequence[float]) -> float:
    """The plain mean."""
    return sum(values) / len(values)
