"""Samplers of a masked-diffusion model: guess the hidden tokens, show some of them.

Every pass does the same: the network predicts all hidden tokens at once, a token is
drawn for each, and a *rule* says which of them are shown. The rest is forgotten and
guessed again, with more text in sight. What is shown stays: of the samplers of this
file none takes a token back (`coursekit.theory.remasking` does).

Tokens that are shown in one pass are drawn independently of each other. So the rule
sets the price: many tokens a pass are fast, and coupled ones then disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from coursekit.theory.masked_diffusion import Predict, first, uniforms


class Guess(NamedTuple):
    """A draw for every hidden place; at all others: the text, confidence 1, entropy 0.

    Confidence and entropy are those of the network's own prediction, at temperature 1.
    """

    ids: Tensor  # (B, L)
    confidence: Tensor  # (B, L) float64: the probability of the drawn token
    entropy: Tensor  # (B, L) float64, nats


class Rule(Protocol):
    """Which hidden tokens does this pass show?"""

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Bool (B, L), a part of `masked`. step: 0, 1, .. within one canvas."""


def share_now(masked: Tensor, steps: int, step: int) -> Tensor:
    """How many tokens each row shows now, to be done after `steps` steps: (B,).

    What is hidden over the steps that are left, rounded up: the counts differ by one at
    most, the larger ones come first, and they add up to the hidden tokens (the same
    counts as LLaDA's). After the last step: all.
    """
    left = max(steps - step, 1)
    return -(-masked.sum(1) // left)


@dataclass(frozen=True)
class Ancestral:
    """Each hidden token is shown with probability (t - s) / t, on its own (Sahoo et al.
    2024), on an even grid of `steps` times from 1 to 0. How many tokens a step shows is
    random; it may be none."""

    steps: int

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The next step from t = 1 - step / steps."""
        left = max(self.steps - step, 1)  # t = left / steps, and (t - s) / t = 1 / left
        luck = uniforms(tuple(masked.shape), masked.device, generator)
        return masked & (luck < 1 / left)


@dataclass(frozen=True)
class AtRandom:
    """Equal counts a step, at random places (Nie et al. 2025: random remasking)."""

    steps: int

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The places with the highest random numbers."""
        luck = uniforms(tuple(masked.shape), masked.device, generator)
        return first(-luck, masked, share_now(masked, self.steps, step))


@dataclass(frozen=True)
class ByConfidence:
    """Equal counts a step, the most confident guesses first; ties: leftmost first (Nie
    et al. 2025: low-confidence remasking; Chang et al. 2022, MaskGIT)."""

    steps: int

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The places with the highest confidence."""
        count = share_now(masked, self.steps, step)
        return first(-guess.confidence, masked, count)


@dataclass(frozen=True)
class Threshold:
    """Every guess of at least this confidence; if a row has none, its best one (Wu et
    al. 2025, Fast-dLLM). Above 1: one token a pass."""

    confidence: float

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The sure places, and the best."""
        best = first(-guess.confidence, masked, torch.ones_like(masked[:, 0]))
        return best | (masked & (guess.confidence >= self.confidence))


@dataclass(frozen=True)
class EntropyBound:
    """As many tokens as the entropies allow, the lowest first (Ben-Hamu et al. 2025).

    Tokens drawn independently disagree by sum H - max H nats at most: the KL divergence
    of the true law of these tokens from the product of its marginals, if the network is
    perfect. The rule shows the longest run, from the lowest entropy up, that stays
    within the bound. 0: one token a pass (and those with no choice at all); inf: all.
    """

    nats: float

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The places whose entropies before them add up to the bound at most."""
        # In rising order the largest entropy is the last: sum - max = what came before.
        entropy = guess.entropy.masked_fill(~masked, torch.inf)
        rising, place = entropy.sort(dim=1, stable=True)
        before = rising.cumsum(1).roll(1, dims=1)
        before[:, 0] = 0
        fits = torch.zeros_like(masked).scatter(1, place, before <= self.nats)
        return masked & fits


@dataclass(frozen=True)
class FirstHitting:
    """One token a pass, at a random place (Zheng et al. 2024).

    In continuous time no two tokens appear at once, and all places are alike. So this
    is the ancestral sampler with infinitely many steps, for a network that is not told
    the time; `reveal_times` adds the times for one that is.
    """

    def reveal(
        self,
        guess: Guess,
        masked: Tensor,
        step: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The place with the highest random number."""
        luck = uniforms(tuple(masked.shape), masked.device, generator)
        return first(-luck, masked, torch.ones_like(masked[:, 0]))


def reveal_times(count: int, generator: torch.Generator | None = None) -> Tensor:
    """When the ancestral sampler shows its tokens, if time is continuous (Zheng et al.
    2024, first-hitting sampler): from t with n hidden tokens the next one appears at
    t u^(1/n), the largest of n uniform times below t. Returns (count,), falling."""
    u = torch.rand(count, generator=generator, dtype=torch.float64)
    return (u.log() / torch.arange(count, 0, -1)).cumsum(0).exp()


def draw_tokens(
    logits: Tensor, temperature: float, generator: torch.Generator | None = None
) -> Tensor:
    """One token from each softmax(logits / temperature); 0: the most probable.

    The largest of logits / temperature + Gumbel noise. In float64: float32 numbers have
    no small steps where it matters, and rare tokens would be drawn too rarely (Zheng et
    al. 2024). logits: (..., V), ids to be left out are -inf. Returns (...) int64.
    """
    if temperature == 0:
        return logits.argmax(-1)
    home = logits.device if generator is None else generator.device
    waiting = torch.empty(logits.shape, dtype=torch.float64, device=home)
    gumbel = -waiting.exponential_(generator=generator).log().to(logits.device)
    return (logits.double() / temperature + gumbel).argmax(-1)


def guess_tokens(
    logits: Tensor,
    xt: Tensor,
    masked: Tensor,
    temperature: float,
    generator: torch.Generator | None = None,
    last: Sequence[int] = (),
) -> Guess:
    """Draw a token for every hidden place, and say how sure the network was of it.

    The temperature changes the draw only. Confidences are read from the logits as they
    are: divided by a small temperature first, they would all round to 1, and "the most
    confident" would mean "the leftmost".

    logits: (N, V), of the N hidden places, row by row. last: ids that are to be shown
    after all others; 1 is subtracted from their confidence. Returns a `Guess`.
    """
    log_p = logits.double().log_softmax(-1)
    drawn = draw_tokens(logits, temperature, generator)
    sure = log_p.gather(-1, drawn.unsqueeze(-1)).squeeze(-1).exp()
    for token in last:
        sure = torch.where(drawn == token, sure - 1, sure)
    ids, confidence = xt.clone(), torch.ones_like(xt, dtype=torch.float64)
    entropy = torch.zeros_like(confidence)
    ids[masked], confidence[masked] = drawn, sure
    entropy[masked] = torch.special.entr(log_p.exp()).sum(-1)
    return Guess(ids, confidence, entropy)


class Frame(NamedTuple):
    """One pass, for those who want to watch."""

    before: Tensor  # (B, L) ids that the network saw
    guess: Guess  # what it guessed
    shown: Tensor  # (B, L) bool: what the rule showed of it


class Unmasked(NamedTuple):
    """A finished text and its price."""

    ids: Tensor  # (B, L)
    passes: int  # calls of the network, each with the whole batch
    history: list[Frame]  # empty unless asked for


@torch.no_grad()
def unmask(
    predict: Predict,
    xt: Tensor,
    masked: Tensor,
    rule: Rule,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    *,
    forbidden: Sequence[int] = (),
    last: Sequence[int] = (),
    block: int | None = None,
    history: bool = False,
) -> Unmasked:
    """Fill the hidden places of a text, pass by pass, until none is left.

    xt: (B, L) ids, the mask at hidden places; masked: (B, L) bool, the places to fill.
    Nothing else is ever changed, whatever its id. A step that showed nothing costs no
    call of the network: the last prediction still holds.

    forbidden: ids that are never drawn; last: ids, as of the end of a text, that rules
    by confidence rank behind all others. block: fill the first `block` hidden places of
    each row, then the next ones (semi-autoregressive: Nie et al. 2025); the rule starts
    anew in each block. history: keep a `Frame` of each step. Returns an `Unmasked`.
    """
    ids, passes, frames = xt.clone(), 0, list[Frame]()
    for window in blocks(masked, block):
        hidden, step, logits = window.clone(), 0, None
        while bool(hidden.any()):
            if logits is None:
                logits, passes = predict(ids)[hidden], passes + 1
                logits[:, list(forbidden)] = -torch.inf
            guess = guess_tokens(logits, ids, hidden, temperature, generator, last)
            shown = rule.reveal(guess, hidden, step, generator)
            if history:
                frames.append(Frame(ids, guess, shown))
            if bool(shown.any()):
                ids, hidden = torch.where(shown, guess.ids, ids), hidden & ~shown
                logits = None
            step += 1
    return Unmasked(ids, passes, frames)


def blocks(masked: Tensor, size: int | None) -> Iterator[Tensor]:
    """The hidden places of each row, `size` at a time, from the left; None: all at
    once. masked: (B, L) bool. Yields parts of it, without common places. ValueError
    for a size below 1."""
    if size is None:
        yield masked
        return
    if size < 1:
        raise ValueError(f"blocks of {size} places: use 1 or more")
    rank = masked.cumsum(1) - 1
    for start in range(0, int(masked.sum(1).max()), size):
        yield masked & (rank >= start) & (rank < start + size)
