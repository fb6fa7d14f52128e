"""Wishes in free words, written by hand, and how well a planner serves them.

data/wishes/edit_wishes.tsv has a wish, its kind, and the plans that are right for it:
"contrast+; grayscale" is those two steps in any order, + and - the sign of the amount
("saturation-100" is just that amount); bars separate what is equally right. "refuse" is
a wish outside the list. Two kinds of wish depend on the picture and are judged by the
result: "light", "cast".
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from coursekit.course_folder import COURSE
from coursekit.datasets.edit_intents import cast_error, exposure_error, off_pictures
from coursekit.editing.colour import Pixels
from coursekit.editing.executor import run_step
from coursekit.editing.plan import Plan, Step

FILE = COURSE / "data" / "wishes" / "edit_wishes.tsv"
RESULTS = {"light": exposure_error, "cast": cast_error}
VERDICTS = ("right", "wrong", "refused")
Plans = Callable[[NDArray[np.uint8], Sequence[str]], list[Plan | None]]


@dataclass(frozen=True)
class FreeWish:
    """One line of the file."""

    wish: str
    kind: str
    accepted: tuple[str, ...]


@lru_cache
def free_wishes() -> tuple[FreeWish, ...]:
    """All wishes, in the order of the file."""
    _, *lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return tuple(FreeWish(w, k, tuple(a.split(" | "))) for w, k, a in rows)


def fits(plan: Plan, pattern: str) -> bool:
    """Whether a plan is what a pattern such as "grayscale; contrast+" says."""
    parts = pattern.split("; ")
    return len(plan) == len(parts) and any(
        all(part in _names(step) for step, part in zip(plan, order, strict=True))
        for order in permutations(parts)
    )


def _names(step: Step) -> set[str]:
    """What a pattern may call a step: with the sign of its number, or the number."""
    for value in step.values.values():
        sign = "+" if value > 0 else "-" if value < 0 else "0"
        return {step.do + sign, f"{step.do}{value:+g}"}
    return {step.do}


def verdict(free: FreeWish, plan: Plan | None, before: Pixels, normal: Pixels) -> str:
    """One of VERDICTS on a plan, None being a refusal. normal: in normal light."""
    if plan is None:
        return "right" if free.accepted == ("refuse",) else "refused"
    if free.accepted[0] in RESULTS:
        error, after = RESULTS[free.accepted[0]], before
        for step in plan:
            after = run_step(after, step)
        better = error(after, normal) < error(before, normal)
        return "right" if better else "wrong"
    return "right" if any(fits(plan, each) for each in free.accepted) else "wrong"


def clearly_off(n: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """n held-out pictures, half a stop off or more and with a cast; the same normal."""
    pictures, normal = off_pictures(4 * n + 20, seed, "test")
    chosen = [
        i
        for i, (p, q) in enumerate(zip(pictures, normal, strict=True))
        if exposure_error(p, q) >= 0.5 and cast_error(p, q) >= 0.1
    ][:n]
    return pictures[chosen], normal[chosen]


def wishes_table(
    plans: Plans, wishes: Sequence[FreeWish] | None = None, seed: int = 0
) -> Mapping[str, Counter[str]]:
    """How often each of VERDICTS falls, by the kind of wish, and "all".

    Each wish is about a picture of its own, which is off (`clearly_off`).
    """
    asked = free_wishes() if wishes is None else wishes
    pictures, normal = clearly_off(len(asked), seed)
    found: dict[str, Counter[str]] = {}
    made = plans(pictures, [each.wish for each in asked])
    for free, plan, before, good in zip(asked, made, pictures, normal, strict=True):
        said = verdict(free, plan, before, good)
        for key in (free.kind, "all"):
            found.setdefault(key, Counter())[said] += 1
    return found
