"""The films of notebook 04 that need trainings: one VAE for each beta, five mixes.

`python -m coursekit.experiments.latent_films` writes them to data/measured/films; the
networks are those of figures 04.B and 04.L, trained once.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.rebuilding import held_out_pictures
from coursekit.experiments import latent_mixes, latent_spaces
from coursekit.experiments.film_store import save_film

Pixels = NDArray[np.uint8]
COUNT = 6  # pictures in a row


@torch.no_grad()
def beta_film(quick: bool = False) -> Pixels:
    """(1 + betas, 4 rows x COUNT, 32, 32, 3): a plain autoencoder, then the VAEs.

    The rows: held-out pictures, the same rebuilt, halfway to the next, random latents.
    """
    train = to_model(teddies(200 if quick else latent_spaces.PICTURES, 32, seed=0)[0])
    images = held_out_pictures("teddy", COUNT)
    x, frames = to_model(images), []
    betas = (1.0, 100.0) if quick else latent_spaces.BETAS
    for beta in (None, *betas):
        net = latent_spaces.trained(beta, 0, train, quick)
        mean = net.bells(x).mean
        codes = net.bells(train[:4000]).mean
        kind = "scaled" if beta is None else "normal"
        random = latent_spaces.draws(net, codes, COUNT, seed=0)[kind]
        middle = (mean + mean.roll(-1, 0)) / 2
        rows = [to_uint8(net.rebuild(z)) for z in (mean, middle, random)]
        frames.append(np.concatenate([images, *rows]))
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
    """Make and write both."""
    for name, made in (("04.B", beta_film), ("04.L", mixes_film)):
        path = save_film(name, made())
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
