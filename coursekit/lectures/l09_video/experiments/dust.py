"""Figure 09.H: a book, dust, and what a network takes for the cause.

Three worlds of clips with a table: dust rises if and only if a book is put on it, in
half of the clips whatever the book does, or if and only if there is none. One small
network learns each, from the first frame on. Then each is asked about equal scenes with
and without a book; what it makes is held against the two true drawings, with dust and
without.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import Clip
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.clip_measures import Clips
from coursekit.evaluation.clip_sampling import decoded
from coursekit.evaluation.rebuilt_clips import rebuilt, to_clip
from coursekit.evaluation.recall import wilson_interval
from coursekit.evaluation.text_sampling import starts
from coursekit.experiments.cache import kept_network
from coursekit.experiments.summary import Result, prefixed
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.models.video_transformer import VideoDiT, VideoDiTConfig
from coursekit.theory.chaining import sample_clip
from coursekit.theory.forcing import forcing_loss
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_clips import JUDGED

WORLDS = {"always": 1.0, "apart": 0.5, "never": 0.0}  # `agree` of `sample_clips`
LATENTS, FRAMES = "video-vae", 17
SHAPE = VideoDiTConfig(width=96, depth=4)
COUNT, STEPS, BATCH, RATE = 600, 1000, 16, 2e-3
LEAST = 0.4  # of the dust that is drawn, to be called dust


def amount(made: Clips, clips: Sequence[Clip]) -> Tensor:
    """How much of the true dust is in each clip, (N,): 0 for none, 1 for all of it.

    The share of the difference between the two true drawings, with dust and without,
    that is in what was made; by least squares over all pixels.
    """
    none, dusty = (
        draw_clips([replace(clip, dust=dust) for clip in clips], FRAMES).astype(float)
        for dust in (False, True)
    )
    way, axes = dusty - none, (1, 2, 3, 4)
    found = ((made - none) * way).sum(axis=axes) / (way**2).sum(axis=axes)
    return torch.from_numpy(found)


@torch.no_grad()
def latents(net: VideoAutoencoder, clips: Sequence[Clip]) -> Tensor:
    """The latents of drawn clips."""
    films = torch.from_numpy(draw_clips(clips, FRAMES))
    return torch.cat([net.encode(to_clip(part)) for part in torch.split(films, 32)])


def trained(world: str, net: VideoAutoencoder, quick: bool = False) -> nn.Module:
    """A network that has seen the clips of a world, its first latents given."""
    count, steps = (32, 3) if quick else (COUNT, STEPS)
    torch.manual_seed(0)
    fresh = VideoDiT(SHAPE)

    def train(model: VideoDiT) -> None:
        clips = sample_clips(count, 0, FRAMES, 0.0, tables=1.0, agree=WORLDS[world])
        z = latents(net, clips).transpose(1, 2)  # frames come first in the loss
        luck = torch.Generator().manual_seed(0)
        optimiser = torch.optim.Adam(model.parameters(), RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, RATE, steps, pct_start=0.1, cycle_momentum=False
        )

        def velocities(xt: Tensor, levels: Tensor) -> Tensor:
            answer: Tensor = model(xt.transpose(1, 2), levels)
            return answer.transpose(1, 2)

        for _ in range(steps):
            x0 = z[torch.randint(len(z), (BATCH,), generator=luck)]
            t = torch.randn(BATCH, 1, generator=luck).sigmoid()
            levels = t * (torch.arange(z.shape[1]) > 0)
            eps = torch.randn(x0.shape, generator=luck)
            loss = forcing_loss(velocities, x0, levels, eps)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()

    settings = (world, SHAPE, count, steps, BATCH, RATE, LATENTS)
    return kept_network(f"dust/{world}", settings, fresh, train)


def asked(model: nn.Module, net: VideoAutoencoder, clips: Sequence[Clip]) -> Tensor:
    """How much dust a network makes behind the first frames of clips: (N,)."""
    first = latents(net, clips)[:, :, :1]
    noise = starts(len(clips), net.latent_shape(FRAMES, 32, 32), 1)
    with torch.no_grad():
        made = sample_clip(model, noise, first)
    return amount(decoded(net.decode, made), clips)


def measure(quick: bool = False) -> Result:
    """Everything of 09.H.

    Keys: for each of WORLDS, "book" and "none": `{world}_{which}`, the share of `count`
    clips in which dust rises, with `_low` and `_high` (Wilson, 95 %), and `_unclear`,
    the share in which its amount is within 0.15 of the border; `{world}_follows`, the
    share of both in which there is dust if and only if there is a book; `reader`, the
    share of true clips, after the autoencoder, that are read right; `steps`, `batch`,
    `clips` to learn from.
    """
    net = load_model(LATENTS)
    assert isinstance(net, VideoAutoencoder)
    scenes = sample_clips(
        8 if quick else 100, JUDGED, FRAMES, 0.0, "test", tables=1.0, agree=0.5
    )
    read = amount(rebuilt(net, draw_clips(scenes, FRAMES)), scenes) > LEAST
    truth = torch.tensor([clip.dust for clip in scenes])
    result: Result = {
        **{"steps": STEPS, "batch": BATCH, "clips": COUNT, "count": len(scenes)},
        "reader": float(np.mean((read == truth).tolist())),
    }
    for world in WORLDS:
        model = trained(world, net, quick)
        for which, book in (("book", True), ("none", False)):
            clips = [replace(clip, book=book, dust=False) for clip in scenes]
            found = asked(model, net, clips)
            dusty = int((found > LEAST).sum())
            low, high = wilson_interval(dusty, len(clips))
            unclear = float(((found - LEAST).abs() < 0.15).float().mean())
            rates = {"": dusty / len(clips), "_low": low, "_high": high}
            rates["_unclear"] = unclear
            result |= prefixed(world, {f"{which}{k}": v for k, v in rates.items()})
        follows = (result[f"{world}_book"] + 1 - result[f"{world}_none"]) / 2
        result[f"{world}_follows"] = follows
    return result
