"""Recipes that learn to draw what a prompt says, on latents or on pixels."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.images import to_model
from coursekit.evaluation.sampling import image_grid
from coursekit.evaluation.text_sampling import sample_prompts
from coursekit.theory.clean_prediction import clamped_velocity_loss
from coursekit.theory.guidance import drop_condition
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.training_times import LogitNormal, TimeLaw, Uniform
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.latent_space import Space
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.text_image_data import (
    captioned_images,
    length_of,
    one_wording,
    tokenizer_of,
)
from coursekit.training.warm_start import borrow_encoder, start_from, start_line

DRAWS: dict[str, TimeLaw] = {"uniform": Uniform(), "logit-normal": LogitNormal()}


@dataclass(frozen=True)
class PromptRecipe(Recipe):
    """Flow matching on the straight path, told by a prompt.

    latents: the recipe of the autoencoder whose latents are learnt; "" for pixels.
    """

    latents: str = ""
    size: int = 32
    forget: float = 0.1  # share of prompts replaced by the empty one
    times: str = "logit-normal"  # see DRAWS
    shift: float = 1.0  # of the times, in training and in sampling: see shift_time
    least: float = 0.0  # of a network that predicts x0: the smallest time that divides
    start: str = ""  # the recipe whose checkpoint it starts from
    encoder: str = ""  # the CLIP whose text encoder it reads, frozen; "": it learns one
    scale: float = 3.0  # guidance of previews and figures
    seed: int = 0

    @cached_property
    def space(self) -> Space:
        """Where it learns; an autoencoder is read from its checkpoint once."""
        return Space(self.latents)

    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of what is learnt."""
        return self.space.shape(self.size)

    def load(self, limit: int) -> Data:
        """Pictures with captions; where latents are learnt, encoded once."""
        data = self.space.encoded(captioned_images(self.data, limit, self.size))
        lines = start_line(self.start) + start_line(self.encoder)
        return data._replace(text=data.text + lines)

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """The weights of `start`, as far as they fit, and a borrowed encoder's."""
        start_from(model, self.start)
        borrow_encoder(model, self.encoder)
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, times, noise, ids (one wording each), and luck for forgetting."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        x0 = data.x[chosen]
        x0 = to_model(x0) if x0.dtype == torch.uint8 else x0
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        time = shift_time(DRAWS[self.times].sample(size, generator), self.shift)
        eps = torch.randn(x0.shape, generator=generator)
        ids = one_wording(data.cond[chosen], generator)
        return x0, time, eps, ids, torch.rand(size, generator=generator)

    def told(self, ids: Tensor, luck: Tensor) -> Tensor:
        """What the network is told: some prompts are forgotten."""
        null = tokenizer_of(self.data).null(1, ids.shape[1])[0].to(ids.device)
        return drop_condition(ids, null, self.forget, luck)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Conditional flow matching."""
        x0, time, eps, ids, luck = batch
        cond = self.told(ids, luck)
        if self.least:
            return clamped_velocity_loss(model, x0, time, eps, cond, self.least).mean()
        path = LinearPath()
        return prediction_loss(model, path, "velocity", x0, time, eps, cond).mean()

    def draw(
        self, model: nn.Module, prompts: list[str], scale: float, seed: int = 0
    ) -> NDArray[np.uint8]:
        """Pictures for prompts, with 24 Euler steps."""
        tokenizer = tokenizer_of(self.data)
        ids = tokenizer.encode(prompts, length_of(self.data))
        null = tokenizer.null(1, ids.shape[1])[0]
        return sample_prompts(
            model,
            self.space.decode,
            ids,
            null,
            self.shape(),
            scale=scale,
            seed=seed,
            shift=self.shift,
        )

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Held-out prompts, always the same, from one noise."""
        from coursekit.evaluation.prompts import held_out_prompts

        count, columns = (96, 16) if large else (40, 10)
        if self.size > 32:  # a sheet of larger pictures holds fewer
            count, columns = count // 4, columns // 2
        prompts = held_out_prompts(self.data, count)
        return image_grid(self.draw(model, prompts, self.scale), columns=columns)

    def judges(self) -> tuple[str, ...]:
        """Emoji have no reader: a CLIP that has seen all of them."""
        return ("emoji-judge",) if self.data == "emoji" else ()

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """How many pictures show what their prompt says, with and without guidance."""
        from coursekit.evaluation.prompts import prompt_figures
        from coursekit.training.pretrained import load_model

        count = 40 if quick else 200
        scales = (1.0, self.scale)
        judge = next((load_model(name) for name in self.judges()), None)
        return prompt_figures(
            partial(self.draw, model),
            self.data,
            self.size,
            count,
            scales,
            judge,
        )

    def facts(self) -> dict[str, Any]:
        """What a pipeline needs: path, prediction, latents, and how it was told."""
        return {
            "path": "linear",
            "predicts": "velocity",
            "schedule": "cosine",
            "num_steps": 1000,
            "latents": self.latents,
            "size": self.size,
            "times": self.times,
            "shift": self.shift,
            "start": self.start,
            "encoder": self.encoder,
            "forget": self.forget,
            "scale": self.scale,
        }
