"""Recipes that learn from a preference: pairs of a model's own pictures (DPO)."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from coursekit.datasets.images import to_uint8
from coursekit.evaluation.text_sampling import BATCH, starts, walk_prompts
from coursekit.theory.diffusion_dpo import dpo_loss
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.training.precision import InBf16, native_bf16
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.text_image_data import length_of, tokenizer_of
from coursekit.training.warm_start import start_line


@dataclass(frozen=True)
class LikedRecipe(AdapterRecipe):
    """Diffusion-DPO on pairs that `start` drew (Wallace et al. 2023).

    Somebody likes warm light. Of `tries` pictures of one sentence the warmest wins, and
    the coldest loses, as the first reader sees them; the second one judges what is
    learnt. No sentence speaks of the light, so it is the model's own choice.
    """

    tries: int = 4
    walk: int = 8  # steps in which they are drawn
    beta: float = 500.0
    ordinary: float = 1.0  # weight of flow matching on the pictures that won
    forget: float = 0.0

    @cached_property
    def reference(self) -> nn.Module:
        """The model it starts from, which stays as it is."""
        return load_model(self.start, clip=False)

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """The reference multiplies in bf16 where the model does."""
        return model, self.reference

    def load(self, limit: int) -> Data:
        """Pairs of latents (N, 2, C, H, W), the winner first, for `limit` sentences."""
        from coursekit.datasets.teddy.prompts import prompts

        asked, _ = prompts(limit or 500, "train", self.seed + 3, "solo")
        ids = tokenizer_of(self.data).encode(asked, length_of(self.data))
        latents = torch.stack([self._drawn(ids, one) for one in range(self.tries)], 1)
        scores = torch.stack([self._warmth(part) for part in latents.unbind(1)], 1)
        rows = torch.arange(len(asked))
        best, worst = scores.argmax(1), scores.argmin(1)
        pairs = torch.stack([latents[rows, best], latents[rows, worst]], 1)
        gap = float((scores[rows, best] - scores[rows, worst]).mean())
        text = (
            f"{len(asked)} pairs, the warmest and the coldest of {self.tries} pictures "
            f"({gap:.2f} apart, first reader){start_line(self.start)}, latents of "
            f"{self.latents} {card(self.latents)['sha256'][:12]}"
        )
        return Data(pairs, text, ids[:, None])

    @torch.no_grad()
    def _drawn(self, ids: Tensor, one: int) -> Tensor:
        """The latents that the reference draws, another noise for each try."""
        model = self.reference
        null = tokenizer_of(self.data).null(1, ids.shape[1])[0]
        noise, done = starts(len(ids), self.shape(), self.seed + 100 + one), []
        low = InBf16([model], "cpu") if native_bf16() else nullcontext()
        parts = range(0, len(ids), BATCH)
        with low:
            for i in tqdm(parts, f"drawing, try {one + 1}", leave=False):
                told, start = ids[i : i + BATCH], noise[i : i + BATCH]
                *_, x0 = walk_prompts(
                    model, told, null, start, self.walk, self.scale, shift=self.shift
                )
                done.append(x0)
        return torch.cat(done)

    @torch.no_grad()
    def _warmth(self, latents: Tensor) -> Tensor:
        from coursekit.datasets.teddy.reader import measures

        parts = [self.space.decode(part) for part in torch.split(latents, BATCH)]
        return torch.from_numpy(measures(to_uint8(torch.cat(parts)))["warmth"])

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Winner and loser, one time and one noise for both, and their sentence."""
        both, time, eps, ids, _ = super().batch(data, size, step)
        return both[:, 0], both[:, 1], time, eps[:, 0], ids

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """DPO's, and the winners' own."""
        better, worse, time, eps, ids = batch
        reference = self.reference.to(time.device)
        loss, _ = dpo_loss(model, reference, better, worse, time, eps, self.beta, ids)
        if not self.ordinary:
            return loss
        path = LinearPath()
        own = prediction_loss(model, path, "velocity", better, time, eps, ids)
        return loss + self.ordinary * own.mean()

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Warmth and obedience before and after, by the reader that was not asked."""
        from coursekit.datasets.teddy.prompts import prompts
        from coursekit.datasets.teddy.reader import measures
        from coursekit.evaluation.prompt_alignment import prompt_alignment
        from coursekit.evaluation.prompts import SEED

        asked, scenes = prompts(20 if quick else 100, "test", SEED, "solo")
        found: dict[str, Any] = {"drawn": len(asked)}
        for when, net in (("before", self.reference), ("after", model)):
            images = self.draw(net, asked, self.scale)
            found[f"obeyed_{when}"] = prompt_alignment(images, scenes)["all"]
            found[f"warmth_{when}"] = float(measures(images, "second")["warmth"].mean())
        return found

    def facts(self) -> dict[str, Any]:
        """Also what was compared, and how hard it pulls."""
        own = {"tries": self.tries, "beta": self.beta, "ordinary": self.ordinary}
        return super().facts() | own
