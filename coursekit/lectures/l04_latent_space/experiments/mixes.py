"""Figure 04.L: one autoencoder, five mixes of losses, and how each of them fails.

f = 8, a tight bottleneck, so that every mix has to choose what to lose. One training
each: the figures describe these five networks, they are no statistics.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.reconstruction import held_out_pictures, kl_bits, rebuilt
from coursekit.experiments.cache import kept
from coursekit.experiments.train_images import RUNS, trained
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    lost_and_kept,
    pictures,
)
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.training.recipe import Data
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipes_latent import TEDDY_VAE

Images = NDArray[np.uint8]
STEPS = 300
# What differs from one mix to the next; noise 10 makes the pixels count next to nothing
MIXES: dict[str, dict[str, float]] = {
    "pixels": {"noise": 0.1, "perceptual": 0.0, "beta": 0.05},
    "kl": {"noise": 0.1, "perceptual": 0.0, "beta": 3000.0},
    "perceptual": {"noise": 10.0, "perceptual": 1.0, "beta": 1e-4},
    "critic": {"noise": 0.5, "perceptual": 0.0, "beta": 0.05, "critic": 8.0},
    "balance": {"noise": 0.1, "perceptual": 0.2, "beta": 0.05, "critic": 0.5},
}


def plan(mix: str, quick: bool = False) -> AutoencoderRecipe:
    """The recipe of one mix; its profile "cpu" is the one that is used."""
    steps = 4 if quick else STEPS
    profile = replace(
        TEDDY_VAE.cpu,
        model=AutoencoderConfig(widths=(24, 48, 48), latent=4),
        steps=steps,
        warmup=max(1, steps // 10),
        ema=0.98,
        save_every=steps,
    )
    changes: dict[str, Any] = dict(MIXES[mix])
    return replace(TEDDY_VAE, name=f"mix-{mix}", cpu=profile, critic_from=0, **changes)


def network(mix: str, data: Data, quick: bool = False) -> Autoencoder:
    """One autoencoder, trained once (runs/latent_mixes/), its latents scaled."""
    recipe = plan(mix, quick)
    folder = RUNS / ("latent_quick" if quick else "latent_mixes") / recipe.name
    net = recipe.published(trained(folder, recipe, recipe.cpu, data), data)
    assert isinstance(net, Autoencoder)
    return net


def slopes(images: Images) -> float:
    """Mean square difference of neighbouring pixels: sharp pictures have more."""
    x = images.astype(np.float64)
    return float((np.diff(x, axis=1) ** 2).mean() + (np.diff(x, axis=2) ** 2).mean())


def checkerboard(images: Images) -> float:
    """Share of the energy in patterns that change sign from pixel to pixel, in both
    directions at once (the highest frequencies, a quarter of the plane).
    """
    x = torch.from_numpy(images.astype(np.float64)).permute(0, 3, 1, 2)
    power = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square()
    n = x.shape[-1]
    high = torch.fft.fftfreq(n).abs() > 0.25
    corner = high[:, None] & high[None, :]
    return float(power[..., corner].sum() / power.sum())


def variety(images: Images) -> float:
    """Variance from picture to picture, pixel by pixel."""
    return float(images.astype(np.float64).var(axis=0).mean())


def figures(net: Autoencoder, images: Images) -> dict[str, float]:
    """What one mix did to held-out pictures, beside the pictures themselves.

    psnr, what is kept by attribute (`lost_and_kept`), bits; sharpness, variety and
    checkerboard as ratios to those of the real pictures; valid.
    """
    from coursekit.datasets.teddy.reader import valid_rate

    back = rebuilt(net, images)
    return {
        **lost_and_kept(net, images),
        "bits": float(kl_bits(net, images).mean()),
        "sharpness": slopes(back) / slopes(images),
        "variety": variety(back) / variety(images),
        "checkerboard": checkerboard(back) / checkerboard(images),
        "valid": valid_rate(back, "second"),
    }


def measure(quick: bool = False) -> dict[str, Any]:
    """Everything of 04.L: `{mix}_{figure}` for each of MIXES, see `figures`."""
    data = pictures(64 if quick else 6000)
    images = held_out_pictures("teddy", 40 if quick else 500)
    result: dict[str, Any] = {"steps": 4 if quick else STEPS, "mixes": list(MIXES)}
    for mix in MIXES:

        def compute(mix: str = mix) -> dict[str, Any]:
            return dict(figures(network(mix, data, quick), images))

        settings = (plan(mix, quick), data.text, len(images))
        found = kept(f"latent_mixes/{mix}", settings, compute)
        result |= {f"{mix}_{name}": value for name, value in found.items()}
    return result


@torch.no_grad()
def shown(mix: str, count: int, quick: bool = False) -> Images:
    """Held-out pictures after the bottleneck of one mix, for the film."""
    net = network(mix, pictures(64 if quick else 6000), quick)
    x: Tensor = to_model(held_out_pictures("teddy", count))
    return to_uint8(net.decode(net.encode(x)))
