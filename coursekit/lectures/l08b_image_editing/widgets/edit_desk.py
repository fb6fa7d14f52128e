"""A plan with sliders, a list with switches, and the picture that comes of both."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from coursekit.editing.allow_list import AllowList, Refused
from coursekit.editing.colour import Pixels
from coursekit.editing.executor import run_plan
from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import read_plan
from coursekit.editing.planner import check_wish
from coursekit.lectures.l08b_image_editing.widgets.plan_controls import (
    Action,
    Actions,
    Switches,
    action_of,
    step_of,
)
from coursekit.widgets.controls import number, sentence
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

BEGIN = (("saturation", -60.0), ("temperature", 40.0), ("contrast", 20.0))
ROWS = len(BEGIN)  # actions on the desk
Propose = Callable[[Pixels, str], str]


def draw(
    bears: Pixels,
    why: list[str],
    picture: int,
    plan: Sequence[Action],
    listed: Sequence[str],
    wish: str = "",
) -> Scene:
    """Before and after, the plan in words, and the refusal where there is one.

    why: the planner's last refusal, or "", where there is a planner.
    """
    steps = tuple(step_of(do, at) for do, at in plan)
    before = after = bears[picture]
    text, tone = ", then ".join(map(str, steps)) or "nothing to do", "good"
    try:
        after = run_plan(before, steps, AllowList(frozenset(listed)))
    except Refused as error:
        text, tone = f"{text}: refused, {error}", "bad"
    sheet = np.full_like(before, 255)  # a cropped picture is smaller
    sheet[: after.shape[0], : after.shape[1]] = after
    if wish and why and why[-1]:
        text, tone = f"{why[-1]}. As before: {text}", "warn"
    return Scene((), np.stack([before, sheet]), ("before", "after"), text, tone)


def ask(
    bears: Pixels,
    why: list[str],
    propose: Propose,
    controls: dict[str, Any],
    change: Any,
) -> None:
    """Put the sliders where the planner wants them for a wish, or note why not."""
    try:
        check_wish(change["new"])
        steps = read_plan(propose(bears[controls["picture"].value], change["new"]))
        if len(steps) > ROWS:
            raise ValueError(f"{len(steps)} actions, and the desk has {ROWS}")
        actions = tuple(map(action_of, steps))
    except ValueError as error:
        why.append(str(error))
        return
    why.append("")
    controls["plan"].value = actions


def edit_desk(bears: Pixels, propose: Propose | None = None) -> Live:
    """Pictures (N, H, W, 3) to edit by up to three actions.

    propose: from a picture and a wish to the text of a plan; with it there is a box for
    wishes, which sets the sliders.
    """
    why: list[str] = []
    controls: dict[str, Any] = {
        "picture": number("picture", 1, 0, len(bears) - 1, 1, "d"),
        "plan": Actions(ROWS, BEGIN),
        "listed": Switches(tuple(OPERATIONS), tuple(sorted(COLOUR))),
    }
    if propose is not None:
        wish = sentence("wish", "")
        wish.continuous_update = False
        wish.observe(partial(ask, bears, why, propose, controls), "value")
        controls = {"wish": wish, **controls}
    return Live(controls, partial(draw, bears, why), "edit_desk")
