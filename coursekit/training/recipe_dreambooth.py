"""Recipes that teach a trained model one subject, with all weights or with LoRA."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.evaluation.identity import called, identity_figures
from coursekit.theory.dreambooth import Rows, dreambooth_loss
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.recipe_prompts import PromptRecipe
from coursekit.training.text_image_data import WORDINGS, length_of, tokenizer_of
from coursekit.training.warm_start import start_line

PRIOR = 128  # pictures of its own that a model keeps in mind, if nobody says otherwise


@dataclass(frozen=True)
class DreamBoothRecipe(AdapterRecipe):
    """A few pictures of the [V] bear, and as many rows of what `start` draws itself."""

    shots: int = 5  # pictures of the subject
    word: str = "[V]"  # that stands for it in the captions
    prior: float = 1.0  # weight of the prior's loss; 0: none of its rows

    def load(self, limit: int) -> Data:
        """The subject's pictures first, then at most `limit` of the prior's.

        The prior's are drawn by the model it starts from, to prompts of its training.
        """
        from coursekit.datasets.teddy.prompts import captions_of, prompts
        from coursekit.datasets.teddy.sample import special_teddies

        images, scenes = special_teddies(self.shots, self.size, self.seed)
        told = [
            called(captions_of(scenes, seed), self.word) for seed in range(WORDINGS)
        ]
        text = f"{self.shots} pictures of the [V] bear, called {self.word!r}"
        text += start_line(self.start)
        if self.prior:
            asked, _ = prompts(limit or PRIOR, "train", seed=self.seed + 1)
            base = load_model(self.start, clip=False)
            images = np.concatenate([images, self.draw(base, asked, self.scale, 1)])
            told = [[*few, *asked] for few in told]
            text += f", and {len(asked)} that it drew"
        encode, length = tokenizer_of(self.data).encode, length_of(self.data)
        ids = torch.stack([encode(each, length) for each in told], dim=1)
        return self.space.encoded(Data(torch.from_numpy(images), text, ids))

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """By turns a row of the subject and one of the prior, and which are which.

        Without a prior all rows are the subject's. ValueError for odd sizes with one.
        """
        assert data.cond is not None
        few = Data(data.x[: self.shots], data.text, data.cond[: self.shots])
        if not self.prior:
            mine = super().batch(few, size, step)
            return *mine, torch.zeros(size, dtype=torch.bool)
        if size % 2:
            raise ValueError(f"a batch of {size}: half of it is the prior's, take 2 n")
        mine = super().batch(few, size // 2, step)
        kept = Data(data.x[self.shots :], data.text, data.cond[self.shots :])
        theirs = PromptRecipe.batch(
            replace(self, seed=self.seed + 1_000_000), kept, size // 2, step
        )
        pairs = zip(mine, theirs, strict=True)
        rows = (torch.stack(pair, dim=1).flatten(0, 1) for pair in pairs)
        return *rows, torch.arange(size) % 2 == 1

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """DreamBooth's, each row by its mark."""
        x0, time, eps, ids, luck, of_prior = batch
        rows = Rows(x0, time, eps, self.told(ids, luck))
        subject, prior = (
            Rows(*(part[mark] for part in rows)) for mark in (~of_prior, of_prior)
        )
        return dreambooth_loss(model, subject, prior, self.prior)

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """New scenes with the subject, then as many ordinary prompts."""
        from coursekit.datasets.teddy.prompts import captions_of
        from coursekit.datasets.teddy.sample import special_teddies
        from coursekit.evaluation.prompts import SEED, held_out_prompts
        from coursekit.evaluation.sampling import image_grid

        count, columns = (48, 16) if large else (20, 10)
        _, scenes = special_teddies(count, self.size, SEED)
        asked = called(captions_of(scenes), self.word)
        asked += held_out_prompts(self.data, count)
        return image_grid(self.draw(model, asked, self.scale), columns=columns)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Is it this bear, and is it every bear now?"""
        count = 20 if quick else 200
        return identity_figures(partial(self.draw, model), self.word, count, self.scale)

    def facts(self) -> dict[str, Any]:
        """Also how few pictures, under which name, beside which prior."""
        own = {"shots": self.shots, "word": self.word, "prior": self.prior}
        return super().facts() | own
