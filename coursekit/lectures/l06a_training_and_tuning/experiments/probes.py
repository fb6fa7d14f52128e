"""Probes: small networks that read attributes in noisy pictures or noisy latents.

One architecture for all sizes. What comes is folded to a grid that is the same for all,
so that only the first layer knows how many pixels a place has. All learn from the same
scenes, and the logarithm of t / (1 - t) is uniform in training: no time is preferred
that a shift would move.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pixel_unshuffle

from coursekit.datasets.teddy.scene import VOCABULARY, Scene
from coursekit.experiments.summary import mean
from coursekit.models.noisy_classifier import ClassifierConfig, NoisyClassifier
from coursekit.theory.paths import LinearPath

LOGITS = (-3.0, 5.0)  # of the times in training: t from 0.05 to 0.993
CLEAN = 0.1  # share of the training pictures without noise
HALF_STEP = math.log(2) / 2  # of the grid of logits: two steps double the noise
STEPS = range(-6, 15)  # the grid: t from 0.11 to 0.992
LEVELS = (0.8, 0.7, 0.6, 0.5)  # of what is left, at which times are compared

CHOICES = {**VOCABULARY, "count": ("1", "2", "3")}


def answers(scenes: Sequence[Scene], asked: Sequence[str]) -> Tensor:
    """The right answers (N, questions); -1 where a bear is asked for among several."""

    def answer(scene: Scene, name: str) -> int:
        if name == "count":
            return len(scene.bears) - 1
        if name == "place":
            return CHOICES[name].index(scene.place)
        word = getattr(scene.bears[0], name)
        return CHOICES[name].index(word) if len(scene.bears) == 1 else -1

    return torch.tensor([[answer(scene, name) for name in asked] for scene in scenes])


class Probe(nn.Module):
    """A noisy classifier with several questions."""

    def __init__(self, shape: Sequence[int], grid: int, asked: Sequence[str]) -> None:
        """shape: (C, S, S) of what comes; grid: places a side that it is folded to.

        asked: keys of CHOICES.
        """
        super().__init__()
        self.fold = shape[1] // grid
        self.asked = tuple(asked)
        self.numbers = [len(CHOICES[name]) for name in asked]
        channels = shape[0] * self.fold**2
        config = ClassifierConfig(channels, sum(self.numbers), (48, 64, 96))
        self.net = NoisyClassifier(config)

    def forward(self, xt: Tensor, t: Tensor) -> list[Tensor]:
        """Logits (B, choices) for each question."""
        return list(
            self.net(pixel_unshuffle(xt, self.fold), t).split(self.numbers, dim=1)
        )


def noisy(x0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
    """Fresh noise on the straight path."""
    return LinearPath().corrupt(x0, torch.randn(x0.shape, generator=generator), t)


def train_probe(
    probe: Probe, x0: Tensor, right: Tensor, steps: int, seed: int, batch: int = 64
) -> None:
    """AdamW on fresh noise; the rate falls to 0 as a cosine."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(probe.parameters(), lr=3e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(x0), (batch,), generator=generator)
        low, high = LOGITS
        t = torch.sigmoid(low + (high - low) * torch.rand(batch, generator=generator))
        t = t * (torch.rand(batch, generator=generator) >= CLEAN)
        logits = probe(noisy(x0[chosen], t, generator), t)
        loss = torch.stack(
            [
                cross_entropy(each, own, ignore_index=-1)
                for each, own in zip(logits, right[chosen].T, strict=True)
            ]
        ).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rate.step()


@torch.no_grad()
def accuracy(
    probe: Probe, x0: Tensor, right: Tensor, t: float, seed: int = 7
) -> dict[str, float]:
    """The share of right answers at one time, by question; the noise stays."""
    times = torch.full((len(x0),), t)
    xt = noisy(x0, times, torch.Generator().manual_seed(seed))
    parts = [slice(i, i + 256) for i in range(0, len(x0), 256)]
    logits = [probe(xt[part], times[part]) for part in parts]
    found = {}
    for i, name in enumerate(probe.asked):
        said = torch.cat([each[i] for each in logits]).argmax(1)
        there = right[:, i] >= 0
        found[name] = float((said == right[:, i])[there].double().mean())
    return found


def time_at(step: float) -> float:
    """The time at a step of the grid of logits."""
    return 1 / (1 + math.exp(-HALF_STEP * step))


def left(probe: Probe, x0: Tensor, right: Tensor) -> dict[str, list[float]]:
    """What is still read over STEPS: 1 as without noise, 0 by chance.

    Chance is to say the most frequent answer. `clean`: the accuracies without noise.
    """
    clean = accuracy(probe, x0, right, 0.0)
    seen = [accuracy(probe, x0, right, time_at(step)) for step in STEPS]
    found = {"clean": [clean[name] for name in probe.asked]}
    for i, name in enumerate(probe.asked):
        own = right[:, i][right[:, i] >= 0]
        chance = float(torch.bincount(own).max() / len(own))
        room = clean[name] - chance or 1.0
        found[name] = [(s[name] - chance) / room for s in seen]
    return found


def crossing(shares: Sequence[float], level: float) -> float:
    """The step of the grid at which falling shares first reach a level.

    Between two steps on the straight line. ValueError when they never do.
    """
    for i, (above, below) in enumerate(pairwise(shares)):
        if above >= level > below:
            return STEPS[i] + (above - level) / (above - below)
    raise ValueError(f"the shares do not cross {level}")


def factor(small: Sequence[float], large: Sequence[float]) -> float:
    """How much more noise t / (1 - t) leaves as much of `large`: the mean over LEVELS.

    The mean is that of the logarithms.
    """
    steps = [crossing(large, level) - crossing(small, level) for level in LEVELS]
    return math.exp(HALF_STEP * mean(steps))
