"""What the readers learn from: scenes, milder and harsher corruptions, non-scenes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.captions import words_of
from coursekit.datasets.teddy.reader_nets import CHOICES, MEASURES, SIDE
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import specialise
from coursekit.datasets.teddy.scene import Scene, random_scene

IGNORE = -1  # a question that has no answer for this picture


@dataclass
class Batch:
    """Pictures (B, 3, 32, 32) in [-1, 1], answers (B, questions), measures (B, M)."""

    x: Tensor
    answers: Tensor
    measures: Tensor


def answers_of(scene: Scene) -> list[int]:
    """The index of the true answer to each question; IGNORE where there is none."""
    words = {"place": scene.place, "count": str(len(scene.bears)), "valid": "yes"}
    words["mirror"] = "yes" if scene.mirror else "no"
    if len(scene.bears) == 1:
        words |= words_of(scene.bears[0])._asdict()
    return [
        options.index(words[name]) if name in words else IGNORE
        for name, options in CHOICES.items()
    ]


def measures_of(scene: Scene) -> list[float]:
    """Position, size and light of a one-bear scene, scaled to about [-1, 1]."""
    if len(scene.bears) != 1:
        return [float("nan")] * len(MEASURES)
    bear = scene.bears[0]
    return [
        *(4 * (bear.x - 0.5), 8 * (bear.y - 0.92), 4 * (bear.scale - 0.55)),
        *(6 * (scene.brightness - 0.98), scene.warmth, 2 * (scene.drift - 0.5)),
    ]


def scene_batch(
    n: int,
    rng: np.random.Generator,
    kinds: tuple[float, float, float] = (0.8, 0.1, 0.1),
) -> Batch:
    """n clean pictures: solo, group and mirror scenes; one solo bear in 20 is [V]."""
    scenes = []
    for luck, special in rng.random((n, 2)).tolist():
        kind = "solo" if luck < kinds[0] else "group"
        kind = "mirror" if luck >= kinds[0] + kinds[1] else kind
        scene = random_scene(rng, kind)
        scenes.append(specialise(scene) if kind == "solo" and special < 0.05 else scene)
    return Batch(
        to_model(render(scenes, SIDE)),
        torch.tensor([answers_of(s) for s in scenes]),
        torch.tensor([measures_of(s) for s in scenes]),
    )


def empty_places(n: int, rng: np.random.Generator, side: int = SIDE) -> Tensor:
    """Pictures of places without a bear."""
    scenes = [replace(random_scene(rng), bears=()) for _ in range(n)]
    return to_model(render(scenes, side))


def blur(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of `sigma` pixels, edges mirrored; sigma = 0 is the identity."""
    if sigma <= 0:
        return x
    reach = min(max(1, round(3 * sigma)), x.shape[-1] - 1)
    grid = torch.arange(-reach, reach + 1, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (grid / sigma) ** 2)
    kernel = (kernel / kernel.sum()).repeat(x.shape[1], 1, 1, 1)
    x = F.pad(x, (reach, reach, reach, reach), mode="reflect")
    x = F.conv2d(x, kernel, groups=x.shape[1])
    return F.conv2d(x, kernel.transpose(2, 3), groups=x.shape[1])


