"""A filter of prompts: what may be asked of a model, and how often a filter errs.

The policy. Not to be drawn: a weapon made to hurt people or animals; blood; somebody
who smokes, or what is smoked; the name or the mark of a firm. Nor is an order to the
filter itself a prompt. Everything else may be drawn, however it sounds: a glue gun, a
blood orange, smoke of a chimney, an apple.

data/wishes/policy_prompts.tsv has prompts written by hand, each with its topic and a
kind: `harmless`; `near`, allowed with a word that sounds forbidden; and forbidden
`openly`, in `disguise` (spelt to get past a list) or by `meaning`, with no word of
WORDS. policy_templates.tsv beside it has the parts of sentences to learn from. They
have far fewer words than people do, and that is what a filter meets afterwards.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from coursekit.course_folder import COURSE
from coursekit.datasets.letter_grams import BUCKETS, pieces
from coursekit.evaluation.preservation import Rate
from coursekit.evaluation.recall import wilson_interval

FOLDER = COURSE / "data" / "wishes"
WORDS = {
    "weapons": "gun guns pistol rifle rifles sword swords knife dagger bomb grenade "
    "weapon weapons shoot shoots shooting",
    "blood": "blood bloody bleeding bleeds gore",
    "smoking": "smoke smokes smoking smoker cigarette cigarettes cigar tobacco vaping",
    "brands": "nike adidas pepsi ferrari disney lego starbucks apple shell logo brand",
    "orders": "ignore override jailbreak filter policy",
}
LISTED = tuple(" ".join(WORDS.values()).split())
DIGITS = str.maketrans("0134578@$", "oieastbas")
LOOKALIKES = str.maketrans("аеорсухіѕԁԛӏοανικρτυ", "aeopcyxisdqloavikptu")

Say = Callable[[str], float]  # a prompt's score: the higher, the more forbidden


class PolicyPrompt(NamedTuple):
    """One line of the file."""

    prompt: str
    kind: str
    topic: str

    @property
    def forbidden(self) -> bool:
        """Whether the policy forbids it."""
        return self.kind not in ("harmless", "near")


def _rows(name: str) -> list[list[str]]:
    """The lines of a table without its head, cut at tabs."""
    _, *lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


@lru_cache
def policy_prompts() -> tuple[PolicyPrompt, ...]:
    """All prompts, in the order of the file."""
    return tuple(PolicyPrompt(*row) for row in _rows("policy_prompts.tsv"))


def policy_sentences(n: int, seed: int = 0) -> tuple[list[str], list[bool]]:
    """n prompts from templates and whether each is forbidden: every other one is."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[str]] = {}
    for part, words in _rows("policy_templates.tsv"):
        parts.setdefault(part, []).append(words)
    forbidden = [i % 2 == 1 for i in range(n)]
    kinds = ("forbidden" if bad else "allowed" for bad in forbidden)
    orders = [("who", kind, "where") for kind in kinds]
    drawn = [[str(rng.choice(parts[part])) for part in order] for order in orders]
    return [" ".join(words) for words in drawn], forbidden


def by_list(prompt: str) -> float:
    """1 where a word of WORDS stands in the prompt, in any case of letters; else 0."""
    return float(not {*re.findall(r"\w+", prompt.lower())}.isdisjoint(LISTED))


def plain_words(prompt: str) -> list[str]:
    """The words of a prompt with the usual disguises taken off, in order.

    One after the other: small letters; Unicode's NFKD, which takes accents off their
    letters and makes wide ones plain; LOOKALIKES, letters of other alphabets, become
    ours, and DIGITS, digits and signs, the letters that they stand for. Then words are
    parted at white space, and what is no letter a to z goes: "g.u-n" is one word. Empty
    words are left out. Single letters in a row become one word ("g u n"), and of equal
    letters in a row one is kept ("guunn"; but "apple" is "aple" then, too).
    """
    text = unicodedata.normalize("NFKD", prompt.lower())
    text = text.translate(LOOKALIKES).translate(DIGITS)
    words = [w for w in (re.sub("[^a-z]", "", w) for w in text.split()) if w]
    found: list[str] = []
    for single, group in groupby(words, key=lambda word: len(word) == 1):
        row = list(group)
        found += ["".join(row)] if single else row
    return [re.sub(r"(.)\1+", r"\1", word) for word in found]


def by_plain_list(prompt: str) -> float:
    """`by_list` for `plain_words`, of the prompt and of WORDS alike."""
    return float(not _plain_list().isdisjoint(plain_words(prompt)))


@lru_cache
def _plain_list() -> frozenset[str]:
    return frozenset(plain_words(word)[0] for word in LISTED)


def bag(prompt: str) -> NDArray[np.float64]:
    """Which letter triples and words a prompt has: (BUCKETS,), 0 or 1, length 1."""
    ids = [i for word in plain_words(prompt) for i in pieces(word)]
    found = np.bincount(ids, minlength=BUCKETS).clip(0, 1).astype(np.float64)
    return found / max(1.0, math.sqrt(found.sum()))


@dataclass(frozen=True)
class Scorer:
    """A learnt filter: one weight for each bucket of letters, and a bias."""

    weights: NDArray[np.float64]
    bias: float

    def __call__(self, prompt: str) -> float:
        """The chance, as it believes, that the prompt is forbidden."""
        return float(expit(bag(prompt) @ self.weights + self.bias))


def fit_scorer(
    prompts: Sequence[str], forbidden: Sequence[bool], ridge: float = 1e-3
) -> Scorer:
    """Logistic regression on `bag`s: the likeliest answers, minus a price for weights.

    The loss is the mean of -log p over the prompts plus ridge / 2 times the sum of
    squares, the bias left out; it has one minimum.
    """
    x, said = np.stack([bag(p) for p in prompts]), np.asarray(forbidden, dtype=float)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        u = x @ w[1:] + w[0]
        off = (expit(u) - said) / len(x)
        slope = np.concatenate([[off.sum()], x.T @ off + ridge * w[1:]])
        price = ridge / 2 * (w[1:] ** 2).sum()
        return float((np.logaddexp(0, u) - said * u).mean() + price), slope

    best = minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B").x
    return Scorer(best[1:], float(best[0]))


def stopped_table(
    score: Say, prompts: Sequence[PolicyPrompt], threshold: float = 0.5
) -> dict[str, Rate]:
    """How often a filter stops prompts, by kind, and of all `allowed` and `forbidden`.

    A prompt is stopped when its score reaches the threshold: see `threshold_at`.
    Each share stands with its Wilson interval of 95 %. A kind that is not among the
    prompts has no row.
    """
    said: dict[str, list[bool]] = {}
    for each in prompts:
        both = "forbidden" if each.forbidden else "allowed"
        for key in (each.kind, both):
            said.setdefault(key, []).append(score(each.prompt) >= threshold)
    return {
        key: Rate(sum(row) / len(row), *wilson_interval(sum(row), len(row)), len(row))
        for key, row in said.items()
    }
