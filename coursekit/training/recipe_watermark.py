"""The recipe of a watermark: bits in pictures, heard through attacks."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from coursekit.datasets import emoji
from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.reconstruction import held_out_pictures
from coursekit.evaluation.sampling import image_grid
from coursekit.evaluation.watermarking import marked, watermark_figures
from coursekit.models.watermark import SIDE, Watermark, WatermarkConfig
from coursekit.training.data import batch_indices, seed_of
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Profile, Recipe
from coursekit.training.watermark_attacks import attacked

USUAL = 6_000  # bears
LOUD = 0.3  # the largest change at first


@dataclass(frozen=True)
class WatermarkRecipe(Recipe):
    """Learn to hide random bits and to hear them after attacks.

    First the change may be as large as LOUD, until bits are heard at all: otherwise the
    loss stays at ln 2, which is guessing. Then the bound falls from step `loud` on, by
    the same factor every step, and is `quiet` (of the config) `hush` steps later.
    """

    seed: int = 0
    loud: int = 1000
    hush: int = 3500

    def load(self, limit: int) -> Data:
        """Bears; emoji, magnified, a sixth as many; and flat colours, so are few."""
        count = limit or USUAL
        bears, _ = teddies(count, SIDE, seed=0, kind="group")
        rng = np.random.default_rng(self.seed)
        others = emoji.load("train").images
        others = others[rng.permutation(len(others))[: count // 6]]
        others = others.repeat(2, axis=1).repeat(2, axis=2)
        flat = rng.integers(0, 256, (count // 60 + 1, 1, 1, 3), dtype=np.uint8)
        flat = flat.repeat(SIDE, axis=1).repeat(SIDE, axis=2)
        x = np.concatenate([bears, others, flat])
        digest = hashlib.sha256(x.tobytes()).hexdigest()[:16]
        text = f"{len(bears)} train scenes of one to three bears, {len(others)} emoji, "
        text += f"{len(flat)} flat colours, sha256 {digest}"
        return Data(torch.from_numpy(x), text)

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, random bits, how far the hush has come, the seed of the attacks."""
        chosen = batch_indices(len(data.x), size, self.seed, step)
        own = seed_of(self.seed, 2, step)
        generator = torch.Generator().manual_seed(own)
        bits = torch.randint(0, 2, (size, self.cpu.model.bits), generator=generator)
        done = min(max((step - self.loud) / self.hush, 0.0), 1.0)
        return (
            to_model(data.x[chosen]),
            bits.float(),
            torch.full((size,), done),
            torch.full((size,), own),
        )

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Nats a bit, after rounding and an attack; there is no loss of the picture."""
        x, bits, done, seeds = batch
        net = cast(Watermark, model)
        scale = LOUD * (net.config.quiet / LOUD) ** done
        bits = bits[:, : net.config.bits]
        heard = net(attacked(net.hide(x, bits, scale), int(seeds[0])))
        return binary_cross_entropy_with_logits(heard, bits)

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Rows: pictures, marked ones, and the change, magnified 8 times, on grey."""
        pictures = held_out_pictures("bears", 8 if large else 4, SIDE)
        net = cast(Watermark, model)
        bits = np.random.default_rng(1).random((len(pictures), net.config.bits)) < 0.5
        images = marked(net, pictures, bits)
        change = 8 * (images.astype(np.int64) - pictures) + 128
        seen = change.clip(0, 255).astype(np.uint8)
        return image_grid(np.concatenate([pictures, images, seen]), len(pictures))

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """What is heard after each attack on files, and the PSNR."""
        return watermark_figures(cast(Watermark, model), 50 if quick else 400)

    def facts(self) -> dict[str, Any]:
        """What it hides."""
        return {"hides": "32 bits in a picture of 64 x 64"}


QUICK = Profile(
    WatermarkConfig(quiet=LOUD),
    steps=300,
    batch=16,
    lr=2e-3,
    ema=0.98,
    pictures=500,
    show_every=300,
)
CPU = replace(
    QUICK,
    model=WatermarkConfig(),
    steps=7000,
    batch=32,
    ema=0.998,
    pictures=0,
    save_every=500,
    show_every=100_000,
)
GPU = replace(
    CPU,
    model=WatermarkConfig(width=128),
    steps=40_000,
    batch=256,
    ema=0.999,
    pictures=100_000,
    save_every=1000,
)
WATERMARK = WatermarkRecipe(
    name="watermark",
    title="Watermark: 32 bits hidden in a picture, heard after attacks",
    data="bears-and-emoji",
    quick=QUICK,
    cpu=CPU,
    gpu=GPU,
)
MARKS: tuple[Recipe, ...] = (WATERMARK,)
