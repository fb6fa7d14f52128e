"""What a network that goes on with films, frame by frame, is shown when it learns.

Teacher forcing shows a frame after the true, clean past. Diffusion forcing gives every
frame a noise level of its own, so that the past is noisy too. Clips are x (B, T, ...),
one frame after the other; levels are times of the straight path, one for each frame, 0
for clean and 1 for noise.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from coursekit.theory.flow import conditional_path

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
    """The clean frames that velocities stand for: x_t - t * velocity, each its t."""
    time = levels.reshape(*levels.shape, *[1] * (xt.ndim - 2))
    return xt - time * velocities(xt, levels)
