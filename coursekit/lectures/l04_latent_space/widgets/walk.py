"""Walk through a latent space of two numbers: where codes are, and where none are.

A scene decodes one place; codes, limits and the judge are prepared once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets import fashion
from coursekit.datasets.images import to_uint8
from coursekit.evaluation.features import load_classifier
from coursekit.models.autoencoder import Bells
from coursekit.plots.fields import Dots, square
from coursekit.plots.theme import SERIES
from coursekit.widgets.controls import choice, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

REACH = 3.0  # how far one can walk, in standard deviations of the codes
Floats = NDArray[np.float64]


class Coder(Protocol):
    """What the widget needs of an autoencoder with two latent numbers."""

    def bells(self, x: Tensor) -> Bells:
        """N(mean, exp(log_var)) for each picture."""

    def rebuild(self, z: Tensor) -> Tensor:
        """Pictures of latents (B, 2)."""


@dataclass(frozen=True)
class Codes:
    """One space: codes (N, 2) with their classes, and its own units."""

    net: Coder
    points: Floats
    mean: Floats
    std: Floats

    @classmethod
    @torch.no_grad()
    def of(cls, net: Coder, pictures: Tensor) -> "Codes":
        """Encode the pictures (N, C, H, W)."""
        points = net.bells(pictures).mean.double().numpy()
        return cls(net, points, points.mean(0), points.std(0))

    def place(self, x: float, y: float) -> Floats:
        """The latent at x, y standard deviations from the middle, (2,)."""
        return np.asarray(self.mean + self.std * np.array([x, y]))


@dataclass(frozen=True)
class Walk:
    """Spaces by name, the pictures that were encoded, and their classes (N,)."""

    spaces: dict[str, Codes]
    pictures: Tensor
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, nets: Mapping[str, Coder], pictures: Tensor, labels: Any) -> "Walk":
        """Encode the pictures with every network."""
        spaces = {name: Codes.of(net, pictures) for name, net in nets.items()}
        return cls(spaces, pictures, np.asarray(labels))


@torch.no_grad()
def decoded(codes: Codes, at: Floats) -> Tensor:
    """The picture at one place, (1, C, H, W) in [-1, 1]."""
    z = torch.from_numpy(at[None]).float()
    return codes.net.rebuild(z).clamp(-1, 1)


@torch.no_grad()
def seen(picture: Tensor) -> tuple[str, float]:
    """What a classifier of clothes sees, and how sure it is."""
    net, _ = load_classifier()
    chance = net(picture).softmax(1)[0]
    best = int(chance.argmax())
    return fashion.CLASSES[best], float(chance[best])


def draw(walk: Walk, space: str, x: float, y: float) -> Scene:
    """The map with a cross, what is decoded there, and the nearest picture."""
    codes = walk.spaces[space]
    at = codes.place(x, y)
    away = np.linalg.norm((codes.points - at) / codes.std, axis=1)
    near = int(away.argmin())
    unit = (codes.points - codes.mean) / codes.std
    clouds = tuple(
        Dots(unit[walk.labels == c], SERIES[int(c) % len(SERIES)], 1.5, 0.7)
        for c in np.unique(walk.labels)
    )
    cross = np.array([[x, y]])
    plane = square(
        f"codes of {len(unit)} clothes: {space}",
        (*clouds, Dots(cross, "ink", 6.5, 1.0), Dots(cross, "red", 4.0, 1.0)),
        REACH,
        height=360,
        x_name="first number (in standard deviations)",
    )
    picture = decoded(codes, at)
    name, chance = seen(picture)
    pictures = np.concatenate(
        [to_uint8(picture), to_uint8(walk.pictures[near : near + 1])]
    )
    where = "in a void: no code is near" if away[near] > 0.35 else "among codes"
    text = f"{where} (the nearest {away[near]:.2f} away); a classifier sees: {name}"
    text += f", sure to {chance:.0%}"
    return Scene(
        (plane,),
        pictures,
        ("decoded here", "nearest picture"),
        text,
        "warn" if away[near] > 0.35 else "good",
    )


def latent_walker(nets: Mapping[str, Coder], pictures: Any, labels: Any) -> Live:
    """Walk through spaces of two numbers: a map of the codes, and what is decoded.

    nets: name -> autoencoder with a latent of two numbers (`bells`, `rebuild`);
    pictures: (N, C, H, W) to encode; labels: their classes (N,).
    """
    controls = {
        "space": choice(list(nets)),
        "x": number("right", 0.0, -REACH, REACH),
        "y": number("up", 0.0, -REACH, REACH),
    }
    walk = Walk.of(nets, pictures, labels)
    return Live(controls, partial(draw, walk), "latent_walker")
