"""Two crowds in the plane, and what three distances say about them."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from coursekit.evaluation.distances import energy_distance
from coursekit.evaluation.frechet import frechet_distance, moments
from coursekit.evaluation.kernel_distances import kid
from coursekit.lectures.l07_evaluation.experiments.few_pictures import four_clouds
from coursekit.plots.draw import Area, Line, Mark, Sheet, Text, box
from coursekit.plots.fields import Dots, square
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

Distance = Callable[[Tensor, Tensor], float]
LIMIT = 3.5
WIDE, DECADES = 210, 3  # pixels of a full bar, which says "a thousand times the floor"


def judges(frechet: Callable[..., float], kernel: Distance) -> dict[str, Distance]:
    """The distances by name; frechet takes means and covariances."""
    return {
        "Fréchet": lambda x, y: float(frechet(*moments(x), *moments(y))),
        "KID": kernel,
        "energy": energy_distance,
    }


def meters(found: dict[str, float], floor: dict[str, float]) -> Sheet:
    """A bar for each distance: how many times its floor it is, on a log scale."""
    marks: list[Mark] = [Text(0, 14, "times the floor", bold=True, size=12)]
    for row, (name, value) in enumerate(found.items()):
        top = 26 + 46 * row
        ratio = max(value, 0.0) / floor[name]
        share = min(1.0, max(0.0, math.log10(max(ratio, 1.0)) / DECADES))
        marks.append(Text(0, top + 12, f"{name} {value:.4f}", size=12))
        marks.append(
            Area(box(0, top + 18, WIDE * max(share, 0.01), top + 32), "blue", 0.7)
        )
        marks.append(Text(WIDE + 8, top + 30, f"{ratio:.3g}", size=12))
    for tick in range(DECADES + 1):
        x = WIDE * tick / DECADES
        rule = np.array([[x, 26.0], [x, 164.0]])
        marks.append(Line(rule, "grid", 1, opacity=0.4))
        marks.append(Text(x, 178, f"{10**tick:,}", anchor="middle", size=10))
    return Sheet(tuple(marks), WIDE + 60, 190, "three distances")


def floor_of(distances: dict[str, Distance], count: int) -> dict[str, float]:
    """The mean size of each distance between two crowds of the normal law."""
    stir = torch.Generator().manual_seed(99)
    sizes: dict[str, list[float]] = {name: [] for name in distances}
    for _ in range(4):
        x, y = (four_clouds(count, 0.0, stir) for _ in "xy")
        for name, distance in distances.items():
            sizes[name].append(abs(distance(x, y)))
    return {name: max(sum(each) / len(each), 1e-12) for name, each in sizes.items()}


def draw(
    distances: dict[str, Distance],
    floors: dict[int, dict[str, float]],
    shift: float,
    spread: float,
    parted: float,
    count: int,
) -> Scene:
    """The scene for one law and one number of points."""
    count = int(count)
    if count not in floors:
        floors[count] = floor_of(distances, count)
    stir = torch.Generator().manual_seed(0)
    real = four_clouds(count, 0.0, stir)
    drawn = spread * four_clouds(count, parted, stir)
    drawn[:, 0] += shift
    found = {name: distance(real, drawn) for name, distance in distances.items()}
    layers = (
        Dots(real.numpy()[:500], "ink", 1.6, 0.45),
        Dots(drawn.numpy()[:500], "blue", 1.6),
    )
    exact = shift**2 + 2 * (spread - 1) ** 2
    text = f"From endlessly many points the Fréchet distance would be {exact:.3f}."
    return Scene(
        (
            square("real (grey), drawn (blue)", layers, LIMIT, 300, 300),
            meters(found, floors[count]),
        ),
        text=text,
    )


def two_crowds(
    frechet: Callable[..., float] = frechet_distance, kernel: Distance = kid
) -> Live:
    """Sliders for the drawn law and for how many points both crowds have.

    frechet: the learner's own, of means and covariances; kernel: their kid.
    """
    controls = {
        "shift": number("shift", 0.0, 0.0, 2.0),
        "spread": number("spread", 1.0, 0.3, 2.0),
        "parted": number("parted", 0.0, 0.0, 0.98, 0.02, ".2f"),
        "count": level("points", (50, 200, 1000), 200),
    }
    return Live(controls, partial(draw, judges(frechet, kernel), {}), "two_crowds")
