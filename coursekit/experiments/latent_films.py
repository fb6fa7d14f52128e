"""The films of notebook 04 that need trainings: one VAE for each beta, five mixes.

`python -m coursekit.experiments.latent_films` writes them to data/measured/films; the
networks are those of figures 04.B and 04.L, trained once.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.rebuilding import held_out_pictures
from coursekit.experiments import latent_mixes, latent_spaces
from coursekit.experiments.film_store import save_film
from coursekit.experiments.latent_worlds import FASHION, TEDDY, World

Pixels = NDArray[np.uint8]
COUNT = 6  # pictures in a row


@torch.no_grad()
def beta_film(world: World = TEDDY, quick: bool = False) -> Pixels:
    """(1 + betas, 4 rows x COUNT, S, S, C): a plain autoencoder, then the VAEs.

    The rows: held-out pictures, the same rebuilt, halfway to the next, random latents.
    """
    train = world.pictures(200 if quick else latent_spaces.PICTURES)
    x, frames = to_model(world.held_out(COUNT)), []
    for beta in (None, *(world.betas[::2] if quick else world.betas)):
        net = latent_spaces.trained(world, beta, 0, train, quick)
        mean = net.bells(x).mean
        codes = net.bells(train[: latent_spaces.CODES]).mean
        kind = "scaled" if beta is None else "normal"
        random = latent_spaces.draws(codes, COUNT, seed=0)[kind]
        middle = (mean + mean.roll(-1, 0)) / 2
        rows = [to_uint8(net.rebuild(z)) for z in (mean, middle, random)]
        frames.append(np.concatenate([to_uint8(x), *rows]))
    return np.stack(frames)


def mixes_film(quick: bool = False) -> Pixels:
    """(mixes, 2 rows x COUNT, 32, 32, 3): held-out pictures, and what comes back."""
    images = held_out_pictures("teddy", COUNT)
    frames = [
        np.concatenate([images, latent_mixes.shown(mix, COUNT, quick)])
        for mix in latent_mixes.MIXES
    ]
    return np.stack(frames)


def main() -> None:
    """Make and write all of them."""
    films = {
        "04.B-teddy": beta_film(TEDDY),
        "04.B-fashion": beta_film(FASHION),
        "04.L": mixes_film(),
    }
    for name, made in films.items():
        path = save_film(name, made)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
