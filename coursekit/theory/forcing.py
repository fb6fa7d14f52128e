"""How a film maker that goes on frame by frame is trained, and what its past is then.

Teacher forcing shows the true past, diffusion forcing a noisy one, self-forcing the
network's own. When it samples, the past is always its own: what that costs is its
exposure bias. Clips are x (B, T, ...), one frame after the other; levels are times of
the straight path, one for each frame, 0 for clean and 1 for noise.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Protocol

import torch
from torch import Tensor

from coursekit.theory.few_steps import consistency_sampler
from coursekit.theory.flow import conditional_path
from coursekit.theory.noise import fresh_noise

Velocities = Callable[[Tensor, Tensor], Tensor]  # velocities(xt, levels), like `xt`


class FrameModel(Protocol):
    """A network over frames that looks back only, or as a mask says."""

    def __call__(
        self,
        x: Tensor,
        levels: Tensor,
        places: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Velocities like x (B, S, ...); see `models.frame_transformer`."""


def frame_levels(
    clips: int, frames: int, clean: float, generator: torch.Generator | None = None
) -> Tensor:
    """A noise level of its own for each frame (diffusion forcing, Chen et al. 2024).

    Levels are uniform in [0, 1) and independent (algorithm 1 there). Then, in a share
    `clean` of the clips, each clip on its own, the first k frames are made clean, level
    0, with k equally likely 1, 2, ..., frames - 1: so begin the clips that are gone on
    with, and free levels alone nearly never begin so.

    frames: 2 or more; clean: in [0, 1]. Returns (clips, frames).
    """
    levels = torch.rand(clips, frames, generator=generator)
    begins = torch.rand(clips, 1, generator=generator) < clean
    known = torch.randint(1, frames, (clips, 1), generator=generator)
    return levels.masked_fill(begins & (torch.arange(frames) < known), 0)


def forcing_loss(
    velocities: Velocities, x0: Tensor, levels: Tensor, eps: Tensor
) -> Tensor:
    """Flow matching with a time for each frame: a mean over the frames with noise.

    Frame i is shown at its level t_i, (1 - t_i) x0_i + t_i eps_i, and is asked for
    eps_i - x0_i. A clean frame, t_i = 0, is not counted: nothing in it tells of its
    noise. With one level for all frames above 0 this is `cfm_loss`.

    x0, eps: (B, T, ...); levels: (B, T) in [0, 1], some above 0. Returns a scalar.
    """
    flat = levels.flatten()
    xt = conditional_path(x0.flatten(0, 1), eps.flatten(0, 1), flat)
    error = velocities(xt.reshape(x0.shape), levels) - (eps - x0)
    return error.flatten(0, 1)[flat > 0].square().mean()


def past_mask(frames: int) -> Tensor:
    """Who sees whom when every frame is noisy beside a clean past: bool.

    2 T columns, the clean frames first, then the noisy ones. Clean frame i sees the
    clean frames 0..i. Noisy frame i sees the clean frames before i, and itself: neither
    its own clean copy nor another noisy frame. Returns (2 T, 2 T), True where the row
    may look.
    """
    mask = torch.zeros(2 * frames, 2 * frames, dtype=torch.bool)
    mask[:frames, :frames] = torch.ones(frames, frames, dtype=torch.bool).tril()
    mask[frames:, :frames] = mask[:frames, :frames].tril(-1)
    mask[frames:, frames:] = torch.eye(frames, dtype=torch.bool)
    return mask


def teacher_forcing(model: FrameModel, past: Tensor) -> Velocities:
    """Velocities of T noisy frames, each after the clean frames before it, in one pass.

    The model reads `past` with level 0 and the noisy frames behind it, 2 T columns
    under `past_mask`; a frame and its clean copy have the same place. Frame i gets what
    it would get alone after past[:, :i].

    past: (B, T, ...), the frames that are taken for true. Returns a function of noisy
    frames (B, T, ...) and their levels (B, T).
    """
    frames = past.shape[1]
    places = torch.arange(frames, device=past.device).repeat(2)
    mask = past_mask(frames).to(past.device)

    def velocities(xt: Tensor, levels: Tensor) -> Tensor:
        both = torch.cat([torch.zeros_like(levels), levels], dim=1)
        found = model(torch.cat([past, xt], dim=1), both, places, mask)
        return found[:, frames:]

    return velocities


def denoised(velocities: Velocities, xt: Tensor, levels: Tensor) -> Tensor:
    """The clean frames that velocities stand for: x_t - t * velocity, frame by frame."""
    time = levels.reshape(*levels.shape, *[1] * (xt.ndim - 2))
    return xt - time * velocities(xt, levels)


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

    Frame i is made by `few_jumps` from fresh noise, behind the frames before it with
    level 0. given: (B, G, ...), the true beginning; frames: T > G; times as there.
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
    return (x - y).norm(dim=-1).mean(0) - off / 2


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
