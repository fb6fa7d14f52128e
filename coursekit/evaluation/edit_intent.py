"""What somebody wanted, from the pictures before and after: measured, then named."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.edit_intents import INTENTS, WANTS, Intent, Want
from coursekit.datasets.edit_logs import EditLog
from coursekit.editing.colour import GAIN, LUMA, MIDDLE, Pixels

LEAST = 8.0  # percent of change that has a name
Row = NDArray[np.float64]
MUCH = 35.0  # of light, from where on it is much


class Changes(NamedTuple):
    """What changed, in percent: each is its operation's amount, had nothing else."""

    light: float
    contrast: float
    colour: float
    warmth: float
    tint: float


def changes(before: Pixels, after: Pixels) -> Changes:
    """What changed between two pictures of one size, by least squares over pixels.

    Grey is Y = (R 299 + G 587 + B 114) / 1000. Three fits, each of the after:
    Y' = a Y + b, R' - B' = k (R - B) + w Y, and G' - (R' + B') / 2 =
    m (G - (R + B) / 2) + v Y. With middle = (128 a + b) / 128, in percent:
    light = 100 (middle - 1), contrast = 100 (a / middle - 1), colour =
    100 (k / a - 1), warmth = 100 w / (0.6 a), tint = -100 v / (0.3 a).

    Pixels with a 0 or a 255 in the after were cut and do not count, unless fewer than
    16 are left. Where |a| or |middle| is below 0.001, 0.001 takes its place, in light,
    too. before, after: uint8 (H, W, 3).
    """

    def fit(first: Row, second: Row, goal: Row) -> Row:
        columns = np.stack([first, second], 1)
        return np.asarray(np.linalg.lstsq(columns, goal, rcond=None)[0], dtype=float)

    def green(pixels: Row) -> Row:
        over: Row = pixels[:, 1] - (pixels[:, 0] + pixels[:, 2]) / 2
        return over

    def away(x: float) -> float:
        return x if abs(x) >= 1e-3 else 1e-3

    old, new = before.reshape(-1, 3).astype(float), after.reshape(-1, 3).astype(float)
    whole = ((new > 0) & (new < 255)).all(axis=1)
    if whole.sum() >= 16:
        old, new = old[whole], new[whole]
    grey, ones = old @ LUMA / 1000, np.ones(len(old))
    a, b = fit(grey, ones, new @ LUMA / 1000)
    k, w = fit(old[:, 0] - old[:, 2], grey, new[:, 0] - new[:, 2])
    _, v = fit(green(old), grey, green(new))
    middle = away(a + b / MIDDLE)
    a = away(a)
    parts = middle - 1, a / middle - 1, k / a - 1, w / (2 * GAIN * a), -v / (GAIN * a)
    return Changes(*(100 * float(part) for part in parts))


def named(change: Changes) -> Intent:
    """What changed in words: at most two wants, the larger change first.

    A contrast below -150 is "a negative", of which light and contrast say nothing more
    (colour, warmth and tint are then those of the rest); a colour below -95 is "black
    and white", of which colour, warmth and tint say nothing more. Both come first, in
    this order. Then each of light, contrast, colour, warmth and tint that is left and
    is 8 or more away from 0, by size: brighter or darker, more or less contrast, more
    or less colourful, warmer or cooler, pinker (tint above 0) or greener. All but light
    have to reach a third of the largest, too: one change moves the other measures a
    little. Light has a degree: "a bit" below 35, "much" from there on. Nothing changed:
    an empty tuple.
    """
    light, contrast, colour, warmth, tint = change
    found: list[Want] = []
    if contrast < -150:
        found.append(Want("a negative"))
        light = contrast = 0.0
    if colour < -95:
        found.append(Want("black and white"))
        colour = warmth = tint = 0.0
    words = {
        ("brighter", "darker"): light,
        ("more contrast", "less contrast"): contrast,
        ("more colourful", "less colourful"): colour,
        ("warmer", "cooler"): warmth,
        ("pinker", "greener"): tint,
    }
    largest = max(map(abs, words.values()))
    for (up, down), size in sorted(words.items(), key=lambda each: -abs(each[1])):
        is_light = up == "brighter"
        if abs(size) >= (LEAST if is_light else max(LEAST, largest / 3)):
            degree = ("much" if abs(size) >= MUCH else "a bit") if is_light else ""
            found.append(Want(up if size > 0 else down, degree))
    return tuple(found[:2])


def guessed(log: EditLog) -> Intent:
    """What the user wanted, as far as the two pictures tell; the wants in one order."""
    order = list(WANTS)
    found = named(changes(log.before, log.after))
    return tuple(sorted(found, key=lambda want: order.index(want.name)))


def mistaken(intent: Intent, share: float, rng: np.random.Generator) -> Intent:
    """The intent, or in `share` of the calls another one of INTENTS."""
    if rng.random() >= share:
        return intent
    others = [each for each in INTENTS if each != intent]
    return others[int(rng.integers(len(others)))]


def confusion(wanted: Sequence[Intent], told: Sequence[Intent]) -> NDArray[np.int64]:
    """How often each intent was named as each: (wanted, told), the last column others.

    Rows and columns are those of INTENTS.
    """
    table = np.zeros((len(INTENTS), len(INTENTS) + 1), dtype=np.int64)
    place = {intent: i for i, intent in enumerate(INTENTS)}
    for want, name in zip(wanted, told, strict=True):
        table[place[want], place.get(name, len(INTENTS))] += 1
    return table
