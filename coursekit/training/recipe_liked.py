"""Recipes that learn from a preference: pairs of a model's own pictures (DPO)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.text_sampling import BATCH, starts, walk_prompts
from coursekit.theory.diffusion_dpo import dpo_loss
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.training.precision import lowered, native_bf16
from coursekit.training.pretrained import card, load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_adapter import AdapterRecipe
from coursekit.training.text_image_data import length_of, tokenizer_of
from coursekit.training.warm_start import start_line


@dataclass(frozen=True)
class LikedRecipe(AdapterRecipe):
    """Diffusion-DPO on pairs that `start` drew (Wallace et al. 2023).

    Of `tries` pictures of one sentence the scene reader picks the one that shows most
    of its bears, and the one that shows least. Where all are alike there is no pair.
    """

    least: int = 2  # bears in a sentence: with one there is hardly a choice
    tries: int = 4
    walk: int = 24  # steps in which they are drawn
    beta: float = 2000.0
    ordinary: float = 0.0  # weight of flow matching on the pictures that won
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
        from coursekit.datasets.teddy.curation import KINDS
        from coursekit.datasets.teddy.prompts import prompts

        many, kind = limit or 400, KINDS[self.data]
        told = zip(*prompts(4 * many, "train", self.seed + 3, kind), strict=True)
        chosen = [each for each in told if len(each[1].bears) >= self.least][:many]
        asked, scenes = (list(part) for part in zip(*chosen, strict=True))
        ids = tokenizer_of(self.data).encode(asked, length_of(self.data))
        latents = torch.stack([self._drawn(ids, one) for one in range(self.tries)], 1)
        scores = torch.stack(
            [self._score(latents[:, one], scenes) for one in range(self.tries)], 1
        )
        best, worst = scores.argmax(1), scores.argmin(1)
        rows = torch.arange(len(asked))
        pairs = torch.stack([latents[rows, best], latents[rows, worst]], 1)
        kept = scores.amax(1) > scores.amin(1)
        text = (
            f"{int(kept.sum())} pairs of {self.tries} pictures each for {len(asked)} "
            f"sentences, judged by the scene reader{start_line(self.start)}"
        )
        if not bool(kept.any()):
            raise ValueError(f"all pictures are alike: no pair in {len(asked)} tries")
        text += f", latents of {self.latents} {card(self.latents)['sha256'][:12]}"
        return Data(pairs[kept], text, ids[kept][:, None])

    @torch.no_grad()
    def _drawn(self, ids: Tensor, one: int) -> Tensor:
        """The latents that the reference draws, another noise for each try."""
        model = self.reference
        if native_bf16():
            model = _Lowered(model)
        null = tokenizer_of(self.data).null(1, ids.shape[1])[0]
        noise, done = starts(len(ids), self.shape(), self.seed + 100 + one), []
        for i in _shown(range(0, len(ids), BATCH), f"drawing, try {one + 1}"):
            told, start = ids[i : i + BATCH], noise[i : i + BATCH]
            *_, x0 = walk_prompts(
                model, told, null, start, self.walk, self.scale, shift=self.shift
            )
            done.append(x0)
        return torch.cat(done)

    @torch.no_grad()
    def _score(self, latents: Tensor, scenes: Sequence[Scene]) -> Tensor:
        """The share of the bears asked for that are there; a little for the rest."""
        from coursekit.datasets.teddy.scene_reader import read_scenes
        from coursekit.evaluation.scene_alignment import scene_hits

        parts = [self.space.decode(part) for part in torch.split(latents, BATCH)]
        readings = read_scenes(to_uint8(torch.cat(parts)))
        found = [
            scene_hits(scene, reading) | {"valid": float(reading.valid)}
            for scene, reading in zip(scenes, readings, strict=True)
        ]
        return torch.tensor([hit["bears"] + hit["valid"] / 4 for hit in found])

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

    def facts(self) -> dict[str, Any]:
        """Also what was compared, and how hard it pulls."""
        own = {"tries": self.tries, "beta": self.beta, "ordinary": self.ordinary}
        return super().facts() | own


class _Lowered(nn.Module):
    """A network that multiplies in bf16 and answers in float32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.ask = lowered(network.forward, "cpu")

    def forward(self, *told: Tensor) -> Tensor:
        answer: Tensor = self.ask(*told)
        return answer


def _shown(batches: range, what: str) -> Iterator[int]:
    yield from tqdm(batches, what, leave=False, dynamic_ncols=True)
