"""Going on with a film, frame by frame, and learning from one's own films.

Whoever learns from true pasts makes frames from its own ones later. What that costs is
its exposure bias (`exposure_bias`); self-forcing (Huang et al. 2025) lets a network
learn behind its own past, held against whole true clips.
"""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from coursekit.theory.few_steps import consistency_sampler
from coursekit.theory.forcing import (
    FrameModel,
    Velocities,
    denoised,
    teacher_forcing,
)
from coursekit.theory.noise import fresh_noise


def few_jumps(
    velocities: Velocities,
    noise: Tensor,
    times: Sequence[float],
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Frames out of noise by `consistency_sampler`: jump, noise anew, jump again.

    noise: (B, T, ...); times: falling, 1 first, one for each jump. Returns the frames
    (B, T, ...) and the noisy ones that the last jump started from.
    """

    def jump(x: Tensor, t: Tensor) -> Tensor:
        return denoised(velocities, x, t[:, None].expand(x.shape[:2]))

    grid = torch.tensor([*times, 0.0], dtype=noise.dtype)
    *_, start, end = consistency_sampler(jump, noise, grid, generator=generator)
    return end, start


def roll_out(
    model: FrameModel,
    given: Tensor,
    frames: int,
    times: Sequence[float],
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Go on with a clip, frame by frame, each after the model's own frames before it.

    Frame i is made by `few_jumps` from `fresh_noise`, behind the frames before it with
    level 0; the noises come frame by frame from the one generator. The model is asked
    for the columns so far, model(x (B, i + 1, ...), levels (B, i + 1)).

    given: (B, G, ...), the true beginning; frames: T > G; times as in `few_jumps`.
    Returns the clip (B, T, ...), `given` unchanged at its beginning, and like it what
    the last jump of every frame started from (zeros in the place of given frames).
    """
    clip, starts = given, torch.zeros_like(given)
    while clip.shape[1] < frames:

        def velocities(xt: Tensor, levels: Tensor, past: Tensor = clip) -> Tensor:
            clean = levels.new_zeros(past.shape[:2])
            both = torch.cat([clean, levels], dim=1)
            return model(torch.cat([past, xt], dim=1), both)[:, -1:]

        noise = fresh_noise(given[:, :1], generator)
        frame, start = few_jumps(velocities, noise, times, generator)
        clip, starts = torch.cat([clip, frame], 1), torch.cat([starts, start], 1)
    return clip, starts


def self_forcing(
    model: FrameModel,
    given: Tensor,
    frames: int,
    times: Sequence[float],
    generator: torch.Generator | None = None,
) -> Tensor:
    """The model's own clip, with a gradient for its last jumps (Huang et al. 2025).

    The exit is drawn: the number of jumps, equally likely 1..len(times), the same for
    all frames (algorithm 1 there). `roll_out` with the first so many times, without
    gradient; then the last jump of every frame again, with gradient, behind the frames
    of that roll-out as a fixed past. The paper keeps the gradient while it rolls out;
    `teacher_forcing` on the own past gives the same frames in one pass.

    given: (B, G, ...), frames: T > G. Returns the clip of the roll-out, (B, T, ...).
    """
    exit_at = int(torch.randint(len(times), (1,), generator=generator)) + 1
    with torch.no_grad():
        past, starts = roll_out(model, given, frames, times[:exit_at], generator)
    levels = starts.new_full(starts.shape[:2], times[exit_at - 1])
    own = denoised(teacher_forcing(model, past), starts, levels)
    return torch.cat([given, own[:, given.shape[1] :]], dim=1)


def energy_score(samples: Tensor, truth: Tensor) -> Tensor:
    """How far a crowd of samples is from one truth, less how far it is spread.

    E|X - y| - E|X - X'| / 2, X and X' two draws of the model (Gneiting & Raftery 2007,
    eq. 22, beta = 1, with the sign that makes low scores good). Its mean over truths is
    lowest for the law of the truth, and for no other. The second mean is over pairs of
    different samples, so both are unbiased.

    samples: (M, B, ...), M >= 2; truth: (B, ...). |.| is the Euclidean norm over all
    that belongs to one truth. Returns (B,).
    """
    x, y = samples.flatten(2), truth.flatten(1)
    pairs = combinations(range(len(x)), 2)
    off = torch.stack([(x[i] - x[j]).norm(dim=-1) for i, j in pairs]).mean(0)
    score: Tensor = (x - y).norm(dim=-1).mean(0) - off / 2
    return score


@torch.no_grad()
def exposure_bias(
    model: FrameModel,
    clips: Tensor,
    given: int,
    times: Sequence[float],
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """The error of every frame after the true past, and after the model's own.

    The error is the distance of a frame from the true one, a mean over the clips; where
    the beginning settles the rest, a perfect model has none. The bias is what the
    second adds to the first: it grows with the frame.

    clips: (B, T, ...), the truth; given: frames that are known in both. Returns two
    lists (T - given,).
    """
    noise = fresh_noise(clips, generator)
    after_true, _ = few_jumps(teacher_forcing(model, clips), noise, times, generator)
    own, _ = roll_out(model, clips[:, :given], clips.shape[1], times, generator)
    found = [(x - clips).flatten(2).norm(dim=-1).mean(0) for x in (after_true, own)]
    return found[0][given:], found[1][given:]
