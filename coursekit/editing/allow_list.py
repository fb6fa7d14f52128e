"""Who may ask for what: an allow-list and budgets, checked before anything runs.

Deny by default: what no list names is refused, even if the executor could do it.
"""

from dataclasses import dataclass

from coursekit.editing.operations import COLOUR, OPERATIONS
from coursekit.editing.plan import Plan


class Refused(ValueError):
    """A plan that may not run; one line says why."""


@dataclass(frozen=True)
class AllowList:
    """Names that a plan may hold, and what a run may cost.

    steps: of a plan; pixels: of the picture times the steps. Raises ValueError for a
    name that no operation has.
    """

    names: frozenset[str] = COLOUR
    steps: int = 8
    pixels: int = 200_000_000

    def __post_init__(self) -> None:
        """A wrong name in a list would be a hole that nobody sees."""
        if strange := self.names - set(OPERATIONS):
            raise ValueError(f"no operations: {', '.join(sorted(strange))}")

    def refusal(self, plan: Plan, size: tuple[int, int]) -> str:
        """Why a plan may not run on a picture of `size` (width, height); "" if it may.

        Names first, in the plan's order; then the number of steps; then the pixels. The
        line has the name in it, or the number that is too large.
        """
        for step in plan:
            if step.do not in self.names:
                allowed = ", ".join(sorted(self.names)) or "nothing"
                return f"{step.do} is not on the list: {allowed}"
        if len(plan) > self.steps:
            return f"{len(plan)} steps: {self.steps} at most"
        if (cost := len(plan) * size[0] * size[1]) > self.pixels:
            return f"{cost:,} pixels to work on: {self.pixels:,} at most"
        return ""

    def check(self, plan: Plan, size: tuple[int, int]) -> None:
        """Raises Refused with the `refusal`, if there is one."""
        if why := self.refusal(plan, size):
            raise Refused(why)
