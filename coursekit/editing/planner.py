"""Who turns a wish into a plan: anybody, for what it says is read as a stranger's."""

from typing import Protocol

from coursekit.editing.colour import Pixels

MOST_WISH = 300  # letters


class NoPlan(ValueError):
    """A wish that is not carried out; one line says why."""


class Planner(Protocol):
    """Sees the pixels and the wish, nothing else of the file, and answers in text."""

    def plan(self, image: Pixels, wish: str) -> str:
        """A plan as `read_plan` reads it. Raises NoPlan where it refuses."""


def check_wish(wish: str) -> None:
    """NoPlan for a wish that is empty, too long, or not one line of plain letters."""
    if len(wish) > MOST_WISH:
        raise NoPlan(f"a wish of {len(wish):,} letters: {MOST_WISH} at most")
    if not wish.strip():
        raise NoPlan("say what is to be done")
    if not wish.isprintable():
        raise NoPlan(f"the wish {wish!r:.40} has signs in it that nobody can read")
