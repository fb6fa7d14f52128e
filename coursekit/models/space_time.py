"""Clips as sequences of tokens: patches of frames, places in time, who hears whom."""

import torch
from torch import Tensor

from coursekit.models.patches import patchify, unpatchify
from coursekit.models.positions import grid_positions
from coursekit.models.rope import axial_angles

GROUPS = ("full", "space", "time")


def patchify_clip(x: Tensor, patch: int) -> Tensor:
    """Cut a clip into patches of 1 x patch x patch, one token each.

    Frame after frame, each as `patchify` cuts a picture (the patches of Wan's
    transformer, Wan Team 2025, with patch 2). x: (B, C, T, H, W), H and W multiples of
    `patch`. Returns (B, T P, C patch^2) with P = (H / patch) (W / patch) tokens for
    each frame. Raises ValueError when the patches do not fit.
    """
    pictures = x.transpose(1, 2).flatten(0, 1)  # (B T, C, H, W)
    tokens = patchify(pictures, patch)  # (B T, P, C patch^2)
    return tokens.reshape(len(x), -1, tokens.shape[2])


def unpatchify_clip(
    tokens: Tensor, patch: int, frames: int, height: int, width: int
) -> Tensor:
    """The way back from `patchify_clip`: (B, T P, C patch^2) to (B, C, T, H, W).

    frames: T; height, width: of the frames, multiples of `patch`.
    """
    each = tokens.reshape(len(tokens) * frames, -1, tokens.shape[2])  # of one frame
    pictures = unpatchify(each, patch, height, width)  # (B T, C, H, W)
    clips = pictures.reshape(len(tokens), frames, -1, height, width)
    return clips.transpose(1, 2)


def clip_angles(
    frames: int, rows: int, columns: int, dim: int, start: int = 0
) -> Tensor:
    """Angles of RoPE for (frame, row, column): three axes share a head's features.

    Row and column turn 2 (dim // 6) features each, the frame turns the rest (the shares
    of Wan's code). Frames count from `start` on: a frame keeps its number when a clip
    goes on behind it. dim: even, 6 or more, the features of a head. Returns (frames
    rows columns, dim / 2) float32, in the order of `patchify_clip`.
    """
    share = dim // 6 * 2
    times = torch.arange(start, start + frames, dtype=torch.float64)
    grid = grid_positions(rows, columns)  # (P, 2)
    when = times.repeat_interleave(len(grid))[:, None]
    places = torch.cat([when, grid.repeat(frames, 1)], dim=1)  # (T P, 3)
    return axial_angles(places, (dim - 2 * share, share, share)).float()


def causal_mask(frames: int, tokens: int, window: int = 0) -> Tensor:
    """Who may look where when time runs forward: block-causal, a block for each frame.

    A token sees all tokens of its own frame and of earlier ones. With a `window` it
    sees that many frames only, the newest ones, its own counted; 0: all. tokens: P of a
    frame. Returns (frames P, frames P) bool, True where the row may look.
    """
    frame = torch.arange(frames).repeat_interleave(tokens)
    ago = frame[:, None] - frame[None, :]
    return (ago >= 0) & (ago < (window or frames))


def grouped(x: Tensor, frames: int, kind: str) -> Tensor:
    """Put the tokens that hear each other into one sequence.

    x: (B T, P, D), the tokens of each frame, T = frames. kind "space": the tokens of a
    frame, as they are. "time": those of all frames at one place, (B P, T, D). "full":
    all tokens of a clip, (B, T P, D). Space, then time is factorised attention (Ho et
    al. 2022, Video Diffusion Models). Raises ValueError for another kind.
    """
    if kind not in GROUPS:
        raise ValueError(f"kind={kind!r}: use one of {', '.join(GROUPS)}")
    if kind == "space":
        return x
    clips = x.reshape(-1, frames, *x.shape[1:])  # (B, T, P, D)
    if kind == "full":
        return clips.flatten(1, 2)
    return clips.transpose(1, 2).flatten(0, 1)


def ungrouped(x: Tensor, frames: int, tokens: int, kind: str) -> Tensor:
    """The way back from `grouped`: to (B T, P, D), T = frames, P = tokens."""
    if kind == "space":
        return x
    if kind == "full":
        return x.reshape(-1, tokens, x.shape[2])
    return x.reshape(-1, tokens, *x.shape[1:]).transpose(1, 2).flatten(0, 1)


def group_angles(angles: Tensor, tokens: int, kind: str) -> Tensor:
    """The angles that belong to a sequence of `grouped`.

    angles: (T P, d / 2), of `clip_angles`; P = tokens. Within a frame those of the
    first one do, since all its tokens stand at one time; along time those of the first
    place. Returns (P, d / 2), (T, d / 2) or all.
    """
    if kind == "space":
        return angles[:tokens]
    return angles[::tokens] if kind == "time" else angles
