"""Recipes that learn to make clips as words say, and to go on, on latents."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import Clip
from coursekit.datasets.teddy.clip_words import TOLD, clip_caption, clip_ids
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.clip_measures import Clips
from coursekit.evaluation.clip_sampling import decoded, latents_of_words, shown_words
from coursekit.evaluation.rebuilt_clips import to_clip
from coursekit.evaluation.sampling import image_grid
from coursekit.theory.forcing import forcing_loss
from coursekit.theory.guidance import drop_condition
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.latent_space import Space
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Recipe
from coursekit.training.recipe_prompts import DRAWS
from coursekit.training.text_image_data import one_wording
from coursekit.training.warm_start import start_from, start_line

NO_SHIRT = tuple(name for name in TOLD if name != "shirt")
# What the wordings of a clip tell: half of them name the shirt, one hardly anything.
WORDINGS = (TOLD, NO_SHIRT, TOLD, ("motion", "walker"))
JUDGED = 3_000_000  # seed of clips that no training has seen


@dataclass(frozen=True)
class ClipRecipe(Recipe):
    """Flow matching on latents of clips, told by words and by clean first latents.

    latents: the recipe of the autoencoder; contexts: how many clean latents there may
    be, in a share `given` of the clips; the rest begin with noise.
    """

    mantissa = 3

    latents: str = "video-vae"
    size: int = 32
    frames: int = 17
    contexts: tuple[int, ...] = (1, 2, 3, 4)
    given: float = 0.5
    forget: float = 0.12  # share of captions replaced by the empty one
    times: str = "logit-normal"  # see recipe_prompts.DRAWS
    start: str = ""  # the recipe whose checkpoint it starts from
    scale: float = 3.0  # guidance of previews and figures
    seed: int = 0

    @cached_property
    def space(self) -> Space:
        """Where it learns; the autoencoder is read from its checkpoint once."""
        return Space(self.latents)

    def shape(self) -> tuple[int, ...]:
        """(L, T, h, w) of what is learnt of a whole clip."""
        found: tuple[int, ...] = self.space.net.latent_shape(  # type: ignore[union-attr, operator]
            self.frames, self.size, self.size
        )
        return found

    def clips(self, count: int, seed: int, split: str) -> list[Clip]:
        """Clips to learn, or to be judged by."""
        return sample_clips(count, seed, self.frames, split=split)

    def load(self, limit: int) -> Data:
        """Latents (N, L, T, h, w), encoded once, and captions (N, wordings, words)."""
        count = limit or 4000
        chosen = self.clips(count, 0, "train")
        films = torch.from_numpy(draw_clips(chosen, self.frames, self.size))
        lines = [[clip_caption(clip, told) for clip in chosen] for told in WORDINGS]
        ids = torch.stack([clip_ids(each) for each in lines], dim=1)
        digest = hashlib.sha256(films.numpy().tobytes() + ids.numpy().tobytes())
        text = (
            f"{count} train clips of {self.frames} frames, {self.size} px, "
            f"sha256 {digest.hexdigest()[:16]}{start_line(self.start)}"
        )
        return self.encoded(Data(films, text, ids))

    def encoded(self, data: Data) -> Data:
        """What is learnt of the films."""
        return self.space.encoded(data, to_clip, 32)

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def begin(self, model: nn.Module) -> nn.Module:
        """The weights of `start`; blocks that it does not have stay as new."""
        start_from(model, self.start)
        return model

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """x0, the time of each latent frame, noise, ids, and luck for forgetting."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        generator = torch.Generator().manual_seed(seed_of(self.seed, 2, step))
        x0, known = self.cut(data.x, chosen, generator)
        t = DRAWS[self.times].sample(size, generator)
        frames = torch.arange(x0.shape[2])
        levels = t[:, None] * (frames >= known[:, None])
        eps = torch.randn(x0.shape, generator=generator)
        ids = one_wording(data.cond[chosen], generator)
        return x0, levels, eps, ids, torch.rand(size, generator=generator)

    def cut(
        self, x: Tensor, chosen: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The clips of a step, and how many clean latents each begins with, (B,)."""
        size = len(chosen)
        which = torch.randint(len(self.contexts), (size,), generator=generator)
        given = torch.rand(size, generator=generator) < self.given
        return x[chosen], torch.tensor(self.contexts)[which] * given

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Flow matching, of the frames that are not given."""
        x0, levels, eps, ids, luck = batch
        null = clip_ids([""])[0].to(ids.device)
        cond = drop_condition(ids, null, self.forget, luck)

        def velocities(xt: Tensor, levels: Tensor) -> Tensor:  # frames come first there
            answer: Tensor = model(xt.transpose(1, 2), levels, cond)
            return answer.transpose(1, 2)

        return forcing_loss(velocities, x0.transpose(1, 2), levels, eps.transpose(1, 2))

    def make(self, model: nn.Module, captions: list[str], seed: int = 0) -> Clips:
        """A clip for each caption, without a given beginning: (N, F, H, W, 3)."""
        z = latents_of_words(model, captions, self.shape(), scale=self.scale, seed=seed)
        return decoded(self.space.decode, z)

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Captions no training saw, a row each: every other frame."""
        clips = self.clips(12 if large else 6, JUDGED, "test")
        made = self.make(model, [clip_caption(clip) for clip in clips])[:, ::2]
        return image_grid(made.reshape(-1, *made.shape[2:]), columns=made.shape[1])

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """What clips show of their captions, told all or hardly anything."""
        clips = self.clips(16 if quick else 128, JUDGED, "test")
        figures: dict[str, Any] = {
            "clips": len(clips),
            "real": shown_words(draw_clips(clips, self.frames, self.size), clips),
        }
        for name, told in (("told", TOLD), ("untold", WORDINGS[-1])):
            captions = [clip_caption(clip, told) for clip in clips]
            figures[name] = shown_words(self.make(model, captions), clips)
        return figures

    def facts(self) -> dict[str, Any]:
        """Path, prediction and latents, and how it was told."""
        return {
            "path": "linear",
            "predicts": "velocity",
            "schedule": "cosine",
            "num_steps": 1000,
            "latents": self.latents,
            "size": self.size,
            "frames": self.frames,
            "contexts": list(self.contexts),
            "start": self.start,
            "forget": self.forget,
            "scale": self.scale,
        }
