"""Small VAEs with f = 2, 4 and 8: how much comes through a bottleneck (part of 04.C).

f says how many times smaller each side of the latent grid is; the channels say how many
numbers each of its cells holds. Both together make the compression.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.reader import attributes
from coursekit.evaluation.reconstruction import held_out_pictures, psnr, rebuilt
from coursekit.experiments.cache import Images, kept, run_folder
from coursekit.experiments.compute import flops
from coursekit.experiments.train_images import trained
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.training.recipe import Data
from coursekit.training.recipe_autoencoder import AutoencoderRecipe
from coursekit.training.recipes_latent import TEDDY_VAE

SPACES = {  # name -> widths of the levels, channels of the latent grid
    "f2": ((32,), 4),
    "f4": ((24, 48), 4),
    "f8": ((24, 48, 48), 4),
    "f8wide": ((24, 48, 48), 16),
}
STEPS = 300
TRAINING = 3  # a step forward and back costs about three times a step forward


def small(
    name: str, widths: tuple[int, ...], latent: int, quick: bool, **changes: Any
) -> AutoencoderRecipe:
    """The recipe of a small VAE; its profile "cpu" is the one that is used.

    changes: other fields of TEDDY_VAE.
    """
    steps = 4 if quick else STEPS
    profile = replace(
        TEDDY_VAE.cpu,
        model=AutoencoderConfig(widths=widths, latent=latent),
        steps=steps,
        warmup=max(1, steps // 10),
        ema=0.98,
        save_every=steps,
    )
    return replace(TEDDY_VAE, name=name, cpu=profile, **changes)


def network(recipe: AutoencoderRecipe, folder: Path, data: Data) -> Autoencoder:
    """What a recipe of `small` makes, trained once in `folder`, its latents scaled."""
    model = trained(folder / recipe.name, recipe, recipe.cpu, data)
    return cast(Autoencoder, recipe.published(model, data))


def plan(space: str, seed: int, quick: bool = False) -> AutoencoderRecipe:
    """The VAE of one of SPACES."""
    name = f"{space}-{seed}"
    return small(name, *SPACES[space], quick, seed=seed, perceptual=0.0)


def small_vae(space: str, seed: int, data: Data, quick: bool = False) -> Autoencoder:
    """One VAE, trained once (runs/latent_spaces/)."""
    return network(plan(space, seed, quick), run_folder("latent_spaces", quick), data)


def lost_and_kept(net: Autoencoder, images: Images) -> dict[str, float]:
    """What the second reader still reads after the bottleneck, by attribute.

    Keys: psnr, numbers (of a latent), and for each attribute the share of the pictures
    of which the reader says the same before and after. "hat" and "glasses" count only
    bears that wear some: to keep "none" is no feat.
    """
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
    recipe = plan(space, seed, quick)

    def compute() -> dict[str, float]:
        net = small_vae(space, seed, data, quick)
        images = held_out_pictures("teddy", 40 if quick else 500)
        seen = TRAINING * recipe.cpu.steps * recipe.cpu.batch
        return {
            **lost_and_kept(net, images),
            "flops": seen * flops(net, to_model(images[:4])),
        }

    return kept(f"latent_spaces/{recipe.name}", (recipe, data.text), compute)
