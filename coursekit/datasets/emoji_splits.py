"""Which emoji exist, and which of them may be trained on.

A checksum of the text decides, so no split depends on an order or a generator. Held-out
names consist of words that other names teach: "blue heart" can be drawn by someone who
knows blue books and red hearts, "zebra" could not.
"""

import hashlib
import json
from collections import Counter
from functools import lru_cache

from coursekit.course_folder import COURSE
from coursekit.datasets.fashion import DataError

STYLES = ("noto", "noto-v1", "fluent", "twemoji")
SPLITS = ("train", "pairs", "names")
FOLDER = COURSE / "data" / "emoji"
CLOCKS = ("oclock", "thirty")  # how the names of the 24 clock faces end
# Pictures that show something else than their name: a cricket bat, a grinning cat.
MISLABELLED = frozenset({("cricket", "noto-v1"), ("cat face", "fluent")})
NAMES_OUT = 0.05  # the share of the names that is held out
PAIRS_OUT = 0.12  # of the other pairs are candidates; for each name at most one goes
WORDS_LEFT = 2  # in so many training names each word of a held-out name must occur

Pair = tuple[str, str]


@lru_cache(maxsize=1)
def tiles() -> dict[Pair, int]:
    """Every (name, style) there is and its tile in the style's sheet, in sheet order.

    Raises DataError where the list of names is missing or damaged.
    """
    try:
        entries = json.loads((FOLDER / "names.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(
            f"{FOLDER / 'names.json'} is missing or damaged: restore it with "
            "`git checkout -- data/emoji`"
        ) from None
    return {
        (entry["name"], style): index
        for index, entry in enumerate(entries)
        if not entry["name"].endswith(CLOCKS)
        for style in STYLES
        if (entry["noto1"] or style != "noto-v1")
        and (entry["name"], style) not in MISLABELLED
    }


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The 997 names, in the order of the sheets."""
    return tuple(dict.fromkeys(name for name, _ in tiles()))


def luck(text: str) -> float:
    """A number in [0, 1) that follows from the text alone (SHA-256)."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@lru_cache(maxsize=1)
def held_out_names() -> frozenset[str]:
    """The names that no training sees, in any style.

    In the order of their luck, a name goes if each of its words stays in at least
    WORDS_LEFT other names, until NAMES_OUT of all names have gone.
    """
    every = names()
    left = Counter(word for name in every for word in set(name.split()))
    gone: set[str] = set()
    for name in sorted(every, key=luck):
        words = set(name.split())
        if len(gone) < NAMES_OUT * len(every) and all(
            left[word] > WORDS_LEFT for word in words
        ):
            gone.add(name)
            left.subtract(words)
    return frozenset(gone)


@lru_cache(maxsize=1)
def split_of_pairs() -> dict[Pair, str]:
    """The split of every pair: "train", "pairs" or "names", in sheet order.

    A name of at least three styles loses one of them, and only one, if any of its pairs
    has little enough luck.
    """
    styles: dict[str, list[str]] = {}
    for name, style in tiles():
        styles.setdefault(name, []).append(style)
    out = set()
    for name, its in styles.items():
        least, style = min((luck(f"{name} / {style}"), style) for style in its)
        if len(its) >= 3 and least < PAIRS_OUT:
            out.add((name, style))
    return {
        pair: "names"
        if pair[0] in held_out_names()
        else "pairs"
        if pair in out
        else "train"
        for pair in tiles()
    }
