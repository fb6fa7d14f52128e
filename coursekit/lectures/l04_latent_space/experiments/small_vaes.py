"""Small VAEs with f = 2, 4 and 8: how much comes through a bottleneck (part of 04.C).

f says how many times smaller each side of the latent grid is; the channels say how many
numbers each of its cells holds. Both together make the compression.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit.datasets.images import to_model
from coursekit.evaluation.reconstruction import held_out_pictures, psnr, rebuilt
from coursekit.experiments.cache import kept
from coursekit.experiments.train_images import RUNS, trained
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.training.recipe import Data
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipes_latent import TEDDY_VAE
from coursekit.training.text_image_data import captioned_images

Images = NDArray[np.uint8]
SPACES = {  # name -> widths of the levels, channels of the latent grid
    "f2": ((32,), 4),
    "f4": ((24, 48), 4),
    "f8": ((24, 48, 48), 4),
    "f8wide": ((24, 48, 48), 16),
}
STEPS = 300
TRAINING = 3  # a step forward and back costs about three times a step forward


def plan(space: str, seed: int, quick: bool = False) -> AutoencoderRecipe:
    """The recipe of one small VAE; its profile "cpu" is the one that is used."""
    widths, latent = SPACES[space]
    steps = 4 if quick else STEPS
    profile = replace(
        TEDDY_VAE.cpu,
        model=AutoencoderConfig(widths=widths, latent=latent),
        steps=steps,
        warmup=max(1, steps // 10),
        ema=0.98,
        save_every=steps,
    )
    name = f"{space}-{seed}"
    return replace(TEDDY_VAE, name=name, seed=seed, cpu=profile, perceptual=0.0)


def pictures(count: int) -> Data:
    """Training pictures of one bear each, without captions."""
    return captioned_images("teddy", count)._replace(cond=None)


def small_vae(space: str, seed: int, data: Data, quick: bool = False) -> Autoencoder:
    """One VAE, trained once (runs/latent_spaces/), its latents scaled."""
    recipe = plan(space, seed, quick)
    folder = RUNS / ("latent_quick" if quick else "latent_spaces") / recipe.name
    net = recipe.published(trained(folder, recipe, recipe.cpu, data), data)
    assert isinstance(net, Autoencoder)
    return net


@torch.no_grad()
def flops(net: nn.Module, *inputs: Tensor) -> float:
    """Floating-point operations of one forward pass, for each sample of the batch."""
    with FlopCounterMode(display=False) as counter:
        net(*inputs)
    return float(counter.get_total_flops() / len(inputs[0]))


def lost_and_kept(net: Autoencoder, images: Images) -> dict[str, float]:
    """What the second reader still reads after the bottleneck, by attribute.

    Keys: psnr, numbers (of a latent), and for each attribute the share of the pictures
    of which the reader says the same before and after. "hat" and "glasses" count only
    bears that wear some: to keep "none" is no feat.
    """
    from coursekit.datasets.teddy.reader import attributes

    back = rebuilt(net, images)
    before, after = attributes(images, "second"), attributes(back, "second")
    found = {"psnr": psnr(images, back)}
    found["numbers"] = float(np.prod(net.latent_shape(32, 32)))
    for name, words in before.items():
        worn = words != "none" if name in ("hat", "glasses") else words == words
        found[name] = float((words == after[name])[worn].mean())
    return found


def judged(space: str, seed: int, data: Data, quick: bool = False) -> dict[str, float]:
    """`lost_and_kept` of one VAE on held-out pictures, and `flops` of its training."""

    def compute() -> dict[str, float]:
        net = small_vae(space, seed, data, quick)
        images = held_out_pictures("teddy", 40 if quick else 500)
        cost = flops(net, to_model(images[:4]))
        profile = plan(space, seed, quick).cpu
        return {
            **lost_and_kept(net, images),
            "flops": TRAINING * cost * profile.steps * profile.batch,
        }

    folder = "latent_quick" if quick else "latent_spaces"
    settings = (plan(space, seed, quick), data.text)
    return kept(f"{folder}/{space}-{seed}", settings, compute)
