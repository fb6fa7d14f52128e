"""What the walks of lecture 2 share: paths, their slopes by hand, films, inputs."""

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import BadResult, Inputs
from coursekit.checks.tensors import SHAPES, Array, array, generator
from coursekit.theory.paths import CosinePath, LinearPath, Path, VEPath, VPPath
from coursekit.theory.prediction import Prediction, convert
from coursekit.workbook.exercises.flow_batch import bend

UNSHAPED = (
    "the coefficients have shape (B,) and do not line up with x: `expand_as(f, x)` "
    "gives them the shape (B, 1, ..., 1)"
)
IN_PLACE = (
    "the start is changed in place: compute a new tensor, x = x + ..., and leave the "
    "caller's alone"
)
SAME_TENSOR = (
    "all states yielded are one tensor that changes in place: make a new one for each "
    "state, or a list of them shows the last one only"
)
NO_START = "one state is missing at the start: yield x itself first"
NO_GENERATOR = (
    "the noise is not drawn from `generator`: two runs with the same seed differ"
)
UNSPREAD = (
    "the network gets a single number for its time: it wants one for each sample, "
    "`spread_time(t, x)`"
)


class Curve(Path):
    """A path that no formula of the course gives: 1 - bend t^2 and rest + t."""

    def __init__(self, bend: float, rest: float) -> None:
        """Set how fast the data fades, and the noise at t = 0."""
        self.bend, self.rest = bend, rest

    def alpha(self, t: Tensor) -> Tensor:
        """1 - bend t^2."""
        return 1 - self.bend * t**2

    def sigma(self, t: Tensor) -> Tensor:
        """The rest, plus t."""
        return self.rest + t


def knobs(rng: np.random.Generator) -> Inputs:
    """The numbers that fix the paths of `routes`."""
    low = {"beta_min": 0.1, "beta_max": 8.0, "sigma_min": 0.05, "sigma_max": 3.0}
    found: Inputs = {k: float(v * rng.uniform(1.0, 2.0)) for k, v in low.items()}
    return found | {
        "bend": float(rng.uniform(0.3, 0.7)),
        "rest": float(rng.uniform(0.1, 0.3)),
    }


def routes(inputs: Inputs) -> dict[str, Path]:
    """All paths that an exercise is tried on, by name."""
    return {
        "VPPath": VPPath(inputs["beta_min"], inputs["beta_max"]),
        "VEPath": VEPath(inputs["sigma_min"], inputs["sigma_max"]),
        "LinearPath": LinearPath(),
        "CosinePath": CosinePath(),
        "a path of its own": Curve(inputs["bend"], inputs["rest"]),
    }


class Coefficients(NamedTuple):
    """A path at some times, by hand: the package is not asked."""

    alpha: Array
    sigma: Array
    d_alpha: Array
    d_sigma: Array

    @property
    def f(self) -> Array:
        """The drift that follows alpha."""
        return np.asarray(self.d_alpha / self.alpha)

    @property
    def g2(self) -> Array:
        """What is left of the slope of sigma^2 when the drift has had its share."""
        return np.asarray(2 * self.sigma * self.d_sigma - 2 * self.f * self.sigma**2)

    @property
    def log_ratio(self) -> Array:
        """Lambda, half of the log signal-to-noise ratio."""
        return np.asarray(np.log(self.alpha / self.sigma))


def by_hand(inputs: Inputs, name: str, t: Array) -> Coefficients:
    """The coefficients of a route of that name, in float64 numpy."""
    t, one = np.asarray(t, float), np.ones_like(np.asarray(t, float))
    if name == "VPPath":
        low, high = inputs["beta_min"], inputs["beta_max"]
        rate = low + t * (high - low)
        alpha = np.exp(-(low * t + (high - low) * t**2 / 2) / 2)
        sigma = np.sqrt(1 - alpha**2)
        return Coefficients(
            alpha, sigma, -rate / 2 * alpha, rate / 2 * alpha**2 / sigma
        )
    if name == "VEPath":
        grown = math.log(inputs["sigma_max"] / inputs["sigma_min"])
        sigma = np.asarray(inputs["sigma_min"] * np.exp(grown * t))
        return Coefficients(one, sigma, 0 * one, grown * sigma)
    if name == "LinearPath":
        return Coefficients(1 - t, t, -one, one)
    if name == "CosinePath":
        quarter = math.pi / 2
        cos, sin = np.cos(quarter * t), np.sin(quarter * t)
        return Coefficients(cos, sin, -quarter * sin, quarter * cos)
    a, b = inputs["bend"], inputs["rest"]
    return Coefficients(1 - a * t**2, b + t, -2 * a * t, one)


