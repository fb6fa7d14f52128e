"""Which of two? Judges that lean to a side or to the longer explanation, set upright.

A verdict about a pair is 1 for the one on the left, -1 for the one on the right, 0 for
a tie and NaN where there is none. Asked once, a judge mixes what it thinks of the two
with where they stand.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from coursekit.evaluation.judge_rubric import Criterion, instructions
from coursekit.evaluation.judge_verdict import (
    Judge,
    NoVerdict,
    Pictures,
    parse_verdict,
)
from coursekit.theory.preferences import vote


@dataclass(frozen=True)
class LeaningJudge:
    """A judge with known faults: the truth as Bradley & Terry's voters see it, pushed.

    sharpness: log odds for each unit by which one truly is better; left: log odds added
    for whoever stands on the left; wordy: log odds added for each doubling of the
    length of the explanation that comes with a picture.
    """

    sharpness: float = 1.0
    left: float = 0.0
    wordy: float = 0.0

    def verdicts(
        self, better: Tensor, longer: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Verdicts (B,) about pairs.

        better: (B,), by how much the left one truly is better; longer: (B,), by how
        many doublings its explanation is longer.
        """
        push = self.sharpness * better + self.left + self.wordy * longer
        return 2.0 * vote(push, torch.zeros_like(push), generator) - 1


def judge_pair(judge: Judge, left: Pictures, right: Pictures, prompt: str) -> float:
    """The verdict of a judge who is shown two pictures (H, W, 3), left one first."""
    names = ("left", "right")
    text = f"how well does the picture on the {{}} show {prompt!r}?"
    criteria = [Criterion(name, "SC", text.format(name)) for name in names]
    reply = judge.answer(np.stack([left, right]), instructions(criteria))
    try:
        scores = parse_verdict(reply, names)["scores"]
    except NoVerdict:
        return math.nan
    return float(np.sign(scores["left"] - scores["right"]))


def both_orders(straight: Tensor, swapped: Tensor) -> Tensor:
    """Ask twice, the sides exchanged; only who wins both times wins (Zheng et al. 2023,
    `show_result.py` of the authors' llm_judge).

    A tie in one of the orders, or two replies that name different winners, is a tie.

    straight: (B,), the verdicts with A on the left: 1 for the left one, -1 for the
    right one, 0 for a tie. swapped: (B,), with B on the left, still 1 for the left one.
    NaN: no verdict. Returns (B,): 1 where A wins, -1 where B wins, 0 for a tie, and NaN
    where either reply was none.
    """
    return ((straight - swapped) / 2).trunc()


def side_report(straight: Tensor, swapped: Tensor) -> dict[str, float]:
    """How a judge depends on the side, from the verdicts of `both_orders`.

    "left": the share of all verdicts for the left side, a tie counts half, 0.5 without
    bias; "consistent": the share of the pairs with the same winner (or a tie) in both
    orders. Both are over the pairs with two verdicts; "no_verdict": how many have not.
    """
    there = ~(straight + swapped).isnan()
    a, b = straight[there], swapped[there]
    return {
        "left": float((torch.cat([a, b]).mean() + 1) / 2),
        "consistent": float((a == -b).double().mean()),
        "no_verdict": int((~there).sum()),
    }
