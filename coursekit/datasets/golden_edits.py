"""Golden sets: what somebody saw, what they wished, and the plan that they ended with.

The wish comes from an intent, and the intent from whoever names it: the loss of a
planner never knew it. A fifth of the training set asks for what no step can do.
"""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursekit.datasets.edit_intents import DEGREES, WANTS, Intent, Want, off_pictures
from coursekit.datasets.edit_logs import EditLog, edit_logs, effective, needed
from coursekit.datasets.edit_wording import outside, worded
from coursekit.datasets.letter_grams import WORDS, encoded, words_of
from coursekit.datasets.plan_tokens import STEPS, plan_row
from coursekit.editing.colour import Pixels
from coursekit.editing.plan import Plan


class Golden(NamedTuple):
    """A picture, a wish about it, and the plan for it; None: to be refused."""

    picture: Pixels
    wish: str
    plan: Plan | None


def golden_set(
    logs: Sequence[EditLog],
    named: Callable[[EditLog], Intent],
    wording: Callable[[Intent, Plan], str],
) -> list[Golden]:
    """What a planner can learn from logs, in their order.

    A log's plan is what is `needed` on its picture before of what was `effective`.
    named(log): the intent of a log; wording(intent, plan): a wish for it. A log gives
    nothing if its plan is empty or longer than STEPS, or its intent is empty; then no
    wish is made for it.
    """
    found = []
    for log in logs:
        plan = needed(log.before, effective(log.acts))
        intent = named(log)
        if 0 < len(plan) <= STEPS and intent:
            found.append(Golden(log.before, wording(intent, plan), plan))
    return found


def all_intents() -> list[Intent]:
    """Every want in every degree, six times, and all pairs of different operations."""
    single: list[Intent] = [
        (Want(name, degree),)
        for name, (_, sign) in WANTS.items()
        for degree in (DEGREES if sign else ("",))
    ]
    pairs: list[Intent] = [
        (Want(a), Want(b))
        for a, b in permutations(WANTS, 2)
        if WANTS[a][0] != WANTS[b][0]
    ]
    return 6 * single + pairs


def short(make: Callable[[], str]) -> str:
    """A wish that is not too long to be read."""
    while len(words_of(wish := make())) > WORDS:
        pass
    return wish


def golden_edits(
    n: int,
    seed: int = 0,
    split: str = "train",
    refused: float = 0.2,
    wordings: int = 1,
    named: Callable[[Intent, np.random.Generator], Intent] = lambda intent, _: intent,
) -> list[Golden]:
    """About n golden edits, fixed by the arguments, `refused` of them to be refused.

    wordings: wishes about each picture; named: what the one who names intents says,
    told the true one.
    """
    rng = np.random.default_rng((seed, 5))
    many = n - round(refused * n)
    logs, wanted = edit_logs(-(-many // wordings), seed, split, all_intents())
    intents = {
        id(log): named(intent, rng) for log, intent in zip(logs, wanted, strict=True)
    }
    found = golden_set(
        (wordings * logs)[:many],
        lambda log: intents[id(log)],
        lambda intent, plan: short(lambda: worded(intent, rng, plan)),
    )
    pictures, _ = off_pictures(-(-(n - many) // wordings), seed + 1_000_000, split)
    found += [
        Golden(pictures[i // wordings], short(lambda: outside(rng)), None)
        for i in range(n - many)
    ]
    return [found[i] for i in rng.permutation(len(found))]


def as_arrays(
    golden: Sequence[Golden],
) -> tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.int16]]:
    """Pictures (N, 32, 32, 3), wishes (N, WORDS, PIECES) and plans (N, LENGTH)."""
    pictures = np.stack([each.picture for each in golden])
    rows = np.array([plan_row(each.plan) for each in golden], dtype=np.int16)
    return pictures, encoded([each.wish for each in golden]), rows
