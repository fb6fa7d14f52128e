"""A recipe for going on with a clip after somebody has hidden: how much must be known?

The films have 33 frames. A walker hides, and comes back in the second half. One network
learns to go on from frame 16, where nothing is seen of him, with more or fewer frames
before it, and to make the whole from frame 0.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import SHIRTS, Clip
from coursekit.datasets.teddy.clip_words import TOLD, clip_caption
from coursekit.datasets.teddy.clips import returning_clips
from coursekit.evaluation.clip_measures import Clips
from coursekit.evaluation.clip_sampling import decoded, latents_of_words
from coursekit.evaluation.rebuilt_clips import to_clip
from coursekit.evaluation.recall import pedestrian_recall, seen_shirts, shirt_shares
from coursekit.models.video_autoencoder import STRIDE, VideoAutoencoder, latent_count
from coursekit.training.recipe import Data
from coursekit.training.recipe_clips import JUDGED, NO_SHIRT, ClipRecipe

GIVEN = 17  # frames before those that are to be made


@dataclass(frozen=True)
class RecallRecipe(ClipRecipe):
    """Go on with films of 33 frames from contexts of several lengths.

    contexts: in frames, 1 + 4 k of the first 17, the last ones.
    """

    frames: int = 33
    contexts: tuple[int, ...] = (1, 5, 9, 17)

    def windows(self) -> dict[str, tuple[int, int]]:
        """Name of a task -> its first frame, and how many clean latents it has."""
        found = {f"last {c}": (GIVEN - c, latent_count(c)) for c in self.contexts}
        return {**found, "whole": (0, 1)}

    def clips(self, count: int, seed: int, split: str) -> list[Clip]:
        """Films in which somebody hides and returns."""
        return returning_clips(count, seed, split)

    def begins(self) -> list[int]:
        """The frames at which the encodings begin that `load` makes."""
        return sorted({first for first, _ in self.windows().values()})

    def encoded(self, data: Data) -> Data:
        """Each film from several frames on, one encoding behind the other.

        An encoding begins at the first frame of its window, so it holds nothing of
        what came before. Latents (N, L, T1 + T2 + ..., h, w).
        """
        parts = [
            self.space.encoded(data._replace(x=data.x[:, first:]), to_clip, 32)
            for first in self.begins()
        ]
        return parts[0]._replace(x=torch.cat([part.x for part in parts], dim=2))

    def cut(
        self, x: Tensor, chosen: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """One task for all rows of a step, so that they are equally long."""
        tasks = list(self.windows().values())
        first, known = tasks[int(torch.randint(len(tasks), (1,), generator=generator))]
        begins = self.begins()
        counts = [latent_count(self.frames - begin) for begin in begins]
        at = sum(counts[: begins.index(first)])
        count = counts[begins.index(first)]
        return x[chosen, :, at : at + count], torch.full((len(chosen),), known)

    def go_on(
        self,
        model: nn.Module,
        films: Clips,
        captions: list[str],
        task: str,
        seed: int = 0,
    ) -> Clips:
        """Films from the first frame of a task on, as the network makes them.

        films: true ones, uint8 (N, 33, H, W, 3), of which the context is taken; task:
        of `windows`; seed: of the noise. Returns the window, whose first frames are the
        context.
        """
        first, known = self.windows()[task]
        net = self.space.net
        assert isinstance(net, VideoAutoencoder)
        given = torch.from_numpy(films[:, first : first + STRIDE * (known - 1) + 1])
        with torch.no_grad():
            context = torch.cat(
                [net.encode(to_clip(p)) for p in torch.split(given, 32)]
            )
        shape = net.latent_shape(self.frames - first, self.size, self.size)
        z = latents_of_words(model, captions, shape, context, scale=1.0, seed=seed)
        return decoded(self.space.decode, z)

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """Who comes back, and in which shirt, for each length of the context."""
        clips = self.clips(16 if quick else 150, JUDGED, "test")
        films = draw_clips(clips, self.frames, self.size)
        truth = np.array([SHIRTS.index(clip.shirt) for clip in clips])
        figures: dict[str, Any] = {}
        asks = [(task, task, NO_SHIRT) for task in self.windows()]
        for name, task, told in [*asks, ("last 1, told", "last 1", TOLD)]:
            captions = [clip_caption(clip, told) for clip in clips]
            made = self.go_on(model, films, captions, task)
            shares = shirt_shares(made, clips)[:, GIVEN - self.frames :]
            recall = pedestrian_recall(seen_shirts(shares), truth)
            figures[name] = asdict(recall)
        return {"recall": figures}
