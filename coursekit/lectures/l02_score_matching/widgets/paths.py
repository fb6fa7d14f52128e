"""The churn dial: many ways from noise to data with the same crowd at every time.

One-dimensional, so that a whole walk fits in one picture: time runs from data (left,
t = 0) to noise (right, t = 1), and the walkers come from the right.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.paths import Path, VPPath
from coursekit.theory.sde import reverse_sde
from coursekit.theory.solvers import time_grid
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene, nearest

CHURNS = (0.0, 0.25, 0.5, 1.0, 1.5)
END, SHOWN, EDGE = 0.003, 9, 3.2
TONES = ("blue", "orange", "green", "red", "purple", "cyan", "pink", "olive")


def two_humps() -> Mixture:
    """Two unequal humps on a line."""
    return Mixture(
        torch.tensor([0.35, 0.65]),
        torch.tensor([[-1.4], [0.9]]),
        torch.tensor([0.2, 0.35]),
    )


@dataclass(frozen=True)
class Walks:
    """Walks of one crowd for every churn: films (churns, times, walkers)."""

    mixture: Mixture
    path: Path
    ts: NDArray[np.float64]
    films: NDArray[np.float64]


def walk(num_steps: int = 200, walkers: int = 1500, seed: int = 0) -> Walks:
    """Let the crowd walk back once for every churn, from the same starts."""
    mixture, path = two_humps(), VPPath()
    ts, predict = time_grid(num_steps, 1.0, END), exact_predict(mixture, path)
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(walkers, 1, generator=generator, dtype=torch.float64)
    # walkers that are drawn start evenly spread, so that their colours mean a place
    start[:SHOWN, 0] = torch.linspace(-1.8, 1.8, SHOWN, dtype=torch.float64)
    films = []
    for churn in CHURNS:
        shake = torch.Generator().manual_seed(seed + 1)
        film = reverse_sde(predict, start, ts, path, churn, shake)
        films.append(torch.stack(list(film))[..., 0])
    return Walks(mixture, path, ts.numpy(), torch.stack(films).numpy())


def density(walks: Walks, t: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The exact density at time t."""
    time = torch.tensor(t, dtype=torch.float64)
    alpha, sigma = float(walks.path.alpha(time)), float(walks.path.sigma(time))
    law = walks.mixture.noised(alpha, sigma)
    found: NDArray[np.float64] = (
        law.log_prob(torch.from_numpy(x)[:, None]).exp().numpy()
    )
    return found


def roughness(film: NDArray[np.float64]) -> float:
    """How far a walker travels in all for each unit of its way from start to end."""
    travelled = np.abs(np.diff(film, axis=0)).sum(0)
    return float(np.median(travelled) / np.median(np.abs(film[-1] - film[0])))


def draw(walks: Walks, churn: float, time: float) -> Scene:
    """The scene for one churn (one of CHURNS) and one time."""
    film = walks.films[CHURNS.index(churn)]
    curves = [
        Curve("", walks.ts, film[:, i], TONES[i % len(TONES)]) for i in range(SHOWN)
    ]
    ways = Chart(
        curves,
        title=f"nine walkers, churn {churn:g}",
        x_name="t   (0 is data, 1 is noise)",
        y_limits=(-EDGE, EDGE),
        cursor=time,
        width=430,
        height=260,
    )
    at = nearest(walks.ts, time)
    edges = np.linspace(-EDGE, EDGE, 65)
    counts, _ = np.histogram(film[at], edges, density=True)
    x = np.linspace(-EDGE, EDGE, 161)
    exact = density(walks, float(walks.ts[at]), x)
    crowd = Chart(
        [
            Curve(
                "walkers", np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), fill=True
            ),
            Curve("exact", x, exact, "orange"),
        ],
        title=f"all walkers at t = {walks.ts[at]:.2f}",
        x_name="x",
        x_limits=(-EDGE, EDGE),
        y_limits=(0.0, 1.05),
        width=340,
        height=260,
    )
    kind = {0.0: "the probability flow: no chance at all", 1.0: "the reverse SDE"}
    name = kind.get(
        churn, "something in between" if churn < 1 else "more noise than it"
    )
    text = (
        f"{name[0].upper()}{name[1:]}. A walker travels {roughness(film):.1f} times "
        "the distance from its start to its end."
    )
    return Scene((ways, crowd), text=text)


def sde_paths(seed: int = 0) -> Live:
    """The churn dial: ragged or smooth ways, and the same crowd at every time."""
    controls = {
        "churn": level("churn", CHURNS, 1.0),
        "time": number("time t", 0.0, 0.0, 1.0, 0.02, ".2f"),
    }
    return Live(controls, partial(draw, walk(seed=seed)), "sde_paths")
