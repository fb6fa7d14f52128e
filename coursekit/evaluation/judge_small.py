"""A judge that fits on a laptop: a network answers, and this writes the reply.

Any function from pictures and questions to chances of yes can sit behind it.
"""

import json
import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from coursekit.datasets.teddy.captions import Words
from coursekit.datasets.teddy.questions import (
    ANSWERS,
    NOBODY,
    NUMBERS,
    Question,
    how_many,
    spoken,
    where,
    which,
)
from coursekit.datasets.teddy.reader import ABOUT_THE_BEAR, probabilities
from coursekit.datasets.teddy.reader_nets import CHOICES
from coursekit.evaluation.judge_rubric import NATURAL, TOP, question
from coursekit.evaluation.judge_verdict import Pictures
from coursekit.evaluation.vqa import chances as vqa_chances

# pictures (N, H, W, 3), Q questions -> chances of yes (N, Q)
Ask = Callable[[Pictures, Sequence[str]], Tensor]
_LINE = re.compile(r"^- ([\w-]+): (.+)$", re.MULTILINE)


KNOWN = {
    question(name, word): (name, index)
    for name in ("place", "count", *ABOUT_THE_BEAR)
    for index, word in enumerate(CHOICES[name])
} | {NATURAL.question: ("valid", 1)}


def _known(questions: Sequence[str]) -> list[tuple[str, int]]:
    """What each is about: an attribute, and which of its words."""
    if strange := sorted(set(questions) - set(KNOWN)):
        raise ValueError(f"{strange[0]!r} is no question of the rubric")
    return [KNOWN[each] for each in questions]


def reader_ask(which: str = "first") -> Ask:
    """A trained reader that is asked about words: "first" or "second".

    It raises ValueError for questions that `rubric` does not ask.
    """

    def ask(pictures: Pictures, questions: Sequence[str]) -> Tensor:
        asked, chances = _known(questions), probabilities(pictures, which)
        return torch.stack([torch.tensor(chances[n][:, i]) for n, i in asked], dim=1)

    return ask


def vqa_ask(pictures: Pictures, questions: Sequence[str]) -> Tensor:
    """The network of `vqa`: how likely its answer is the word that is asked about.

    Looks are no question to it: there the first reader answers. ValueError as above.
    """
    asked = [_in_words(*each) for each in _known(questions)]
    told = [[q for q, _ in asked if q is not None]] * len(pictures)
    facts = torch.stack(vqa_chances(pictures, told))
    columns, looks = iter(facts.unbind(1)), reader_ask()
    found = []
    for q, word in asked:
        if q is None:
            found.append(looks(pictures, [NATURAL.question])[:, 0])
            continue
        chance = next(columns)
        among = chance[:, [ANSWERS.index(each) for each in q.choices]].sum(1)
        found.append(chance[:, ANSWERS.index(word)] / among)
    return torch.stack(found, dim=1)


def _in_words(name: str, index: int) -> tuple[Question | None, str]:
    """The question of `vqa` about an attribute, and the answer that means yes."""
    word = CHOICES[name][index]
    if name == "valid":
        return None, ""
    if name == "place":
        return where(), word
    if name == "count":
        return how_many(), NUMBERS[index]
    said: Words = spoken(NOBODY._replace(**{name: word}))
    return which(name), str(getattr(said, name))


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
