"""What editing programs could write down: all that somebody did, undo included.

Nobody tells a program what for. A log has the picture before, the acts, and the picture
after; the intent is not in it. Users here try, go too far and take things back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coursekit.datasets.edit_intents import (
    INTENTS,
    Intent,
    granting_plan,
    off_pictures,
)
from coursekit.editing.colour import Pixels
from coursekit.editing.executor import run_step
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Plan, Step

Act = Step | Literal["undo"]


@dataclass(frozen=True)
class EditLog:
    """One session: the picture before, what was done in order, the picture after."""

    before: Pixels
    acts: tuple[Act, ...]
    after: Pixels


def effective(acts: Sequence[Act]) -> Plan:
    """The plan that is left of a session when undo has taken its steps back.

    acts: steps and "undo", in order. An undo takes back the latest step that is still
    there, and does nothing where there is none. What was taken back stays away, and
    the steps that are left keep their order. Returns them as a tuple.
    """
    left: list[Step] = []
    for act in acts:
        if isinstance(act, Step):
            left.append(act)
        elif left:
            left.pop()
    return tuple(left)


def needed(
    before: Pixels, plan: Plan, run: Callable[[Pixels, Step], Pixels] = run_step
) -> Plan:
    """A plan without the steps that make no difference to this picture.

    From the last step to the first: a step goes if the other steps that are still
    there, run in order on `before`, give every value of the whole plan's picture.
    before: uint8 (H, W, 3); run(picture, step): the picture after it. Returns a tuple.
    """

    def result(steps: Sequence[Step]) -> Pixels:
        image = before
        for step in steps:
            image = run(image, step)
        return image

    goal, left = result(plan), list(plan)
    for place in reversed(range(len(plan))):
        fewer = left[:place] + left[place + 1 :]
        if np.array_equal(result(fewer), goal):
            left = fewer
    return tuple(left)


def some_step(rng: np.random.Generator) -> Step:
    """Any colour operation with any tenth of its range: somebody plays."""
    operation = OPERATIONS[str(rng.choice(sorted(COLOUR)))]
    return Step(
        operation.name,
        {
            knob.name: float(rng.choice(np.linspace(knob.low, knob.high, 21)))
            for knob in operation.knobs
        },
    )


def too_far(step: Step, rng: np.random.Generator) -> Step:
    """The same step with more of it; one without a number becomes any other."""
    farther = {}
    for knob in OPERATIONS[step.do].knobs:
        reach = float(step.values[knob.name]) * rng.choice([1.5, 2.0])
        farther[knob.name] = float(np.clip(reach, knob.low, knob.high))
    return Step(step.do, farther) if farther else some_step(rng)


def session(plan: Plan, rng: np.random.Generator) -> tuple[Act, ...]:
    """What somebody does who ends at `plan`: straight, or with detours and undo."""
    acts: list[Act] = []
    for step in plan:
        way = rng.choice(["straight", "too far", "detour", "one undo too many"])
        if way == "too far":
            acts += [too_far(step, rng), "undo"]
        elif way == "detour":
            tries = int(rng.integers(1, 3))
            acts += [some_step(rng) for _ in range(tries)]
            acts += ["undo" for _ in range(tries)]
        elif way == "one undo too many":
            acts += [step, some_step(rng), "undo", "undo"]
        acts.append(step)
    return tuple(acts)


def replayed(before: Pixels, acts: Sequence[Act]) -> Pixels:
    """The picture at the end of a session, by keeping every picture on the way."""
    history = [before]
    for act in acts:
        if isinstance(act, Step):
            history.append(run_step(history[-1], act))
        elif len(history) > 1:
            history.pop()
    return history[-1]


def edit_logs(
    n: int, seed: int = 0, split: str = "train", intents: Sequence[Intent] = INTENTS
) -> tuple[list[EditLog], list[Intent]]:
    """n logs, and beside them what the users wanted, which no log holds.

    Fixed by the arguments; intents: each is equally likely.
    """
    pictures, normal = off_pictures(n, seed, split)
    rng = np.random.default_rng((seed, 4))
    logs, wanted = [], []
    for before, good in zip(pictures, normal, strict=True):
        intent = intents[int(rng.integers(len(intents)))]
        acts = session(granting_plan(intent, before, good, rng), rng)
        logs.append(EditLog(before, acts, replayed(before, acts)))
        wanted.append(intent)
    return logs, wanted
