"""The two worlds of figure 04.B: what is encoded, how large the code is, who judges."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from coursekit.datasets import fashion
from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.reader import valid_rate
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.features import load_classifier
from coursekit.evaluation.reconstruction import held_out_pictures
from coursekit.experiments.cache import Images
from coursekit.experiments.image_ruler import Ruler, make_ruler
from coursekit.lectures.l04_latent_space.experiments.dense import DenseConfig

SURE = 0.9  # a piece of clothing is recognisable when the classifier is that sure


@dataclass(frozen=True)
class World:
    """Pictures, the network that squeezes them, and the values of beta that are tried.

    noise: of the decoder, about the error that is left, so that beta = 1 is the ELBO.
    """

    name: str
    network: DenseConfig
    betas: tuple[float, ...]
    noise: float
    steps: int
    train: Callable[[int], Images]
    held_out: Callable[[int], Images]
    accepted: Callable[[Images], float]  # share of pictures that a judge accepts

    def pictures(self, count: int) -> Tensor:
        """Training pictures in model space."""
        return to_model(self.train(count))


@torch.no_grad()
def recognisable(images: Images) -> float:
    """Share of clothes of which a classifier is at least SURE what they are."""
    net, _ = load_classifier()
    best = net(to_model(images)).softmax(1).amax(1)
    return float((best >= SURE).double().mean())


TEDDY = World(
    "teddy",
    DenseConfig((3, 32, 32), 256, 32),
    betas=(1.0, 8.0, 30.0),
    noise=0.2,
    steps=500,
    train=lambda count: teddies(count, 32, seed=0)[0],
    held_out=lambda count: held_out_pictures("teddy", count),
    accepted=lambda images: valid_rate(images, "second"),
)
FASHION = World(
    "fashion",
    DenseConfig((1, 28, 28), 256, 8),
    betas=(0.3, 1.0, 3.0, 10.0, 30.0),
    noise=0.25,
    steps=800,
    train=lambda count: fashion.load("train")[0][:count],
    held_out=lambda count: fashion.load("test")[0][:count],
    accepted=recognisable,
)
WORLDS = {world.name: world for world in (TEDDY, FASHION)}


@cache
def ruler_of(name: str) -> Ruler:
    """The ruler of a world, made once."""
    return make_ruler(name)
