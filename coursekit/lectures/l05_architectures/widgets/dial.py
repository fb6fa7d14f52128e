"""The RoPE dial: turn a query and a key by their places, and watch their product."""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from coursekit.models.rope import rope_angles, rotate
from coursekit.plots.chart import Chart, Curve
from coursekit.plots.fields import Arrows, Dots, Plane, Way
from coursekit.widgets.controls import choice, level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

DIM = 16  # features of a head: eight pairs
QUERY, KEY = (1.0, 0.35), (0.8, 0.75)  # one pair of features of each
FASTEST = 24.0  # largest position


def vectors() -> tuple[torch.Tensor, torch.Tensor]:
    """A query and a key of DIM features, the same pair of numbers in every pair."""
    q = torch.tensor(QUERY, dtype=torch.float64).repeat(DIM // 2)
    k = torch.tensor(KEY, dtype=torch.float64).repeat(DIM // 2)
    return q, k


def turned(places: ArrayLike, vector: torch.Tensor, base: float) -> torch.Tensor:
    """A vector (DIM,) turned as tokens at `places` (N,) turn it: (N, DIM)."""
    at = torch.as_tensor(np.asarray(places, dtype=np.float64))
    return rotate(vector.expand(len(at), DIM), rope_angles(at, DIM, base))


def products(m: float, places: ArrayLike, base: float) -> NDArray[np.float64]:
    """q . k, the query standing at m and the key at each of `places` (N,)."""
    q, k = vectors()
    found = turned(places, k, base) @ turned([m], q, base)[0]
    return np.asarray(found.numpy())


def _face(m: float, n: float, pair: int, base: float) -> Plane:
    """One pair of features: query and key before and after turning."""
    q, k = vectors()
    here = slice(2 * pair, 2 * pair + 2)
    circle = np.linspace(0, 2 * math.pi, 80)
    ring = np.stack([np.cos(circle), np.sin(circle)], axis=1) * 1.1
    ends = {
        "grid": (q[here], k[here]),
        "blue": (turned([m], q, base)[0, here],),
        "orange": (turned([n], k, base)[0, here],),
    }
    arrows = tuple(
        Arrows(
            np.zeros((1, 2)), end.numpy()[None], tone, 2.4 if tone != "grid" else 1.2
        )
        for tone, group in ends.items()
        for end in group
    )
    return Plane(
        title=f"pair {pair + 1} of {DIM // 2}: query blue, key orange",
        x_limits=(-1.4, 1.4),
        y_limits=(-1.275, 1.275),  # as long as x on the page: the circle is round
        width=300,
        height=290,
        layers=(Way(ring, "grid", 1.0, opacity=0.5), *arrows, Dots([[0, 0]], "ink", 2)),
    )


def draw(query: float, key: float, pair: int, base: str) -> Scene:
    """The dial, and the product over the distance, for queries at several places."""
    number = float(base)
    gaps = np.linspace(-FASTEST, FASTEST, 121)
    here = products(query, query - gaps, number)
    now = float(products(query, [key], number)[0])
    chart = Chart(
        [Curve("", gaps, here, "purple")],
        title="q · k over the difference of places",
        x_name="place of the query minus place of the key",
        x_limits=(-FASTEST, FASTEST),
        y_limits=(float(here.min()) - 1, float(here.max()) + 1),
        cursor=query - key,
        width=420,
        height=290,
    )
    both = float(products(query + 7, [key + 7], number)[0])
    text = (
        f"q · k = {now:.4f}. Move both by 7: {both:.4f}. Only the difference counts, "
        f"here {query - key:+.0f}."
    )
    return Scene((_face(query, key, pair - 1, number), chart), text=text)


def rope_dial() -> Live:
    """Turn a query and a key by their places: only the difference counts."""
    controls = {
        "query": number("query at", 3.0, 0.0, 16.0, 1.0, ".0f"),
        "key": number("key at", 7.0, 0.0, 16.0, 1.0, ".0f"),
        "pair": level("pair shown", range(1, DIM // 2 + 1), 1),
        "base": choice(["100", "10000"], label="base"),
    }
    return Live(controls, draw, "rope_dial")
