"""A recipe that draws two bears in a room as a short prompt says.

The prompt says who wears what, the left bear first, and nothing else:

    brown bear with red hat and white bear with blue hat
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.tokens import Tokenizer, teddy_tokenizer
from coursekit.evaluation.prompt_alignment import binding
from coursekit.evaluation.sampling import image_grid
from coursekit.theory.losses import prediction_loss
from coursekit.theory.noise import pixel_noise
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import ddim_path, time_grid
from coursekit.training.data import told_batch
from coursekit.training.networks import build
from coursekit.training.objectives import clip_denoised
from coursekit.training.recipe import Batch, Data, Recipe

WORDS = 13  # tokens of a prompt, start and end included
STEPS = 16  # Euler steps from noise to picture


def pairs(n: int, seed: int, split: str) -> list[Scene]:
    """n scenes with two bears, all in one room under one light."""
    drawn = islice(scenes(seed, split, "pair"), n)
    return [
        replace(s, place="room", brightness=1.0, warmth=0.0, drift=0.5) for s in drawn
    ]


def prompt(scene: Scene) -> str:
    """Who wears what, from left to right."""
    bears = sorted(scene.bears, key=lambda bear: bear.x)
    return " and ".join(f"{bear.fur} bear with {bear.hat} hat" for bear in bears)


@dataclass(frozen=True)
class PairRecipe(Recipe):
    """Two bears by a network that names the clean picture."""

    size: int = 16
    seed: int = 0

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The words of the teddy world."""
        return teddy_tokenizer()

    def encode(self, chosen: Sequence[Scene]) -> Tensor:
        """The prompts of scenes as ids (N, WORDS)."""
        return self.tokenizer.encode([prompt(scene) for scene in chosen], WORDS)

    def load(self, limit: int) -> Data:
        """Scenes with two bears, and their prompts."""
        count = limit or 20_000
        chosen = pairs(count, 0, "train")
        text = f"{count} train scenes (pair) in one room, rendered at {self.size}"
        pictures = torch.from_numpy(render(chosen, self.size))
        return Data(pictures, text, self.encode(chosen))

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times, noise, ids."""
        return told_batch(data, size, self.seed, step)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean squared error of the clean picture."""
        return prediction_loss(model, LinearPath(), "x0", *batch).mean()

    @torch.no_grad()
    def draw(self, model: nn.Module, ids: Tensor, seed: int = 0) -> NDArray[np.uint8]:
        """One picture for each prompt (N, WORDS), uint8 (N, H, W, 3)."""
        generator = torch.Generator().manual_seed(seed)
        shape, done = (3, self.size, self.size), []
        for i in range(0, len(ids), 100):
            told = ids[i : i + 100]

            def asked(x: Tensor, t: Tensor, told: Tensor = told) -> Tensor:
                answer: Tensor = model(x, t, told)
                return answer

            start = pixel_noise((len(told), *shape), generator)
            predict = clip_denoised(denoiser(asked, LinearPath(), "x0"), LinearPath())
            *_, end = ddim_path(predict, start, time_grid(STEPS), LinearPath())
            done.append(end)
        return to_uint8(torch.cat(done))

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Prompts no training saw, always the same, from one noise."""
        count, columns = (48, 12) if large else (20, 10)
        ids = self.encode(pairs(count, 7, "test"))
        return image_grid(self.draw(model, ids), columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Whose hat is on whose head."""
        chosen = pairs(40 if quick else 400, 12, "test")
        drawn = self.draw(model, self.encode(chosen))
        return binding(drawn, chosen)
