"""A pipeline that marks what it draws, and recognises it (Wen et al. 2023).

ring = tree_ring(from_checkpoint("teddy-64-prompts"))
images = ring.draw(prompts, seed=0)
ring.scores(images)              # higher: rather ours. The threshold is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.evaluation.resizing import resize
from coursekit.evaluation.text_sampling import starts
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import BATCH, Images, Pipeline
from coursekit.pipeline.walks import times
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler
from coursekit.training.recipe import Data
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.recipes import RECIPES
from coursekit.trust.tree_ring import marked, ring_distance, secret_rings


@dataclass(frozen=True)
class TreeRing:
    """A pipeline for prompts, a secret, and how many steps the walk back takes."""

    pipe: Pipeline
    values: Tensor  # (K, R) of `trust.tree_ring`
    channels: tuple[int, ...]
    steps: int = 4

    def noise(self, seed: int, count: int) -> Tensor:
        """Noise (count, C, H, W): that of the pipeline's seed, with the rings."""
        plain = starts(count, self.pipe.parts.shape, seed)
        return marked(plain, self.values, self.channels)

    def draw(self, prompts: Sequence[str], seed: int = 0) -> Images:
        """Pictures that carry the mark, uint8 (B, H, W, 3)."""
        return self.pipe.draw(list(prompts), seed, self.noise(seed, len(prompts)))

    def walked_back(self, z0: Tensor) -> Tensor:
        """The noise that data come from: the flow, followed from t = 0 to t = 1.

        Nobody knows the prompt, so it is the empty one, and nothing guides. z0: (B, C,
        H, W) as the network learnt it. Returns the same shape.
        """
        parts = self.pipe.parts
        nothing = None if parts.null is None else parts.null.expand(len(z0), -1)
        predict = denoiser(parts.model, parts.path, parts.predicts, nothing)
        ts = times(parts.path, "euler", self.steps, parts.shift).flip(0)
        *_, eps = euler(predict, z0, ts)
        return eps

    def encoded(self, images: Images) -> Tensor:
        """Pictures as the network learnt them, resized to its size where they differ.

        images: uint8 (B, H, W, 3). Raises PipelineError for a pipeline without prompts.
        """
        recipe = RECIPES[self.pipe.parts.name]
        if not isinstance(recipe, PromptRecipe):
            raise PipelineError(f"{recipe.name} is not told a prompt: no tree ring")

        def fitted(x: Tensor) -> Tensor:
            return resize(to_model(x), recipe.size)

        data = Data(torch.from_numpy(images.copy()), "")
        return recipe.space.encoded(data, fitted).x

    @torch.no_grad()
    def scores(self, images: Images) -> Tensor:
        """Minus the distance of the noise from the key, (B,): higher is rather ours."""
        z0 = self.encoded(images)
        some = [z0[i : i + BATCH] for i in range(0, len(z0), BATCH)]
        eps = torch.cat([self.walked_back(part) for part in some])
        return -ring_distance(eps, self.values, self.channels)


def tree_ring(pipe: Pipeline, seed: int = 8, rings: int = 7) -> TreeRing:
    """The mark of a seed, in half of the channels of what the pipeline learnt."""
    channels = tuple(range(0, pipe.parts.shape[0], 2))
    return TreeRing(pipe, secret_rings(len(channels), rings, seed), channels)