def walk_batch(seed: int, *names: str) -> tuple[np.random.Generator, Inputs]:
    """Pairs of times 0.05 < s < t < 0.9, the knobs, and arrays of the given names.

    Points and clips are float64, images float32, as in training.
    """
    rng = generator(seed)
    shape = SHAPES[seed % len(SHAPES)]
    dtype = np.float32 if len(shape) == 4 else np.float64
    t = rng.uniform(0.3, 0.9, shape[0])
    s = rng.uniform(0.3, 0.8, shape[0]) * t
    inputs: Inputs = {"t": t.astype(dtype), "s": s.astype(dtype)} | knobs(rng)
    for name in names:
        inputs[name] = rng.standard_normal(shape).astype(dtype)
    return rng, inputs


def still_batch(seed: int, *names: str) -> tuple[np.random.Generator, Inputs]:
    """Arrays of the given names, without times."""
    rng, inputs = walk_batch(seed, *names)
    kept: Inputs = {name: inputs[name] for name in names}
    return rng, kept


def film(states: object, length: int) -> Array:
    """All states as one array, collected first; one that never ends is cut."""
    if states is None or isinstance(states, Tensor):
        shown = "None" if states is None else "one tensor"
        raise BadResult(f"it returns {shown}: yield every state, the first one is x")
    kept = list(islice(iter(states), length + 3))  # type: ignore[call-overload]
    if any(isinstance(x, Iterator) for x in kept):
        raise BadResult(
            "a state is a generator itself: `*_, x = langevin(...)` is its last state"
        )
    found = [array(x) for x in kept]
    if not found or any(x.shape != found[0].shape for x in found):
        raise BadResult(
            "it yields no states" if not found else "the shapes change on the way"
        )
    return np.stack(found)


class Network:
    """An exact belief about nothing in particular, which remembers when it was asked.

    field(x, t) is the noise that it predicts; everything else follows from the path.
    """

    def __init__(
        self, path: Path, field: Callable[[Tensor, Tensor], Tensor] = bend
    ) -> None:
        """Predict `field` on `path`."""
        self.path, self.field = path, field
        self.times: list[Tensor] = []

    def __call__(self, xt: Tensor, t: Tensor) -> Prediction:
        """The belief about xt in all vocabularies."""
        self.times.append(t.detach().double())
        spread = t.expand(len(xt)) if t.ndim == 0 else t
        return convert(self.field(xt, spread), xt, spread, self.path, "eps")

    def seen(self) -> Array:
        """The times, (calls, B); empty when they do not have one shape."""
        shapes = {t.shape for t in self.times}
        return array(torch.stack(self.times)) if len(shapes) == 1 else np.zeros(0)


def bend_by_hand(x: Array, t: Array | float) -> Array:
    """The field `bend` in numpy, for one time t."""
    found: Array = np.tanh(x) * (0.3 + t) - 0.4 * np.asarray(t) ** 2
    return found


class DrawnOnce:
    """Draws once for each generator, and repeats itself."""

    def __init__(self, draw: Callable[..., Tensor]) -> None:
        """Repeat what `draw` gives first."""
        self.draw = draw
        self.last: tuple[object, Tensor] = (None, torch.zeros(0))

    def __call__(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """The first noise again."""
        if self.last[0] is not generator or self.last[1].shape != x.shape:
            self.last = (generator, self.draw(x, generator))
        return self.last[1]
