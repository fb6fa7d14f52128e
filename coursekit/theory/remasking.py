"""Samplers of a masked-diffusion model that take tokens back.

Plain unmasking keeps what it has shown, mistakes included. ReMDM (Wang et al. 2025)
hides each shown token again with a probability sigma, and shows more of the hidden ones
in return, so that at time t a share t is hidden, as in training. LLaDA2.1 (Bie et al.
2026) replaces written tokens by others that the network is sure of.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.masked_diffusion import Predict, uniforms
from coursekit.theory.unmasking import (
    Frame,
    Guess,
    Threshold,
    Unmasked,
    guess_tokens,
)

Strength = Callable[[float, float], float]  # sigma of the step from t to s


def sigma_max(t: float, s: float) -> float:
    """The largest share of shown tokens that a step from t to s may hide (Wang et al.
    2025): min(1, (1 - alpha(s)) / alpha(t)). With more, too many would be hidden at s
    even if every hidden token were shown."""
    return 1.0 if s >= 1 - t else s / (1 - t)


def capped(eta: float) -> Strength:
    """sigma = eta, or what is possible (ReMDM-cap)."""
    return lambda t, s: min(eta, sigma_max(t, s))


def rescaled(eta: float) -> Strength:
    """sigma = eta times what is possible (ReMDM-rescale)."""
    return lambda t, s: eta * sigma_max(t, s)


def looping(eta: float) -> Strength:
    """sigma = eta while time stands still (s = t), else 0 (ReMDM-loop): a draft, then
    corrections at one level, then the rest. `loop_times` makes such times."""
    return lambda t, s: min(eta, sigma_max(t, s)) if s == t else 0.0


def fresh(t: float, s: float) -> float:
    """sigma = s: finish the text, then hide each place again with probability s.

    Random remasking in its simplest form: what is hidden next does not depend on what
    was hidden before.
    """
    return s


def loop_times(start: int, loops: int, end: int, level: float) -> Tensor:
    """Times for `looping`: `start` steps from 1 down to `level`, `loops` steps at that
    level, `end` steps down to 0. Returns (start + loops + end + 1,), float64."""
    down = torch.linspace(1, level, start + 1, dtype=torch.float64)
    rest = torch.linspace(level, 0, end + 1, dtype=torch.float64)
    return torch.cat([down, down[-1:].expand(loops), rest[1:]])


def step_chances(t: float, s: float, sigma: float) -> tuple[float, float]:
    """How probable it is that a shown token is hidden, and that a hidden one is shown.

        hide = sigma,    show = (alpha(s) - (1 - sigma) alpha(t)) / (1 - alpha(t))

    (Wang et al. 2025, the posterior of ReMDM.) A share t is hidden before the step and
    a share s after it: t (1 - show) + (1 - t) hide = s. 1 >= t >= s >= 0, t > 0.
    ValueError for a sigma outside [0, sigma_max].
    """
    if not 0 <= sigma <= sigma_max(t, s):
        raise ValueError(
            f"sigma {sigma}: use 0 to {sigma_max(t, s):.3f} from {t} to {s}"
        )
    return sigma, (t - s + sigma * (1 - t)) / t


@torch.no_grad()
def unmask_and_hide(
    predict: Predict,
    xt: Tensor,
    masked: Tensor,
    mask_id: int,
    ts: Tensor,
    sigma: Strength,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    *,
    forbidden: Sequence[int] = (),
    history: bool = False,
) -> Unmasked:
    """ReMDM (Wang et al. 2025): each step shows some tokens and hides others again.

    xt: (B, L) ids; masked: (B, L) bool, the places to fill; no others are hidden or
    changed. ts: (N + 1,), from 1 down to 0 (`time_grid`, `loop_times`); times may
    repeat. With sigma = 0 it is `unmask` with the rule `Ancestral`, draw for draw. A
    step that has nothing new to see costs no call. Returns an `Unmasked`.
    """
    ids, hidden, passes, frames = xt.clone(), masked.clone(), 0, list[Frame]()
    logits: Tensor | None = None
    for t, s in pairwise(ts.tolist()):
        hide, show = step_chances(t, s, sigma(t, s))
        if logits is None and bool(hidden.any()):
            logits, passes = predict(ids)[hidden], passes + 1
            logits[:, list(forbidden)] = -torch.inf
        guess = draft(logits, ids, hidden, temperature, generator)
        luck = uniforms(tuple(ids.shape), ids.device, generator)
        shown = hidden & (luck < show)
        taken = masked & ~hidden & (luck < hide)
        if history:
            frames.append(Frame(ids, guess, shown))
        if bool((shown | taken).any()):
            ids = torch.where(shown, guess.ids, ids).masked_fill(taken, mask_id)
            hidden, logits = (hidden & ~shown) | taken, None
    return Unmasked(ids, passes, frames)


def draft(
    logits: Tensor | None,
    ids: Tensor,
    hidden: Tensor,
    temperature: float,
    generator: torch.Generator | None,
) -> Guess:
    """`guess_tokens`, or the text as it is if nothing is hidden."""
    if logits is None:
        sure = torch.ones_like(ids, dtype=torch.float64)
        return Guess(ids, sure, torch.zeros_like(sure))
    return guess_tokens(logits, ids, hidden, temperature, generator)


@torch.no_grad()
def unmask_and_edit(
    predict: Predict,
    xt: Tensor,
    masked: Tensor,
    show_at: float,
    edit_at: float,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
    *,
    forbidden: Sequence[int] = (),
    last_edits: int = 8,
    history: bool = False,
) -> Unmasked:
    """Two thresholds (Bie et al. 2026, LLaDA2.1): one shows hidden tokens, the other
    replaces written ones.

    A pass shows the guesses of confidence `show_at` or more, at least one a row, and
    puts the most probable token in the place of a written one wherever its probability
    is `edit_at` or more. It ends when nothing is hidden and nothing changes, or
    `last_edits` passes after the last token was shown: edits may go round in circles.
    With edit_at above 1 nothing is edited: `unmask` with `Threshold`.

    The network must predict at places that it sees, too, so train it on wrong tokens as
    well as on masks. xt, masked: as in `unmask`. Returns an `Unmasked`.
    """
    ids, hidden, passes, frames = xt.clone(), masked.clone(), 0, list[Frame]()
    left = last_edits if edit_at <= 1 else 0
    while bool(hidden.any()) or left > 0:
        if not bool(hidden.any()):
            left -= 1
        logits, passes = predict(ids)[masked], passes + 1
        logits[:, list(forbidden)] = -torch.inf
        guess = guess_tokens(logits, ids, masked, temperature, generator)
        best = guess_tokens(logits, ids, masked, 0.0)
        shown = Threshold(show_at).reveal(guess, hidden, passes - 1, generator)
        edited = masked & ~hidden & (best.ids != ids) & (best.confidence >= edit_at)
        if history:
            frames.append(Frame(ids, guess, shown | edited))
        if not bool((shown | edited).any()):
            break
        ids = torch.where(edited, best.ids, torch.where(shown, guess.ids, ids))
        hidden = hidden & ~shown
    return Unmasked(ids, passes, frames)
