"""Right versions of lecture 07's exercises in other styles: each must pass."""

import json
import math

import numpy as np
import torch
from torch import Tensor

from coursekit.checks.spec import Function
from coursekit.evaluation.judge_verdict import NoVerdict, json_objects

# 7.1 to 7.3: ratings

# 7.4 to 7.6: distances

# 7.7 to 7.9: alignment

# 7.10 to 7.11: judges


def weakest_links(consistency, quality):
    if not (len(consistency) and len(quality)):
        raise ValueError("nothing to judge")
    return float(np.sqrt(np.min(consistency) * np.min(quality)))


def halves(consistency, quality) -> float:
    worst = [sorted(part)[0:1] for part in (consistency, quality)]
    if [] in worst:
        raise ValueError("nothing to judge")
    return math.prod(mark**0.5 for (mark,) in worst)


def by_lines(text, names, top=10.0):
    """The last line that begins with a brace, and everything behind it."""
    lines = text.strip().removesuffix("```").rstrip().split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("{")]
    if not starts or len(json_objects(text)) != 1:
        raise NoVerdict("not one object")
    try:
        verdict = json.loads("\n".join(lines[starts[-1] :]))
        evidence, scores = verdict["evidence"], verdict["scores"]
        fits = [*verdict] == ["evidence", "scores"]
        fits = fits and evidence.keys() == scores.keys() == set(names)
        fits = fits and all(isinstance(said, str) for said in evidence.values())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NoVerdict("not that object") from None
    for score in scores.values():
        real = isinstance(score, int | float) and not isinstance(score, bool)
        fits = fits and real and min(max(score, 0), top) == score
    if not fits:
        raise NoVerdict("it does not fit")
    return verdict


def by_cases(straight: Tensor, swapped: Tensor) -> Tensor:
    result = torch.zeros_like(straight)
    result[(straight == 1) & (swapped == -1)] = 1
    result[(straight == -1) & (swapped == 1)] = -1
    result[straight.isnan() | swapped.isnan()] = torch.nan
    return result


def where_they_agree(straight: Tensor, swapped: Tensor) -> Tensor:
    other = -swapped
    same = torch.where(straight == other, straight, 0 * (straight + other))
    return same


RIGHT: dict[str, tuple[Function, ...]] = {
    # A
    # C
    # D
    # E
    "07.60": (weakest_links, halves),
    "07.61": (by_lines,),
    "07.63": (by_cases, where_they_agree),
}
