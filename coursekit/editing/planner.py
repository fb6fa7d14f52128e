"""Who makes a plan of a picture and a wish: our own network, a large one, or a person.

What comes back is a stranger's text, for `read_plan` to judge.
"""

from typing import Protocol

from coursekit.editing.colour import Pixels


class NoPlan(ValueError):
    """A wish that the planner does not take; one line says why."""


class Planner(Protocol):
    """Anything that makes plans."""

    def plan(self, image: Pixels, wish: str) -> str:
        """A plan as JSON text. Raises NoPlan where there is none."""