def noisy(x: Tensor, sigma: Tensor | float, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise of standard deviation `sigma` (pixels run from -1 to 1)."""
    return x + sigma * torch.randn(x.shape, generator=generator)


# ---- pictures that are not scenes -------------------------------------------------
Spoil = Callable[[Tensor, torch.Generator], Tensor]


def _uniform(low: float, high: float, n: int, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, 1, 1, 1, generator=generator)


def _other(x: Tensor, generator: torch.Generator) -> Tensor:
    shift = 1 + int(torch.randint(max(1, len(x) - 1), (), generator=generator))
    return x.roll(shift, 0)


def _lines(x: Tensor) -> tuple[Tensor, Tensor]:
    """Where pixels lie from left to right and from top to bottom, in [0, 1]."""
    return (
        torch.linspace(0, 1, x.shape[-1])[None, None, None],
        torch.linspace(0, 1, x.shape[-2])[None, None, :, None],
    )


def pure_noise(x: Tensor, g: torch.Generator) -> Tensor:
    """White noise about some colour."""
    colour = torch.rand(len(x), 3, 1, 1, generator=g) * 1.6 - 0.8
    return noisy(colour.expand_as(x), _uniform(0.2, 1.0, len(x), g), g)


def blobs(x: Tensor, g: torch.Generator) -> Tensor:
    """Smooth colour clouds."""
    size = int(torch.randint(2, 9, (), generator=g))
    coarse = torch.randn(len(x), 3, size, size, generator=g)
    return F.interpolate(coarse, x.shape[-2:], mode="bicubic").clamp(-1, 1)


def blend(x: Tensor, g: torch.Generator) -> Tensor:
    """Two scenes seen through each other."""
    part = _uniform(0.35, 0.65, len(x), g)
    return part * x + (1 - part) * _other(x, g)


def halves(x: Tensor, g: torch.Generator) -> Tensor:
    """One scene beside or above a part of another; the cut goes through the bears."""
    across, along = _lines(x)
    cut = _uniform(0.4, 0.6, len(x), g)
    down = torch.rand(len(x), 1, 1, 1, generator=g) < 0.5
    where = torch.where(down, along, across)
    return torch.where(where < torch.where(down, cut + 0.1, cut), x, _other(x, g))


def tiles(x: Tensor, g: torch.Generator) -> Tensor:
    """Tiles of the picture in another order."""
    side = (4, 8, 16)[int(torch.randint(3, (), generator=g))]
    pieces = F.unfold(x, side, stride=side)
    order = torch.randperm(pieces.shape[-1], generator=g)
    if bool((order == torch.arange(len(order))).all()):
        order = order.roll(1)
    return F.fold(pieces[..., order], x.shape[-2:], side, stride=side)


def warp(x: Tensor, g: torch.Generator) -> Tensor:
    """Melted: pixels moved along a smooth random field by about 3 pixels."""
    field = torch.randn(len(x), 2, 5, 5, generator=g)
    field = F.interpolate(field, x.shape[-2:], mode="bicubic").permute(0, 2, 3, 1)
    lines = (torch.linspace(-1, 1, side) for side in (x.shape[-1], x.shape[-2]))
    grid = torch.stack(torch.meshgrid(*lines, indexing="xy"), -1)
    grid = grid + field * _uniform(0.12, 0.30, len(x), g)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=True)


def hole(x: Tensor, g: torch.Generator) -> Tensor:
    """A piece in the middle, where the bear is, is another picture's or one colour."""
    n = len(x)
    across, along = _lines(x)
    half = _uniform(0.15, 0.26, n, g)
    cx, cy = _uniform(0.42, 0.58, n, g), _uniform(0.45, 0.80, n, g)
    inside = ((across - cx).abs() < half) & ((along - cy).abs() < half)
    colour = (torch.rand(n, 3, 1, 1, generator=g) * 2 - 1).expand_as(x)
    foreign = torch.rand(n, 1, 1, 1, generator=g) < 0.5
    return torch.where(inside, torch.where(foreign, _other(x, g), colour), x)


def turned(x: Tensor, g: torch.Generator) -> Tensor:
    """Upside down, or colours inverted."""
    return x.flip(2) if torch.rand((), generator=g) < 0.5 else -x


def drowned(x: Tensor, g: torch.Generator) -> Tensor:
    """Too much noise."""
    return noisy(x, _uniform(0.8, 1.6, len(x), g), g)


def smeared(x: Tensor, g: torch.Generator) -> Tensor:
    """Too much blur."""
    return blur(x, 2.6 + 3 * float(torch.rand((), generator=g)))


SPOILERS: dict[str, Spoil] = {
    spoil.__name__: spoil
    for spoil in (
        *(pure_noise, blobs, blend, halves, tiles, warp),
        *(hole, turned, drowned, smeared),
    )
}
