"""The films of notebook 04 that need trainings: one VAE for each beta, five mixes.

`python -m coursekit.lectures.l04_latent_space.experiments.films [NAME ...]` writes to
data/measured/films; the networks are those of figures 04.B and 04.L, trained once.
"""

import sys
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.evaluation.reconstruction import held_out_pictures
from coursekit.experiments.film_store import Pixels, save_film
from coursekit.lectures.l04_latent_space.experiments import mixes, spaces
from coursekit.lectures.l04_latent_space.experiments.dense import Dense
from coursekit.lectures.l04_latent_space.experiments.worlds import FASHION, TEDDY, World

COUNT = 6  # pictures in a row


def beta_film(world: World = TEDDY, quick: bool = False) -> Pixels:
    """(1 + betas, 4 rows x COUNT, S, S, C): a plain autoencoder, then the VAEs.

    The rows: held-out pictures, the same rebuilt, halfway to the next, random latents.
    """
    train = world.pictures(200 if quick else spaces.PICTURES)
    x, frames = to_model(world.held_out(COUNT)), []
    for beta in (None, *(world.betas[::2] if quick else world.betas)):
        net = spaces.trained(world, beta, 0, train, quick)
        kind = "scaled" if beta is None else "normal"
        frames.append(_rows(net, x, train[: spaces.CODES], kind))
    return np.stack(frames)


@torch.no_grad()
def _rows(net: Dense, x: Tensor, train: Tensor, kind: str) -> Pixels:
    mean = net.bells(x).mean
    random = spaces.draws(net.bells(train).mean, COUNT, seed=0)[kind]
    middle = (mean + mean.roll(-1, 0)) / 2
    rows = [to_uint8(net.rebuild(z)) for z in (mean, middle, random)]
    return np.concatenate([to_uint8(x), *rows])


def mixes_film(quick: bool = False) -> Pixels:
    """(mixes, 2 rows x COUNT, 32, 32, 3): held-out pictures, and what comes back."""
    images = held_out_pictures("teddy", COUNT)
    rows = [mixes.shown(mix, COUNT, quick) for mix in mixes.MIXES]
    return np.stack([np.concatenate([images, row]) for row in rows])


FILMS: dict[str, Callable[[], Pixels]] = {
    "04.B-teddy": lambda: beta_film(TEDDY),
    "04.B-fashion": lambda: beta_film(FASHION),
    "04.L": mixes_film,
}


def main(names: Sequence[str]) -> None:
    """Make and write those that are named, or all of them."""
    for name in names or FILMS:
        path = save_film(name, FILMS[name]())
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
