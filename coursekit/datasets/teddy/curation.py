"""Which scenes a data set of captioned teddies is made of, by its name.

Curation is a function of the scene: what is picked follows from what is in the picture,
so that anyone can say why a picture is there, and pick the same ones again.
"""

from collections.abc import Callable

from coursekit.datasets.teddy.scene import Scene

# data set -> kind of scene
KINDS = {
    "teddy": "solo",
    "pairs": "pair",
    "bears": "group",
    "teddy-golden": "solo",
    "bears-golden": "group",
}
GOLDEN = "-golden"  # ends the name of a curated data set
WARM, BRIGHT = 0.4, 1.0  # the least warmth and brightness of a golden scene


def golden(scene: Scene) -> bool:
    """Whether a scene stands in warm and bright light: about one of seven does."""
    return scene.warmth >= WARM and scene.brightness >= BRIGHT


def curator(data: str) -> Callable[[Scene], bool] | None:
    """Which scenes a data set keeps; None for all."""
    return golden if data.endswith(GOLDEN) else None


def world(data: str) -> str:
    """The data set that a curated one was picked from: its words and its judges."""
    return data.removesuffix(GOLDEN)
