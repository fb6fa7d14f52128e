"""Right versions of the exercises of 9.5 and 9.6, in other styles."""

import torch

from coursekit.checks.spec import Function
from coursekit.models.frame_cache import FrameCache
from coursekit.models.rope import rope_angles


def token_by_token(x, patch):
    b, c, frames, height, width = x.shape
    if height % patch or width % patch:
        raise ValueError("patch")
    rows = [
        x[:, :, f, i : i + patch, j : j + patch].reshape(b, c * patch * patch)
        for f in range(frames)
        for i in range(0, height, patch)
        for j in range(0, width, patch)
    ]
    return torch.stack(rows, dim=1)


def in_one_permutation(x, patch):
    b, c, frames, height, width = x.shape
    if height % patch or width % patch:
        raise ValueError("patch")
    tiles = x.view(b, c, frames, height // patch, patch, width // patch, patch)
    order = tiles.permute(0, 2, 3, 5, 1, 4, 6)
    return order.reshape(b, -1, c * patch * patch)


def place_by_place(frames, rows, columns, dim, start=0):
    each = 2 * (dim // 6)
    places = torch.cartesian_prod(
        torch.arange(start, start + frames).double(),
        torch.arange(rows).double(),
        torch.arange(columns).double(),
    )
    parts = [
        rope_angles(places[:, axis].contiguous(), share)
        for axis, share in enumerate((dim - each - each, each, each))
    ]
    return torch.cat(parts, 1).to(torch.float32)


def by_permutation(x, frames, kind):
    if kind not in ("full", "space", "time"):
        raise ValueError(kind)
    clips = x.unflatten(0, (len(x) // frames, frames))
    if kind == "time":
        return torch.cat([clips[:, :, p] for p in range(clips.shape[2])], 1).reshape(
            len(clips) * x.shape[1], frames, -1
        )
    return clips.reshape(len(clips), -1, x.shape[2]) if kind == "full" else x


def pair_by_pair(frames, tokens, window=0):
    seen = torch.zeros(frames * tokens, frames * tokens, dtype=torch.bool)
    for i in range(frames):
        first = max(0, i - window + 1) if window else 0
        seen[i * tokens : (i + 1) * tokens, first * tokens : (i + 1) * tokens] = True
    return seen


class Remembering(FrameCache):
    """The same rows, cut from the end."""

    def extended(self, block, k, v):
        """What is kept, then the new."""
        pairs = [p for p in (self._kept[block], (k, v)) if p is not None]
        keys, values = (torch.cat(parts, dim=-2) for parts in zip(*pairs, strict=True))
        if self.keep:
            rows = keys.shape[-2]
            if self.window:
                rows = min(rows, self.tokens * (self.window - 1))
            cut = keys.shape[-2] - rows
            self._kept[block] = keys[..., cut:, :], values[..., cut:, :]
        return keys, values


RIGHT: dict[str, tuple[Function, ...]] = {
    "09.10": (token_by_token, in_one_permutation),
    "09.12": (place_by_place,),
    "09.13": (by_permutation,),
    "09.15": (pair_by_pair,),
    "09.17": (Remembering,),
}
