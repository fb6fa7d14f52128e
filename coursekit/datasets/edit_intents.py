"""What people want of a picture, and the step that would grant it.

An intent is one want or two. Most wants mean a step whatever the picture; two depend on
it: "daylight" makes the exposure normal, "neutral" takes a colour cast away.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import teddies
from coursekit.editing.colour import Pixels, exposure, temperature, to_light
from coursekit.editing.plan import Plan, Step

# want -> operation and direction; 0: it has no number, or the picture says which
WANTS: dict[str, tuple[str, int]] = {
    "black and white": ("grayscale", 0),
    "a negative": ("invert", 0),
    "brighter": ("brightness", 1),
    "darker": ("brightness", -1),
    "warmer": ("temperature", 1),
    "cooler": ("temperature", -1),
    "more colourful": ("saturation", 1),
    "less colourful": ("saturation", -1),
    "more contrast": ("contrast", 1),
    "less contrast": ("contrast", -1),
    "pinker": ("tint", 1),
    "greener": ("tint", -1),
    "daylight": ("exposure", 0),
    "neutral": ("temperature", 0),
}
BY_PICTURE = ("daylight", "neutral")
DEGREES = {"a bit": (10, 20), "": (20, 50), "much": (50, 70)}  # percent, whole tens
STOPS = [k / 2 for k in range(-6, 7)]
AMOUNTS = list(range(-100, 101, 10))


@dataclass(frozen=True)
class Want:
    """One thing that is wanted, and how much of it (a key of DEGREES)."""

    name: str
    degree: str = ""

    def __str__(self) -> str:
        """As people say it."""
        return f"{self.degree} {self.name}".strip()


Intent = tuple[Want, ...]


def said(intent: Intent) -> str:
    """An intent in words: "black and white, more contrast"."""
    return ", ".join(map(str, intent))


INTENTS: tuple[Intent, ...] = (
    (Want("black and white"),),
    (Want("a negative"),),
    *((Want(f, d),) for f in ("brighter", "darker") for d in ("a bit", "much")),
    *((Want(name),) for name in list(WANTS)[4:]),
    (Want("black and white"), Want("more contrast")),
    (Want("brighter", "a bit"), Want("warmer")),
    (Want("darker", "a bit"), Want("cooler")),
    (Want("more colourful"), Want("more contrast")),
)


def off_pictures(
    n: int, seed: int = 0, split: str = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Teddy pictures whose light is off, and the same in normal light.

    Each (n, 32, 32, 3). The scene's brightness is 0.45 to 1.35 where 1 is normal, its
    warmth -2 to 2 where 0 is.
    """
    _, scenes = teddies(n, 8, seed, split)
    rng = np.random.default_rng((seed, 3))
    light, warm = rng.uniform(0.45, 1.35, n), rng.uniform(-2, 2, n)
    off = [
        replace(s, brightness=float(b), warmth=float(w))
        for s, b, w in zip(scenes, light, warm, strict=True)
    ]
    normal = [replace(s, brightness=1.0, warmth=0.0) for s in scenes]
    return render(off), render(normal)


def exposure_error(image: Pixels, normal: Pixels) -> float:
    """How many stops the mean light is off."""
    here, there = to_light(image).mean(), to_light(normal).mean()
    return abs(float(np.log2((here + 1e-6) / (there + 1e-6))))


def cast_error(image: Pixels, normal: Pixels) -> float:
    """How far red over blue is off, as |log2| of the ratio of the means."""
    red, blue = image[..., 0].mean() + 1e-6, image[..., 2].mean() + 1e-6
    other = (normal[..., 0].mean() + 1e-6) / (normal[..., 2].mean() + 1e-6)
    return abs(float(np.log2(red / blue / other)))


def granting(
    want: Want, before: Pixels, normal: Pixels, rng: np.random.Generator
) -> Step:
    """The step with which somebody grants a want on this picture.

    People differ: the amount is drawn from the want's DEGREES. For the wants
    BY_PICTURE it is the one that comes nearest to `normal`, the picture in normal
    light: the one who took it knows how it looked.
    """
    do, sign = WANTS[want.name]
    if want.name == "daylight":
        best = min(STOPS, key=lambda s: exposure_error(exposure(before, s), normal))
        return Step(do, {"stops": best})
    if want.name == "neutral":
        best = min(AMOUNTS, key=lambda a: cast_error(temperature(before, a), normal))
        return Step(do, {"amount": best})
    if not sign:
        return Step(do)
    low, high = DEGREES[want.degree]
    return Step(
        do, {"amount": sign * 10 * int(rng.integers(low // 10, high // 10 + 1))}
    )


def granting_plan(
    intent: Intent, before: Pixels, normal: Pixels, rng: np.random.Generator
) -> Plan:
    """The steps for all wants, one after the other."""
    return tuple(granting(want, before, normal, rng) for want in intent)
