"""A judge that fits on a laptop: a network answers, and this writes the reply.

Any function from pictures and questions to chances of yes can sit behind it.
"""

import json
import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from coursekit.datasets.teddy.reader import ABOUT_THE_BEAR, probabilities
from coursekit.datasets.teddy.reader_nets import CHOICES
from coursekit.evaluation.judge_rubric import NATURAL, TOP, question
from coursekit.evaluation.judge_verdict import Pictures

# pictures (N, H, W, 3), Q questions -> chances of yes (N, Q)
Ask = Callable[[Pictures, Sequence[str]], Tensor]
_LINE = re.compile(r"^- ([\w-]+): (.+)$", re.MULTILINE)


def reader_ask(which: str = "first") -> Ask:
    """A trained reader that is asked about words: "first" or "second".

    It raises ValueError for questions that `rubric` does not ask.
    """
    known = {
        question(name, word): (name, index)
        for name in ("place", "count", *ABOUT_THE_BEAR)
        for index, word in enumerate(CHOICES[name])
    }
    known[NATURAL.question] = ("valid", 1)

    def ask(pictures: Pictures, questions: Sequence[str]) -> Tensor:
        if strange := sorted(set(questions) - set(known)):
            raise ValueError(f"{strange[0]!r} is no question of the rubric")
        chances = probabilities(pictures, which)
        asked = (known[each] for each in questions)
        return torch.stack([torch.tensor(chances[n][:, i]) for n, i in asked], dim=1)

    return ask


class SmallJudge:
    """Answers instructions as a large model would, out of a network's chances."""

    def __init__(self, ask: Ask) -> None:
        """ask: what looks at the pictures."""
        self.ask = ask

    def answer(self, pictures: Pictures, prompt: str) -> str:
        """What it sees in one picture, and the verdict. ValueError for several."""
        if len(pictures) != 1:
            raise ValueError(f"{len(pictures)} pictures: this judge looks at one")
        asked = _LINE.findall(prompt)
        chances = self.ask(pictures, [q for _, q in asked])[0].tolist()
        seen = list(zip(asked, chances, strict=True))
        evidence = {name: f"{text} {p:.0%} yes" for (name, text), p in seen}
        scores = {name: round(TOP * p, 2) for (name, _), p in seen}
        return json.dumps({"evidence": evidence, "scores": scores})
