"""Emoji: 997 names in up to four styles, with captions: a real text-to-image set.

Each (name, style) pair is one 32 x 32 picture on white, and there is no other. So what
a model has learnt shows only on pairs that it never saw (`emoji_splits`), and copying
shows in the distance to the nearest training picture (`emoji_copies`). Credits and
licences: data/emoji/CREDITS.md.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.emoji_splits import (
    FOLDER,
    SPLITS,
    STYLES,
    names,
    split_of_pairs,
    tiles,
)
from coursekit.datasets.fashion import DataError

__all__ = ["STYLES", "EmojiSet", "caption", "load", "names", "parse_caption"]

SIDE = 32
COLUMNS = 40  # tiles in a row of a sheet
PIXELS = {  # SHA-256 of the decoded RGB sheets
    "noto": "5deea9fe36cc5f74704cded3c603ea7bb25271c0893e1062f088d5fdabe1be78",
    "noto-v1": "53b40b84ed580e095b8fa0043b18b53ed6f536e3140e89e51ccacb99cd06bf44",
    "fluent": "d7beee8dd58d62c469084f6f68ed5bd1f4e887409d5a99ee7b6e76fcdb3378d8",
    "twemoji": "790347a2c50b7f9fa0adf8b1a50ed3114745556175166156ef7c15ae8ec9ad04",
}


@dataclass(frozen=True, eq=False)
class EmojiSet:
    """N emoji: pictures uint8 (N, 32, 32, 3), their names, styles and captions."""

    images: NDArray[np.uint8]
    names: tuple[str, ...]
    styles: tuple[str, ...]
    captions: tuple[str, ...]

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.names)


def load(split: str = "train", style: str | None = None) -> EmojiSet:
    """The emoji of a split, all styles or one, in the order of the sheets.

    split: "train"; "pairs": a tenth of the pairs, each with its name in train in at
    least two other styles; "names": a twentieth of the names, absent from train in
    every style, though each of their words is there; "all".
    Raises ValueError for other words, DataError where files are absent or damaged.
    """
    if split not in (*SPLITS, "all"):
        raise ValueError(f"split={split!r}: use one of {(*SPLITS, 'all')}")
    if style is not None and style not in STYLES:
        raise ValueError(f"style={style!r}: use one of {STYLES}, or None for all")
    wanted = [
        pair
        for pair, its in split_of_pairs().items()
        if split in ("all", its) and style in (None, pair[1])
    ]
    sheets = {s: sheet(s) for s in STYLES if style in (None, s)}
    images = [sheets[pair[1]][tiles()[pair]] for pair in wanted]
    return EmojiSet(
        np.stack(images),
        tuple(name for name, _ in wanted),
        tuple(its for _, its in wanted),
        tuple(caption(*pair) for pair in wanted),
    )


def sheet(style: str) -> NDArray[np.uint8]:
    """All tiles of a style's sheet, uint8 (1040, 32, 32, 3), white where empty.

    Raises DataError when it is missing or not the published one.
    """
    from PIL import Image

    path = FOLDER / f"{style}.webp"
    advice = "restore it with `git checkout -- data/emoji`"
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {advice}") from None
    except (OSError, SyntaxError):  # what Pillow raises for broken files
        raise DataError(f"{path} is damaged: {advice}") from None
    if hashlib.sha256(pixels.tobytes()).hexdigest() != PIXELS[style]:
        raise DataError(f"{path} is damaged: {advice}")
    rows = pixels.shape[0] // SIDE
    grid = pixels.reshape(rows, SIDE, COLUMNS, SIDE, 3).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(-1, SIDE, SIDE, 3))


def caption(name: str, style: str) -> str:
    """The caption of a pair: "tomato in noto style", "tomato in noto v1 style".

    There is no article, because some names are plural and some are no nouns.
    Raises ValueError for an unknown style.
    """
    if style not in STYLES:
        raise ValueError(f"style={style!r}: use one of {STYLES}")
    return f"{name} in {style.replace('-', ' ')} style"


def parse_caption(text: str) -> tuple[str, str]:
    """Name and style of a caption; an article in front is forgiven.

    Raises ValueError where it names no style or no emoji of this set.
    """
    rest = " ".join(text.lower().split())
    for style in STYLES:
        name = rest.removesuffix(caption("", style))
        if name == rest:
            continue
        for article in ("", "a ", "an ", "the "):
            if name.removeprefix(article) in names():
                return name.removeprefix(article), style
        raise ValueError(
            f"no emoji is called {name!r}: see coursekit.datasets.emoji.names()"
        )
    ends = " or ".join(repr(caption("...", style)) for style in STYLES)
    raise ValueError(f"no style in {text!r}: write {ends}")
