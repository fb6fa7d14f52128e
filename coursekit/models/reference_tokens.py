"""An MM-DiT that has a picture before its eyes: text and image to image.

The picture is a second set of tokens in the same sequence. They are clean, they take
part in every attention, and what the network says of them is thrown away. FLUX.2's
code does it so (`src/flux2/sampling.py`, `denoise`), with whole numbers as places on a
third axis: 0 for what is drawn, 10 for the first reference (`encode_image_refs`).
"""

from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.dit import Places
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.positions import joint_positions
from coursekit.models.rope import axial_angles

Told = tuple[Tensor, Tensor]  # ids of the words (B, L), and the reference (B, C, H, W)


class ReferenceConfig(MMDiTConfig):
    """The shape of an MM-DiT that sees a reference; it needs sinusoids (`sines`)."""


def reference_positions(
    text: int, height: int, width: int, offset: float = 10.0
) -> Tensor:
    """Places on three axes for words, a picture to draw, and one that is given.

    The columns are (axis, row, column). Words and the picture to draw have the places
    of `positions.joint_positions`, with 0 on the new axis. Behind them come the given
    picture's tokens: each at the row and the column of its own place in the picture,
    and with `offset` on the new axis. So a token finds the same place of the other
    picture straight ahead (FLUX.2: t, h and w of its ids, offset 10).

    text: words; height, width: of both pictures, in tokens. Returns (text + 2 height
    width, 3) float64.
    """
    plane = joint_positions(text, height, width)
    both = torch.cat([plane, plane[text:]])
    axis = torch.zeros(len(both), 1, dtype=both.dtype)
    axis[len(plane) :] = offset
    return torch.cat([axis, both], dim=1)


def reference_angles(positions: Tensor, dims: tuple[int, int]) -> Tensor:
    """RoPE on three axes in the room of two: (T, sum(dims) / 2).

    Rows and columns turn their shares of a head as in `rope.axial_angles`. The pair
    that turns slowest of each, by .002 radians over the whole plane, turns by the new
    axis in addition. So a network that was trained without a reference keeps what it
    knows. positions: (T, 3) of (axis, row, column); dims: even, of rows and columns.
    """
    angles = axial_angles(positions[:, 1:], dims)
    angles[:, [dims[0] // 2 - 1, -1]] += positions[:, :1]
    return angles


class TwoPictures(nn.Module):
    """Where the patches of two pictures, one below the other, are: what is added.

    The second has the places of the first and a learnt vector, which tells it apart:
    heads of 32 features have few pairs to tell it with angles alone.
    """

    def __init__(self, places: Places, width: int) -> None:
        """places: of one picture."""
        super().__init__()
        self.places = places
        self.role = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """x: (B, C, 2 H, W). Returns (2 T, width)."""
        added = cast(Tensor, self.places(x[:, :, : x.shape[-2] // 2])[0])
        return torch.cat([added, added + self.role]), None


class ReferenceMMDiT(MMDiT):
    """Noisy latents, a time, words and a clean picture in, velocities out."""

    def __init__(self, config: ReferenceConfig) -> None:
        """Fresh weights; ValueError for a config without `sines`."""
        if not config.sines:
            raise ValueError("a reference is told apart by what is added: set sines")
        super().__init__(config)
        self.places = TwoPictures(self.places, config.width)  # type: ignore[assignment]

    def forward(  # type: ignore[override]
        self, xt: Tensor, t: Tensor, cond: Told
    ) -> Tensor:
        """What `MMDiT.forward` says of xt while it sees the reference, too.

        Its patches come row by row. So a picture that stands *below* another one has
        its tokens behind those of the other, and to join two sequences of tokens it is
        enough to join the pictures along their rows. `MMDiT.forward` takes a picture of
        any height; `places` and `angles` of this class know that the lower half is
        given. What is said of the lower half is cut off: nobody asked.

        xt: (B, C, H, W), noisy; t: (B,) or (); cond: (ids (B, L), the reference (B, C,
        H, W), clean). Returns (B, C, H, W).
        """
        ids, reference = cond
        both = torch.cat([xt, reference], dim=-2)
        return super().forward(both, t, ids)[..., : xt.shape[-2], :]

    def angles(self, words: int, xt: Tensor) -> Tensor:
        """The angles of all tokens of words and two pictures, (S + 2 T, d / 2)."""
        patch, head = self.config.patch, self.config.width // self.config.heads
        rows, columns = xt.shape[-2] // patch // 2, xt.shape[-1] // patch
        key = (words, rows, columns, str(xt.device))
        if key not in self._angles:
            half = head // 4 * 2
            places = reference_positions(words, rows, columns)
            angles = reference_angles(places, (half, head - half)).float()
            self._angles[key] = angles.to(xt.device)
        return self._angles[key]
