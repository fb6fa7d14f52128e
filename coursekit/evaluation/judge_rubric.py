"""What a judge is asked: small questions about one picture, and one mark out of them.

Evidence first: a judge says what it sees before it gives marks, because whoever writes
from left to right defends what he has already written.
"""

import json
import math
from collections.abc import Sequence
from typing import NamedTuple

from coursekit.datasets.teddy.captions import COUNTS, WHERE, parse_caption

TOP = 10.0  # the best mark; the worst is 0


class Criterion(NamedTuple):
    """One question with one mark. part: "SC" (it shows the prompt) or "PQ" (clean)."""

    name: str
    part: str
    question: str


NATURAL = Criterion("natural", "PQ", "does it look like a clean picture of a bear?")
_ODD = {
    ("hat", "none"): "is the bear bare-headed?",
    ("glasses", "none"): "is the bear without glasses?",
    ("glasses", "round"): "does the bear wear round glasses?",
    ("glasses", "sun"): "does the bear wear sunglasses?",
    ("pose", "both-down"): "are both arms down?",
    ("pose", "right-up"): "is its right arm up, and only this one?",
    ("pose", "left-up"): "is its left arm up, and only this one?",
    ("pose", "both-up"): "are both arms up?",
    ("action", "none"): "is the bear just sitting?",
}


def question(name: str, word: str) -> str:
    """The yes-or-no question whether an attribute has this word; count: "0" to "3"."""
    if name == "place":
        return f"is it {WHERE[word]}?"
    if name == "count":
        noun = "is there {} bear?" if word == "1" else "are there {} bears?"
        return noun.format(COUNTS[int(word)])
    if name == "hat" and word != "none":
        return f"does the bear wear a {word} hat?"
    return _ODD.get((name, word), f"is the bear {word}?")


def rubric(prompt: str) -> tuple[Criterion, ...]:
    """The questions that a prompt with one bear raises, and one about the picture.

    Each asks for a single fact, so a wrong answer says what is wrong. Raises ValueError
    for a prompt that leaves the grammar of captions, or has more than one bear.
    """
    told = parse_caption(prompt)
    if len(told.clauses) != 1 or told.clauses[0][0] != 1 or told.mirror:
        raise ValueError(f"{prompt!r}: this rubric is for prompts with one bear")
    words = {"place": told.place, "count": "1", **told.clauses[0][1]._asdict()}
    facts = (Criterion(n, "SC", question(n, word)) for n, word in words.items())
    return (*facts, NATURAL)


def instructions(criteria: Sequence[Criterion]) -> str:
    """The prompt for a judge that reads: the questions, and how the reply must look."""
    shape = {
        "evidence": {c.name: "what you see" for c in criteria},
        "scores": {c.name: "a number" for c in criteria},
    }
    questions = "\n".join(f"- {c.name}: {c.question}" for c in criteria)
    return f"""You are a judge of pictures. Answer each of these questions:
{questions}
You may think aloud first. Then end with exactly one JSON object of this shape, on a
line of its own. A score is a number from 0 (surely not) to {TOP:g} (surely).
{json.dumps(shape)}"""


def overall(consistency: Sequence[float], quality: Sequence[float]) -> float:
    """One mark out of many: VIEScore (Ku et al. 2023; `evaluate` in the authors' code).

        sqrt( min(consistency) * min(quality) )

    A chain is as strong as its weakest link: one fact that is not there cannot be made
    up for by five that are, and a beautiful picture of something else is worth nothing.

    consistency, quality: the marks of both parts, each a number that is not negative.
    Returns a mark on the same scale. Raises ValueError where a part has no marks.
    """
    if not consistency or not quality:
        raise ValueError("no marks: give at least one for each part")
    return math.sqrt(min(consistency) * min(quality))
