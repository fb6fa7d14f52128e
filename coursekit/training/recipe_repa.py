"""Recipes that borrow eyes: a velocity to learn, and a teacher's features (REPA)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.models.aligned import Aligned, overheard, patch_features
from coursekit.models.clip import CLIP
from coursekit.models.vit import ViT
from coursekit.theory.representation import alignment_loss
from coursekit.training.data import seed_of
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_pictures import PictureRecipe


@dataclass(frozen=True)
class RepaRecipe(PictureRecipe):
    """A picture recipe whose transformer is to see what a teacher sees.

    The teacher looks at the clean picture, the transformer at the noisy one.
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

    def load(self, limit: int) -> Data:
        """The pictures; the line about them names the teacher's weights."""
        data = super().load(limit)
        digest = card(self.teacher)["sha256"][:12] if self.trained else "untrained"
        return data._replace(text=f"{data.text}, seen by {self.teacher} {digest}")

    def build(self, config: Any) -> nn.Module:
        """The network, and the head that ends in the teacher's width."""
        return Aligned(super().build(config), self.after, self.eyes.config.width)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The recipe's own loss, plus `weight` times `alignment_loss`."""
        model = cast(Aligned, model)
        with overheard(model.block) as tokens:
            drawn = super().loss(model.network, batch)
        with torch.no_grad():
            seen = patch_features(self.eyes.to(batch[0].device), batch[0])
        return drawn + self.weight * alignment_loss(model.head(tokens[0]), seen)

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The network without its head: nothing of the teacher ships."""
        return super().published(cast(Aligned, model).network, data)

    def compile(self, model: nn.Module) -> None:
        """Nothing: what listens at a block wants torch to call that block."""
