"""A recipe that learns to edit: a picture and a wish in, the picture that answers."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.edit_pairs import (
    LENGTH,
    EditPair,
    Images,
    edit_pairs,
    edit_pictures,
    edit_tokenizer,
)
from coursekit.evaluation.edit_sampling import sample_edits
from coursekit.evaluation.sampling import image_grid
from coursekit.theory.guidance import drop_condition
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_prompts import DRAWS, PromptRecipe
from coursekit.training.warm_start import start_line

JUDGED = 6_000_000  # seed of pairs that no training has seen


@dataclass(frozen=True)
class EditRecipe(PromptRecipe):
    """Flow matching on latents of the answer, told by a wish and a clean picture.

    The picture is never forgotten, the words are in a share `forget`: then the network
    learns what pictures may come of this one.
    """

    mantissa = 3

    def load(self, limit: int) -> Data:
        """Latents (N, 2, C, h, w) of each picture and its answer, and wishes."""
        pairs = edit_pairs(limit or 20_000)
        before, after = edit_pictures(pairs, self.size)
        both = torch.from_numpy(np.stack([before, after], axis=1))
        ids = self.ids(pairs)
        digest = hashlib.sha256(both.numpy().tobytes() + ids.numpy().tobytes())
        text = f"{len(pairs)} train scenes with a wish and its exact answer, sha256 "
        text += f"{digest.hexdigest()[:16]}{start_line(self.start)}"
        flat = self.space.encoded(Data(both.flatten(0, 1), text, ids))
        return flat._replace(x=flat.x.reshape(-1, 2, *flat.x.shape[1:]))

    def ids(self, pairs: list[EditPair]) -> Tensor:
        """The wishes as ids (N, LENGTH)."""
        return edit_tokenizer().encode([pair.wish.text for pair in pairs], LENGTH)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """The answer x0, times, noise, ids, luck, and the picture before."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        time = DRAWS[self.times].sample(size, generator)
        reference, x0 = data.x[chosen].unbind(dim=1)
        eps = torch.randn(x0.shape, generator=generator)
        luck = torch.rand(size, generator=generator)
        return x0, time, eps, data.cond[chosen], luck, reference

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Conditional flow matching of the answer."""
        x0, time, eps, ids, luck, reference = batch
        null = edit_tokenizer().null(1, LENGTH)[0].to(ids.device)
        told = drop_condition(ids, null, self.forget, luck)

        def velocity(xt: Tensor, t: Tensor) -> Tensor:
            answer: Tensor = model(xt, t, (told, reference))
            return answer

        path = LinearPath()
        return prediction_loss(velocity, path, "velocity", x0, time, eps).mean()

    def edit(
        self,
        model: nn.Module,
        pictures: Images,
        wishes: list[str],
        scale: float,
        seed: int = 0,
    ) -> Images:
        """The pictures (N, size, size, 3) as the model redraws them, 24 Euler steps."""
        ids = edit_tokenizer().encode(wishes, LENGTH)
        return sample_edits(
            model, self.latents_of(pictures), ids, self.space.decode, scale, seed
        )

    def latents_of(self, pictures: Images) -> Tensor:
        """Pictures as the network sees them."""
        return self.space.encoded(Data(torch.from_numpy(pictures), "")).x

    def rebuilt(self, pictures: Images) -> Images:
        """What the autoencoder alone makes of pictures: no latent editor does better.

        (On average, over pictures like those that it has learnt.)
        """
        return to_uint8(self.space.decode(self.latents_of(pictures)))

    def preview(self, model: nn.Module, large: bool = False) -> Images:
        """Held-out pictures, three in a row: before, the model's and the answer."""
        pairs = edit_pairs(32 if large else 12, JUDGED, "test")
        before, after = edit_pictures(pairs, self.size)
        wishes = [pair.wish.text for pair in pairs]
        drawn = self.edit(model, before, wishes, self.scale)
        rows = np.stack([before, drawn, after], axis=1)
        return image_grid(rows.reshape(-1, *before.shape[1:]), columns=12)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Wishes met, and what changed without being asked, on held-out scenes."""
        from coursekit.evaluation.preservation import judged

        pairs = edit_pairs(40 if quick else 400, JUDGED, "test")
        before, after = edit_pictures(pairs, self.size)
        wishes = [pair.wish.text for pair in pairs]
        figures: dict[str, Any] = {"pairs": len(pairs)}
        for scale in (1.0, self.scale):
            drawn = self.edit(model, before, wishes, scale)
            figures[f"scale_{scale:g}"] = judged(pairs, before, after, drawn)
        return figures | {"rebuilt": judged(pairs, before, after, self.rebuilt(after))}
