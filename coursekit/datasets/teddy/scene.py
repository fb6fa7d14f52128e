"""What a teddy scene contains: frozen dataclasses and a sampler of random scenes.

Coordinates are fractions of the image: x grows to the right, y grows downwards, and a
bear stands with its feet at (x, y) and is `scale` tall without its hat. All numbers
are whole hundredths, so a scene written as text parses back to exactly the same scene.
Left and right are the bear's own: it faces us, so its right arm is on our left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

PLACES = ("park", "beach", "snow", "room", "forest", "city")
FURS = ("brown", "white", "black", "pink", "yellow", "green", "blue", "purple")
HATS = ("none", "red", "blue", "yellow")  # a red cone, a blue beanie, a yellow sun hat
GLASSES = ("none", "round", "sun")
POSES = ("both-down", "right-up", "left-up", "both-up")
ACTIONS = ("none", "reading", "dancing")
KINDS = ("solo", "group", "mirror", "hall", "pair")
MAX_BEARS = 3

VOCABULARY: dict[str, tuple[str, ...]] = {
    "place": PLACES,
    "fur": FURS,
    "hat": HATS,
    "glasses": GLASSES,
    "pose": POSES,
    "action": ACTIONS,
}


@dataclass(frozen=True)
class Bear:
    """One teddy bear. `special` marks the striped [V] bear, never used in training."""

    fur: str = "brown"
    hat: str = "none"
    glasses: str = "none"
    pose: str = "both-down"
    action: str = "none"
    x: float = 0.5
    y: float = 0.92
    scale: float = 0.62
    special: bool = False

    def __post_init__(self) -> None:
        """Reject words outside the vocabulary."""
        for value, name in (
            (self.fur, "fur"),
            (self.hat, "hat"),
            (self.glasses, "glasses"),
            (self.pose, "pose"),
            (self.action, "action"),
        ):
            if value not in VOCABULARY[name]:
                raise ValueError(f"{name}={value!r}: use one of {VOCABULARY[name]}")
        if not 0.05 <= self.scale <= 2:
            raise ValueError(f"scale={self.scale}: use a number from 0.05 to 2")


@dataclass(frozen=True)
class Scene:
    """A place, its light, one to three bears and, for one bear, perhaps a mirror.

    `brightness` is a factor near 1, `warmth` runs from -1 (cold) to 1 (warm), `drift`
    in [0, 1) moves trees, clouds and houses. `distance` is how far the reflection
    stands from the bear (fraction of the image); it means nothing without a mirror.
    """

    place: str = "park"
    bears: tuple[Bear, ...] = (Bear(),)
    brightness: float = 1.0
    warmth: float = 0.0
    drift: float = 0.5
    mirror: bool = False
    distance: float = 0.5

    def __post_init__(self) -> None:
        """Reject unknown places and impossible numbers of bears."""
        if self.place not in PLACES:
            raise ValueError(f"place={self.place!r}: use one of {PLACES}")
        if not 0 <= len(self.bears) <= MAX_BEARS:
            raise ValueError(f"{len(self.bears)} bears: a scene holds 0 to {MAX_BEARS}")
        if self.mirror and len(self.bears) != 1:
            raise ValueError("a mirror scene has exactly one bear")


class Uniform(Protocol):
    """The one thing a scene needs of a generator: uniform numbers in [0, 1)."""

    def random(self, size: int) -> np.ndarray:
        """`size` independent float64 numbers."""


def _pick(draw: Iterator[float], words: Sequence[str]) -> str:
    return words[int(next(draw) * len(words))]


def _hundredths(draw: Iterator[float], low: int, high: int) -> float:
    """A number low/100 .. high/100, both ends possible."""
    return (low + int(next(draw) * (high - low + 1))) / 100


def lowest_feet(size: float) -> int:
    """The least y, in hundredths, at which a bear so tall stands with its whole hat.

    The tallest hat reaches 1.24 bear heights above the feet.
    """
    return min(97, max(84, int(124 * size) + 3))


def _bear(draw: Iterator[float], x: tuple[int, int], scale: tuple[int, int]) -> Bear:
    size = _hundredths(draw, *scale)
    lowest = lowest_feet(size)
    return Bear(
        fur=_pick(draw, FURS),
        hat=_pick(draw, HATS),
        glasses=_pick(draw, GLASSES),
        pose=_pick(draw, POSES),
        action=_pick(draw, ACTIONS),
        x=_hundredths(draw, *x),
        y=_hundredths(draw, lowest, 97),
        scale=size,
    )


# Columns and sizes (hundredths) of the bears of a group, by number of bears.
_ROOM = {
    1: (((36, 64),), (46, 74)),
    2: (((25, 31), (69, 75)), (40, 52)),
    3: (((17, 20), (48, 52), (80, 83)), (30, 38)),
}

# Distances from bear to reflection and sizes (hundredths) of scenes with a mirror.
_GLASS = {"mirror": ((40, 56), (36, 46)), "hall": ((28, 62), (30, 36))}


def random_scene(rng: Uniform, kind: str = "solo") -> Scene:
    """Draw a scene; every word that its kind uses is equally likely.

    `kind` is "solo" (one bear), "group" (one to three), "mirror" (one bear and its
    reflection), "hall" (a small bear far from its reflection or near to it) or "pair"
    (two bears of different furs with different hats). The bears of halls and pairs have
    no glasses and sit with their arms down: fur and hat are all there is to tell.
    Uses 32 uniform numbers of `rng`, whatever the outcome.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: use one of {KINDS}")
    draw = iter(rng.random(32).tolist())
    place = _pick(draw, PLACES)
    brightness = _hundredths(draw, 84, 112)
    warmth = _hundredths(draw, -100, 100)
    drift = _hundredths(draw, 0, 99)
    count = 1 + int(next(draw) * MAX_BEARS) if kind == "group" else 1
    if kind in _GLASS:
        reach, size = _GLASS[kind]
        left = next(draw) < 0.5
        distance = _hundredths(draw, *reach)
        x = 50 - int(distance * 50)
        near = (x - 1, x + 1) if left else (99 - x, 101 - x)
        bear = _bear(draw, near, size)
        bear = _plain(bear, bear.fur, bear.hat) if kind == "hall" else bear
        return Scene(place, (bear,), brightness, warmth, drift, True, distance)
    columns, scale = _ROOM[2 if kind == "pair" else count]
    bears = tuple(_bear(draw, column, scale) for column in columns)
    if kind == "pair":
        furs, hats = _two(draw, FURS), _two(draw, HATS[1:])
        bears = tuple(map(_plain, bears, furs, hats))
    return Scene(place, bears, brightness, warmth, drift)


def _plain(bear: Bear, fur: str, hat: str) -> Bear:
    """A bear of that size and place with nothing to it but fur and hat."""
    return Bear(fur, hat, x=bear.x, y=bear.y, scale=bear.scale)


def _two(draw: Iterator[float], words: Sequence[str]) -> tuple[str, str]:
    """Two different words, each ordered couple equally likely."""
    first = _pick(draw, words)
    return first, _pick(draw, [word for word in words if word != first])
