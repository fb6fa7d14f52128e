"""Figure 04.L: one autoencoder, five mixes of losses, and how each of them fails.

f = 8, a tight bottleneck, so that every mix has to choose what to lose. One training
each: the figures describe these five networks, they are no statistics.
"""

from functools import partial
from typing import Any

import numpy as np
import torch

from coursekit.datasets.teddy.reader import valid_rate
from coursekit.evaluation.reconstruction import (
    held_out_pictures,
    kl_bits,
    rebuilt,
    slopes,
)
from coursekit.experiments.cache import Images, kept, run_folder
from coursekit.experiments.summary import prefixed
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    STEPS,
    lost_and_kept,
    network,
    small,
)
from coursekit.models.autoencoder import Autoencoder
from coursekit.training.recipe import Data
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipes_latent import TEDDY_VAE

# What differs from one mix to the next; noise 10 makes the pixels count next to nothing
MIXES: dict[str, dict[str, float]] = {
    "pixels": {"noise": 0.1, "perceptual": 0.0, "beta": 0.05},
    "kl": {"noise": 0.1, "perceptual": 0.0, "beta": 3000.0},
    "perceptual": {"noise": 10.0, "perceptual": 1.0, "beta": 1e-4},
    "critic": {"noise": 0.5, "perceptual": 0.0, "beta": 0.05, "critic": 8.0},
    "balance": {"noise": 0.1, "perceptual": 0.2, "beta": 0.05, "critic": 0.5},
}


def plan(mix: str, quick: bool = False) -> AutoencoderRecipe:
    """The recipe of one mix."""
    changes: dict[str, Any] = {"critic_from": 0, **MIXES[mix]}
    return small(f"mix-{mix}", (24, 48, 48), 4, quick, **changes)


def trained_on(mix: str, data: Data, quick: bool) -> Autoencoder:
    """One autoencoder, trained once (runs/latent_mixes/)."""
    return network(plan(mix, quick), run_folder("latent_mixes", quick), data)


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
    data = TEDDY_VAE.load(64 if quick else 6000)
    images = held_out_pictures("teddy", 40 if quick else 500)

    def compute(mix: str) -> dict[str, Any]:
        return dict(figures(trained_on(mix, data, quick), images))

    result: dict[str, Any] = {"steps": 4 if quick else STEPS, "mixes": list(MIXES)}
    for mix in MIXES:
        settings = (plan(mix, quick), data.text, len(images))
        found = kept(f"latent_mixes/{mix}", settings, partial(compute, mix))
        result |= prefixed(mix, found)
    return result


def shown(mix: str, count: int, quick: bool = False) -> Images:
    """Held-out pictures after the bottleneck of one mix, for the film."""
    net = trained_on(mix, TEDDY_VAE.load(64 if quick else 6000), quick)
    return rebuilt(net, held_out_pictures("teddy", count))
