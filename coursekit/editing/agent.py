"""The editing agent: ask, read, check, run, and write down what ran.

A planner only proposes. No way leads from it to the pixels but through the list.
"""

from dataclasses import dataclass, field

import numpy as np

from coursekit.editing.allow_list import AllowList
from coursekit.editing.colour import Pixels
from coursekit.editing.executor import Call, run_plan, size_of
from coursekit.editing.operations import OPERATIONS
from coursekit.editing.plan import Plan, PlanError, read_plan
from coursekit.editing.planner import Planner, check_wish


@dataclass(frozen=True)
class Edited:
    """The edited pixels, the plan that ran, and a line of the log for each step."""

    image: Pixels
    plan: Plan
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Agent:
    """A planner, and what it may ask for."""

    planner: Planner
    allowed: AllowList = field(default_factory=AllowList)

    def propose(self, image: Pixels, wish: str) -> Plan:
        """What the planner would do; nothing is done yet.

        The planner gets a copy of the pixels, so that it cannot edit them itself.
        Raises NoPlan for a wish (`check_wish`) or where the planner refuses, PlanError
        for an answer that is no text or no plan, Refused for a plan that may not run.
        """
        check_wish(wish)
        answer = self.planner.plan(image.copy(), wish)
        if not isinstance(answer, str):
            raise PlanError("a planner answers with a text")
        plan = read_plan(answer)
        self.allowed.check(plan, size_of(image))
        return plan

    def edit(self, image: Pixels, wish: str) -> Edited:
        """Ask, read, check, run. Raises what `propose` does; then no pixel has changed.

        image: (H, W, 3), uint8; it is left as it is.
        """
        plan, calls = self.propose(image, wish), list[Call]()
        edited = run_plan(image, plan, self.allowed, calls.append)
        return Edited(edited, plan, tuple(calls))


def follow(alpha: Pixels, plan: Plan) -> Pixels:
    """Transparency (H, W) after a plan: it moves with the pixels and keeps its values.

    So crop, mirror and rotate are done to it, and nothing else is.
    """
    for step in plan:
        if OPERATIONS[step.do].kind == "shape":
            alpha = OPERATIONS[step.do].run(alpha, **step.values)
    return np.ascontiguousarray(alpha)
