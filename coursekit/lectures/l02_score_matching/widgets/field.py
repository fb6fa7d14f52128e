"""The compass: the score of a noised mixture as a field of arrows, and one traveller.

The traveller stands at a point and follows the arrows. A dashed line leads to the
nearest sample, so that one sees when the score does not point there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.toys import Mixture
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Arrows, Dots, Way, lattice, square, squeezed
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

Score = Callable[[Tensor, float], Tensor]  # score(x (N, 2), sigma) -> (N, 2)
SIGMAS = tuple(round(float(s), 3) for s in np.geomspace(0.03, 3.0, 41))
LIMIT, COUNT = 2.6, 15


@dataclass(frozen=True)
class Compass:
    """What stays the same while the sliders move: points, samples and the score."""

    score: Score
    samples: Tensor
    places: Tensor

    @classmethod
    def of(cls, mixture: Mixture, score: Score | None, seed: int = 0) -> "Compass":
        """A mixture with 200 of its samples; score: the learner's, or the exact one."""

        def exact(x: Tensor, sigma: float) -> Tensor:
            return mixture.noised_score(x, 1.0, sigma)

        generator = torch.Generator().manual_seed(seed)
        samples = mixture.sample(200, generator)
        return cls(score or exact, samples, torch.from_numpy(lattice(LIMIT, COUNT)))

    def way(self, start: Tensor, sigma: float, steps: int = 30) -> NDArray[np.float64]:
        """Follow the arrows from start (1, 2) in small steps, without any noise.

        A step goes half of sigma^2 along the score (half way to the denoised point),
        but no further than 0.2, so that no mode is jumped over.
        """
        x, seen = start, [start]
        for _ in range(steps):
            move = 0.5 * max(sigma, 0.1) ** 2 * self.score(x, sigma)
            length = float(move.norm())
            x = x + move * min(1.0, 0.2 / max(length, 1e-12))
            seen.append(x)
        return torch.cat(seen).numpy()


def angle_between(a: Tensor, b: Tensor) -> float:
    """The angle between two directions in degrees; 0 if one of them has no length."""
    if float(a.norm() * b.norm()) == 0:
        return 0.0
    cosine = float((a * b).sum() / (a.norm() * b.norm()))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def draw(compass: Compass, sigma: float, x: float, y: float) -> Scene:
    """The scene for one noise level and one place of the traveller."""
    at = torch.tensor([[x, y]], dtype=torch.float64)
    arrow = compass.score(at, sigma)
    nearest = compass.samples[(compass.samples - at).norm(dim=1).argmin()][None]
    off = angle_between(arrow, nearest - at)
    field = compass.score(compass.places, sigma).numpy()
    room = 2.3 * LIMIT / COUNT
    layers = (
        Dots(compass.samples.numpy(), "grid", 1.4),
        Arrows(compass.places.numpy(), squeezed(field, room), "blue", 1.1),
        Way(torch.cat([at, nearest]).numpy(), "purple", 1.4, dashed=True),
        Way(compass.way(at, sigma), "orange", 2.0),
        Dots(at.numpy(), "orange", 4.0, 1.0),
    )
    plane = square(f"the score at noise σ = {sigma:g}", layers, LIMIT)
    length = float(arrow.norm())
    if length < 1e-3:
        text = "Here the compass says nothing: all votes cancel."
    else:
        text = (
            f"The score here is ({arrow[0, 0]:+.2f}, {arrow[0, 1]:+.2f}), {length:.2g} "
            f"long. The nearest sample (dashed) is {off:.0f}° away from it."
        )
    return Scene((plane, strength(compass, sigma, at)), text=text)


def strength(compass: Compass, sigma: float, at: Tensor) -> Chart:
    """How long the arrow at this place is, at every noise level."""
    levels = SIGMAS[::3]  # few enough to stay fast while a slider is dragged
    lengths = [float(compass.score(at, s).norm()) for s in levels]
    tenth = np.log10(levels)
    return Chart(
        [Curve("", tenth, lengths, "orange")],
        title="length of the score here",
        x_name="noise level, log10 of σ",
        x_limits=(float(tenth[0]), float(tenth[-1])),
        y_limits=(-3.0, 3.0),
        log_y=True,
        cursor=math.log10(sigma),
        width=300,
        height=200,
    )


def compass(mixture: Mixture, score: Score | None = None) -> Live:
    """The score as arrows: sliders for the noise and for where a traveller stands.

    score: the learner's own, score(x (N, 2), sigma); by default the exact one.
    """
    start = min(SIGMAS, key=lambda sigma: abs(sigma - 0.3))
    controls = {
        "sigma": level("noise σ", SIGMAS, start),
        "x": number("go right", 0.4, -2.5, 2.5),
        "y": number("go up", -0.6, -2.5, 2.5),
    }
    return Live(controls, partial(draw, Compass.of(mixture, score)), "compass")
