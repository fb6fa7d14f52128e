"""Recipes that bring pictures and captions into one space."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.evaluation.sampling import image_grid
from coursekit.models.clip import CLIP
from coursekit.theory.contrastive import clip_loss, sigmoid_loss
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.distributed import gathered
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.text_image_data import (
    captioned_images,
    length_of,
    one_wording,
    tokenizer_of,
)


@dataclass(frozen=True)
class ClipRecipe(Recipe):
    """Each picture must find its caption among those of its batch.

    The loss is made of pairs, so processes that share a batch show each other their
    vectors: each picture meets all captions. Pictures are moved by up to `jitter`
    pixels, so that few of them are enough.
    """

    size: int = 32
    jitter: int = 2
    seed: int = 0

    def load(self, limit: int) -> Data:
        """Pictures with captions."""
        return captioned_images(self.data, limit, self.size)

    def build(self, config: Any) -> nn.Module:
        """The two towers."""
        return build(config)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, moved a little, and one wording of each caption."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        moves = torch.randint(
            -self.jitter, self.jitter + 1, (size, 2), generator=generator
        )
        x0 = shifted(to_model(data.x[chosen]), moves)
        return x0, one_wording(data.cond[chosen], generator)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """CLIP's loss, or the sigmoid one where the network is built for it."""
        net, (x0, ids) = cast(CLIP, model), batch
        images, texts = gathered(net.encode_image(x0)), gathered(net.encode_text(ids))
        if net.config.sigmoid:
            return sigmoid_loss(images, texts, net.temperature(), net.bias)
        return clip_loss(images, texts, net.temperature())

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """The two towers: `loss` does not call the network as a whole."""
        net = cast(CLIP, model)
        return net.image, net.text

    @torch.no_grad()
    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """One row for each of some held-out captions: the pictures that fit it best."""
        from coursekit.evaluation.prompts import held_out_prompts
        from coursekit.evaluation.reconstruction import held_out_pictures

        rows, columns = (8, 16) if large else (4, 10)
        net, data = cast(CLIP, model), self.data.removesuffix("-all")
        images = held_out_pictures(data, 400, self.size)
        ids = tokenizer_of(data).encode(held_out_prompts(data, rows), length_of(data))
        device = net.log_scale.device
        seen = net.encode_image(to_model(images).to(device))
        best = (net.encode_text(ids.to(device)) @ seen.T).topk(columns, dim=1).indices
        return image_grid(images[best.cpu().flatten().numpy()], columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Retrieval and, for teddies, zero-shot attributes.

        "held_out" says whether training has not seen the pictures: a judge has.
        """
        from coursekit.evaluation.alignment import alignment

        data = self.data.removesuffix("-all")
        found = alignment(cast(CLIP, model), data, self.size)
        return {"held_out": data == self.data, **found}


def shifted(x: Tensor, moves: Tensor) -> Tensor:
    """Pictures (B, C, H, W), each moved by whole pixels; their edges are repeated.

    moves: (B, 2) long, down and to the right.
    """
    count, channels, height, width = x.shape
    rows = (torch.arange(height) - moves[:, :1]).clamp(0, height - 1)
    columns = (torch.arange(width) - moves[:, 1:]).clamp(0, width - 1)
    b = torch.arange(count)[:, None, None, None]
    c = torch.arange(channels)[:, None, None]
    return x[b, c, rows[:, None, :, None], columns[:, None, None, :]]
