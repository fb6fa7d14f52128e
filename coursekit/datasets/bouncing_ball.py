"""A ball in a square box without friction: clips of which every frame is known exactly.

Positions only, no pictures: the smallest film in which a mistake has consequences. The
first frames settle all the others, so whoever goes on from them can be held against
the truth.
"""

import torch
from torch import Tensor

SLOWEST, FASTEST = 0.1, 0.3  # box half-widths a frame


def ball_states(
    place: Tensor, velocity: Tensor, frames: int, first: int = 0
) -> tuple[Tensor, Tensor]:
    """Where the ball is and how it moves, frame by frame; walls at -1 and 1 reflect.

    A reflected ball is a straight one seen in mirrors: unfold the box, go straight, and
    fold it again. No step is integrated, so nothing drifts. Both axes are on their own.

    place: (N, 2) in [-1, 1]; velocity: (N, 2), box half-widths a frame, any size; both
    at frame 0. Returns places and velocities of frames first, first + 1, ..., each
    (N, frames, 2) in the dtype of `place`.
    """
    time = torch.arange(first, first + frames, dtype=place.dtype)
    straight = place[:, None] + velocity[:, None] * time[:, None]
    # Period 4: to the right on the way from -1 to 1, to the left on the way back.
    phase = (straight + 1).remainder(4)
    back = phase > 2
    places = torch.where(back, 3 - phase, phase - 1)
    return places, velocity[:, None] * torch.where(back, -1, 1)


def ball_clips(count: int, frames: int, generator: torch.Generator) -> Tensor:
    """Clips of a ball: (count, frames, 2) positions in [-1, 1], float32.

    The start is anywhere, every direction is equally likely, and so is every speed from
    SLOWEST to FASTEST.
    """
    drawn = torch.rand(count, 4, generator=generator)
    place, angle = drawn[:, :2], 2 * torch.pi * drawn[:, 2:3]
    speed = SLOWEST + (FASTEST - SLOWEST) * drawn[:, 3:]
    velocity = speed * torch.cat([angle.cos(), angle.sin()], dim=1)
    return ball_states(2 * place - 1, velocity, frames)[0]
