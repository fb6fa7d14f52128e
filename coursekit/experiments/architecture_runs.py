"""What the experiments of lecture 5 share: runs that are kept, and a ruler for them.

Every network learns the same pictures with the same times and noise, so that what
differs is the network. The ruler is the same for all: the squared error of the velocity
on held-out scenes, with noise that never changes.
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
from coursekit.theory.prediction import mix
from coursekit.training.recipe import Data, Profile, Recipe
from coursekit.training.recipes_pixels import TEDDY_FLOW
from coursekit.training.runs import find_state

Curve = list[tuple[int, float]]
TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)  # at which the ruler looks
PICTURES = 6000  # training scenes


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
def scenes(count: int = PICTURES) -> Data:
    """The training pictures of the experiments on pixels."""
    return TEDDY_FLOW.load(count)


def learn(
    name: str,
    config: Any,
    steps: int,
    seed: int,
    quick: bool,
    batch: int = 16,
    lr: float = 2e-3,
    predicts: str = "velocity",
) -> Learnt:
    """Train a network of `config` on teddies of 32 pixels by flow matching."""
    recipe = replace(TEDDY_FLOW, predicts=predicts, seed=seed)
    profile = Profile(
        config, steps, 4 if quick else batch, lr, ema=0.99, save_every=steps
    )
    return kept(name, recipe, profile, scenes(64 if quick else PICTURES), quick)


@cache
def held_out(count: int, size: int = 32) -> tuple[Tensor, Tensor]:
    """Pictures no training saw, (count, 3, size, size), and the noise of the ruler."""
    x0 = to_model(teddies(count, size, seed=900, split="test")[0])
    generator = torch.Generator().manual_seed(901)
    return x0, torch.randn(x0.shape, generator=generator)


@torch.no_grad()
def errors(
    model: nn.Module,
    count: int = 128,
    size: int = 32,
    predicts: str = "velocity",
    times: Sequence[float] = TIMES,
) -> list[float]:
    """The mean squared error of a network's answer at each of `times`."""
    x0, eps = held_out(count, size)
    found = []
    for t in times:
        now = torch.full((count,), t)
        xt = LinearPath().corrupt(x0, eps, now)
        target = mix(predicts, LinearPath(), x0, eps, now)
        parts = [slice(i, i + 64) for i in range(0, count, 64)]
        answer = torch.cat([cast(Tensor, model(xt[i], now[i])) for i in parts])
        found.append(float((answer - target).square().mean()))
    return found


def mean(values: Sequence[float]) -> float:
    """The plain mean."""
    return sum(values) / len(values)
