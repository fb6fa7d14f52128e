"""How good is an autoencoder: what comes back, what is lost, what random latents show.

Every figure about teddies stands beside that of the real pictures: a reader is not
always right.
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.curation import KINDS
from coursekit.models.autoencoder import Autoencoder
from coursekit.theory.noise import pixel_noise
from coursekit.theory.vae import bits_of, kl_to_normal

Images = NDArray[np.uint8]


def held_out_pictures(data: str, count: int, size: int = 32) -> Images:
    """Pictures (count, size, size, 3) that no training has seen, always the same.

    data: one of curation.KINDS (scenes of the test split, whatever their light) or
    "emoji" (held-out pairs, as many as there are). Raises ValueError for another name.
    """
    if data == "emoji":
        from coursekit.datasets import emoji

        return emoji.load("pairs").images[:count]
    from coursekit.datasets.teddy.sample import teddies

    if data not in KINDS:
        raise ValueError(f"no data set {data!r}: use one of {(*KINDS, 'emoji')}")
    images, _ = teddies(count, size, seed=2_000_000, split="test", kind=KINDS[data])
    return images


@torch.no_grad()
def rebuilt(model: Autoencoder, images: Images) -> Images:
    """Pictures after a way through the bottleneck (the means, no noise)."""
    device = model.shift.device
    parts = [
        model.decode(model.encode(to_model(images[i : i + 200]).to(device)))
        for i in range(0, len(images), 200)
    ]
    return to_uint8(torch.cat(parts))


def psnr(images: Images, others: Images) -> float:
    """Peak signal-to-noise ratio in dB, of the mean squared error of all pictures."""
    off = images.astype(np.float64) - others
    return float(10 * math.log10(255**2 / max(float((off**2).mean()), 1e-12)))


def slopes(images: Images) -> float:
    """Mean square difference of neighbouring pixels: sharp pictures have more."""
    x = images.astype(np.float64)
    return float((np.diff(x, axis=1) ** 2).mean() + (np.diff(x, axis=2) ** 2).mean())


@torch.no_grad()
def kl_bits(model: Autoencoder, images: Images) -> Tensor:
    """The KL of each picture's bell to N(0, 1), in bits, (N,)."""
    device = model.shift.device
    parts = [
        kl_to_normal(*model.bells(to_model(images[i : i + 200]).to(device)))
        for i in range(0, len(images), 200)
    ]
    return bits_of(torch.cat(parts)).cpu()


@torch.no_grad()
def from_random_latents(model: Autoencoder, count: int, size: int, seed: int) -> Images:
    """What the decoder makes of latents from the prior.

    A VAE promises something for z from N(0, 1) before scaling; a plain autoencoder
    promises nothing, and gets a normal of the right mean and spread for each channel.
    """
    shape = model.latent_shape(size, size)
    generator = torch.Generator().manual_seed(seed)
    z = pixel_noise((count, *shape), generator).to(model.shift.device)
    if model.config.variational:
        return to_uint8(model.rebuild(z))
    return to_uint8(model.decode(z))


def reconstruction(
    model: Autoencoder, data: str, count: int = 1000, size: int = 32
) -> dict[str, Any]:
    """The figures of a card: psnr, kl bits a picture, and for teddies what is read.

    "kept": share of held-out teddies of which the second reader (for one to three bears
    the scene reader) says the same before and after, by attribute; "valid_random":
    share of valid scenes from random latents.
    """
    images = held_out_pictures(data, count, size)
    back = rebuilt(model, images)
    figures: dict[str, Any] = {
        "pictures": len(images),
        "factor": model.config.factor,
        "latent_numbers": int(np.prod(model.latent_shape(size, size))),
        "psnr": psnr(images, back),
    }
    if model.config.variational:
        figures["kl_bits"] = float(kl_bits(model, images).mean())
    if data == "teddy":
        from coursekit.datasets.teddy.reader import attributes, valid_rate

        before, after = attributes(images, "second"), attributes(back, "second")
        kept = {k: before[k] == after[k] for k in before}
        figures["kept"] = {k: float(v.mean()) for k, v in kept.items()}
        figures["kept"]["all"] = float(np.all(list(kept.values()), axis=0).mean())
        random = from_random_latents(model, min(count, 500), size, seed=0)
        figures["valid_random"] = valid_rate(random, "second")
        figures["valid_real"] = valid_rate(images, "second")
    if data == "bears":
        from coursekit.datasets.teddy.scene_reader import read_scenes
        from coursekit.evaluation.scene_alignment import kept as scenes_kept

        figures["kept"] = scenes_kept(images, back)
        random = from_random_latents(model, min(count, 500), size, seed=0)
        for name, pictures in (("random", random), ("real", images), ("back", back)):
            good = [reading.valid for reading in read_scenes(pictures)]
            figures[f"valid_{name}"] = float(np.mean(good))
    return figures
