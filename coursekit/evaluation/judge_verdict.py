"""From what a judge writes to marks, or to no verdict at all.

A mark is never searched for in a text. A reply that is not what was asked for is no
verdict, and those are counted beside the others: neither a bad mark nor left out.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coursekit.evaluation.judge_rubric import (
    TOP,
    Criterion,
    instructions,
    overall,
    rubric,
)

Pictures = NDArray[np.uint8]  # (N, H, W, 3)


class Judge(Protocol):
    """Whoever looks at pictures and answers a prompt with a text."""

    def answer(self, pictures: Pictures, prompt: str) -> str:
        """The reply to the prompt, which is about all of these pictures at once."""


class NoVerdict(ValueError):
    """The reply does not hold what was asked for; the message says why."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ; Python would keep the last of two equal ones."""
    if len(dict(pairs)) < len(pairs):
        raise NoVerdict("a key stands there twice")
    return dict(pairs)


def json_objects(text: str) -> list[tuple[dict[str, Any], int, int]]:
    """The outermost JSON objects in a text: each with its start and its end.

    A brace that begins none is prose. Raises NoVerdict where a key stands twice, or
    objects are nested a thousand deep.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    found, at = [], text.find("{")
    while at >= 0:
        try:
            what, end = decoder.raw_decode(text, at)
            found.append((what, at, end))
        except NoVerdict:
            raise
        except RecursionError:
            raise NoVerdict("its brackets are nested too deeply") from None
        except ValueError:
            end = at + 1
        at = text.find("{", end)
    return found


def parse_verdict(text: str, names: Sequence[str], top: float = TOP) -> dict[str, Any]:
    """The one verdict of a reply, {"evidence": {...}, "scores": {...}}, or NoVerdict.

    Thoughts may come first, braces and all. The verdict is the only JSON object of the
    reply, begins a line and ends the reply (a closing ``` may follow). It holds exactly
    the two keys, in this order, and each of them an object with exactly these names:
    texts as evidence, numbers from 0 to top as scores. True, "9" and NaN are no
    numbers, and 90 is not cut down to 10. `json_objects` finds all objects of a text.

    Raises NoVerdict, and nothing else, for any other text.
    """
    found = json_objects(text)
    if len(found) != 1:
        raise NoVerdict(f"{len(found)} JSON objects where one was asked for")
    verdict, start, end = found[0]
    if text[:start].rpartition("\n")[2] or text[end:].strip() not in ("", "```"):
        raise NoVerdict("the object does not stand alone at the end")
    if list(verdict) != ["evidence", "scores"]:
        raise NoVerdict("it must hold evidence, then scores, and nothing else")
    for part, kinds in (("evidence", (str,)), ("scores", (int, float))):
        given = verdict[part]
        if not isinstance(given, dict) or set(given) != set(names):
            raise NoVerdict(f"the {part} are not about what was asked")
        if any(type(value) not in kinds for value in given.values()):
            raise NoVerdict(f"something among the {part} is of the wrong kind")
    for name, score in verdict["scores"].items():
        if not 0 <= score <= top:  # NaN is not, either
            raise NoVerdict(f"{name}={score} is not between 0 and {top:g}")
    return verdict


class Judged(NamedTuple):
    """The marks of one picture. Without a verdict: no marks, NaN, and why."""

    scores: dict[str, float]
    evidence: dict[str, str]
    overall: float
    why_not: str = ""


def judge_picture(
    judge: Judge, picture: Pictures, criteria: Sequence[Criterion]
) -> Judged:
    """Ask about one picture (H, W, 3) and put the marks together."""
    reply = judge.answer(picture[None], instructions(criteria))
    try:
        verdict = parse_verdict(reply, [c.name for c in criteria])
    except NoVerdict as why:
        return Judged({}, {}, math.nan, str(why))
    scores = verdict["scores"]
    parts = ([scores[c.name] for c in criteria if c.part == p] for p in ("SC", "PQ"))
    return Judged(scores, verdict["evidence"], overall(*parts))


def judge_pictures(
    judge: Judge, pictures: Pictures, prompts: Sequence[str]
) -> dict[str, float]:
    """The mean overall mark of pictures, one for each prompt, and what it stands on.

    "pictures": how many were asked about; "no_verdict": how many of them got none and
    are not in the mean, which is NaN where nobody got one.
    """
    told = zip(pictures, prompts, strict=True)
    marks = np.array(
        [judge_picture(judge, p, rubric(text)).overall for p, text in told]
    )
    given = marks[~np.isnan(marks)]
    mean = float(given.mean()) if len(given) else math.nan
    return {
        "overall": mean,
        "pictures": len(marks),
        "no_verdict": len(marks) - len(given),
    }
