"""Recipes that borrow eyes: a velocity to learn, and a teacher's features (REPA)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.models.aligned import Aligned, overheard, patch_features
from coursekit.models.clip import CLIP
from coursekit.models.vit import ViT
from coursekit.theory.representation import alignment_loss
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_latent_pictures import LatentPictureRecipe
from coursekit.training.recipe_pictures import PictureRecipe


@dataclass(frozen=True)
class RepaRecipe(LatentPictureRecipe):
    """A picture recipe whose transformer is to see what a teacher sees.

    The teacher looks at the clean pictures, once; the transformer at the noisy ones, or
    at their noisy latents. It needs as many tokens as the teacher has patches.
    """

    teacher: str = "teddy-clip"  # the recipe of a CLIP
    trained: bool = True  # False: the same teacher with fresh weights, as a control
    after: int = 2  # blocks before the tokens that are compared
    weight: float = 0.5  # of the second loss

    @cached_property
    def eyes(self) -> ViT:
        """The teacher's picture tower, frozen."""
        clip = cast(CLIP, load_model(self.teacher))
        if self.trained:
            return clip.image
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self.seed, 4))
            return ViT(clip.image.config).eval().requires_grad_(False)

    @torch.no_grad()
    def load(self, limit: int) -> Data:
        """What is learnt, and as `cond` the teacher's features, in half precision."""
        data = PictureRecipe.load(self, limit)
        parts = [
            patch_features(self.eyes, to_model(data.x[i : i + 250])).half()
            for i in range(0, len(data.x), 250)
        ]
        digest = card(self.teacher)["sha256"][:12] if self.trained else "untrained"
        text = f"{data.text}, seen by {self.teacher} {digest}"
        return self.space.encoded(data._replace(text=text, cond=torch.cat(parts)))

    def build(self, config: Any) -> nn.Module:
        """The network, and the head that ends in the teacher's width."""
        return Aligned(super().build(config), self.after, self.eyes.config.width)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times, noise and the features of the clean pictures."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        return (*super().batch(data, size, step), data.cond[chosen].float())

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The recipe's own loss, plus `weight` times `alignment_loss`."""
        *plain, seen = batch
        model = cast(Aligned, model)
        with overheard(model.block) as tokens:
            drawn = super().loss(model.network, tuple(plain))
        return drawn + self.weight * alignment_loss(model.head(tokens[0]), seen)

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """The network, and the head that `loss` calls by itself."""
        aligned = cast(Aligned, model)
        return aligned.network, aligned.head

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The network without its head: nothing of the teacher ships."""
        return super().published(cast(Aligned, model).network, data)

    def compile(self, model: nn.Module) -> None:
        """Nothing: what listens at a block wants torch to call that block."""
