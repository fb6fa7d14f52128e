"""What the info string of an exercise or question says: its id and facts."""

import re

from coursekit.sources.parser import Fence
from coursekit.weave.cell_text import number
from coursekit.weave.draft import Draft

FACTS = ("minutes", "difficulty", "points")
_ID = re.compile(r"^(\d\d[a-z]?)\.(\d+)$")


def open_exercise(draft: Draft, fence: Fence, exercise_id: str) -> bool:
    """Whether the id is new and well formed; if not, the report says why."""
    parts = _ID.match(exercise_id)
    if parts is None:
        draft.problem(
            fence.line,
            f"'{exercise_id}' is not an exercise id. Write {draft.number}.NUMBER",
        )
        return False
    if parts[1] != draft.number:
        draft.problem(
            fence.line,
            f"exercise {exercise_id} stands in notebook {draft.number}. "
            f"Its id must begin with {draft.number}.",
        )
    if exercise_id in draft.exercises:
        draft.problem(
            fence.line,
            f"exercise id {exercise_id} is used twice (line "
            f"{draft.exercises[exercise_id]} as well). Give one of them a new id",
        )
        return False
    draft.exercises[exercise_id] = fence.line
    return True


def facts(
    draft: Draft, fence: Fence, required: tuple[str, ...]
) -> dict[str, int | float]:
    """Minutes, difficulty and points as numbers; what is missing is reported."""
    facts: dict[str, int | float] = {}
    for name in FACTS:
        text = fence.options.get(name)
        if text is None:
            if name in required:
                draft.problem(fence.line, f"{name}= is missing. Write {name}=NUMBER")
            continue
        try:
            facts[name] = number(text)
        except ValueError:
            draft.problem(fence.line, f"{name}={text} is not a number. Write {name}=5")
    if facts.get("difficulty", 1) not in (1, 2, 3, 4, 5):
        draft.problem(
            fence.line, f"difficulty={facts['difficulty']:g}: write a number 1 to 5"
        )
        del facts["difficulty"]
    return facts
