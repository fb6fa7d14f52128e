"""Which scenes may be trained on: train, test and held-out combinations.

"heldout" holds every scene with one of six fur-hat pairs: each fur and each hat is seen
in training, these pairs never, so drawing one of them takes composition and not memory.
Of the other scenes one in ten, chosen by a checksum of its text, is "test".
"""

from zlib import crc32

from coursekit.datasets.teddy.programs import program
from coursekit.datasets.teddy.scene import Scene

SPLITS = ("train", "test", "heldout")
HELD_OUT = frozenset(
    {
        ("white", "red"),
        ("blue", "red"),
        ("green", "blue"),
        ("pink", "blue"),
        ("black", "yellow"),
        ("purple", "yellow"),
    }
)


def split_of(scene: Scene) -> str:
    """The one split a scene belongs to; a function of the scene alone.

    Raises ValueError for a scene with the [V] bear, which belongs to none.
    """
    if any(bear.special for bear in scene.bears):
        raise ValueError("the [V] bear belongs to no split: it is never trained on")
    if any((bear.fur, bear.hat) in HELD_OUT for bear in scene.bears):
        return "heldout"
    return "test" if crc32(program(scene).encode()) % 10 == 0 else "train"
