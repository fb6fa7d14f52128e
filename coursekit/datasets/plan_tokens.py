"""Plans as tokens, for a network that writes them: an operation, then its number.

Numbers are rounded to LEVELS: percent in tens, stops in halves. Only colour operations
have tokens; what is outside, no token can say.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from coursekit.datasets.edit_intents import AMOUNTS, STOPS
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Plan, Step

PAD, START, END, REFUSE = "<pad>", "<start>", "<end>", "<refuse>"
STEPS = 4  # of a plan at most
LEVELS: dict[str, list[float]] = {
    "amount": [float(a) for a in AMOUNTS],
    "stops": STOPS,
}
TOKENS: tuple[str, ...] = (
    *(PAD, START, END, REFUSE),
    *(name for name in OPERATIONS if name in COLOUR),
    *(f"{knob} {level:g}" for knob, levels in LEVELS.items() for level in levels),
)
IDS = {token: i for i, token in enumerate(TOKENS)}
LENGTH = 2 * STEPS + 2  # of a row: <start>, the steps, <end>


class NotAPlan(ValueError):
    """Tokens that say no plan; one line says why."""


def quantised(value: float, levels: Sequence[float]) -> float:
    """The nearest of rising levels; in the middle of two the one farther from 0.

    levels: rising, at least two, as many below 0 as above.
    """
    place = min(max(bisect_left(levels, value), 1), len(levels) - 1)
    low, high = levels[place - 1], levels[place]
    if value - low == high - value:
        return low if value < 0 else high
    return low if value - low < high - value else high


def plan_words(plan: Plan | None) -> list[str]:
    """A plan as tokens: <start>, for each step its operation and, if it has one, its
    number as "knob level", then <end>. None is a refusal: <start>, <refuse>, <end>.

    Numbers are `quantised` to LEVELS of their knob, written with :g. Raises ValueError,
    in one line, for more than STEPS steps and for operations without a token.
    """
    if plan is None:
        return [START, REFUSE, END]
    if len(plan) > STEPS:
        raise ValueError(f"{len(plan)} steps: {STEPS} at most")
    words = [START]
    for step in plan:
        if step.do not in IDS:
            raise ValueError(f"{step.do} has no token")
        words.append(step.do)
        for knob, value in step.values.items():
            words.append(f"{knob} {quantised(value, LEVELS[knob]):g}")
    return [*words, END]


def read_words(words: Sequence[str]) -> Plan | None:
    """The plan that tokens say, None for a refusal: the way back from `plan_words`.

    Raises NotAPlan, in one line, for all that `plan_words` never gives.
    """
    if len(words) < 2 or words[0] != START or words[-1] != END:
        raise NotAPlan("a plan begins with <start> and stops at <end>")
    body = list(words[1:-1])
    if body == [REFUSE]:
        return None
    steps = []
    while body:
        name, values = body.pop(0), {}
        if name not in COLOUR:
            raise NotAPlan(f"{name} is no operation")
        for knob in OPERATIONS[name].knobs:
            said, _, level = (body.pop(0) if body else "").partition(" ")
            if said != knob.name:
                raise NotAPlan(f"{name} without its {knob.name}")
            values[knob.name] = float(level)
        steps.append(Step(name, values))
    if len(steps) > STEPS:
        raise NotAPlan(f"{len(steps)} steps: {STEPS} at most")
    return tuple(steps)


def plan_row(plan: Plan | None) -> list[int]:
    """The ids of `plan_words`, with <pad> behind them: LENGTH of them."""
    ids = [IDS[word] for word in plan_words(plan)]
    return ids + [IDS[PAD]] * (LENGTH - len(ids))


def next_allowed(
    words: Sequence[str], names: Collection[str], most: int = STEPS
) -> Tensor:
    """Which of TOKENS may come next, so that a plan of allowed operations results.

    words: what is said so far, <start> first; names: the allow-list; most: steps at
    most. After <start>: any allowed operation, <refuse> or <end>. After an operation
    with a number: the numbers of its knob. After a finished step: any allowed operation
    while there are fewer than `most` steps, and <end>. After <refuse>: <end> alone.
    After <end> or <pad>: <pad> alone. Returns (len(TOKENS),) bool.
    """
    last, wanted = words[-1], set[str]()
    open_knobs = OPERATIONS[last].knobs if last in COLOUR else ()
    if last in (END, PAD):
        wanted = {PAD}
    elif last == REFUSE:
        wanted = {END}
    elif open_knobs:
        knob = open_knobs[0].name
        wanted = {f"{knob} {level:g}" for level in LEVELS[knob]}
    else:
        wanted = {END} | ({REFUSE} if last == START else set())
        if sum(word in COLOUR for word in words) < most:
            wanted |= COLOUR & set(names)
    return torch.tensor([token in wanted for token in TOKENS])
