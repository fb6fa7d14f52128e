"""Batches of samples as reels: pictures in tiles, points of the plane in panels."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.plots.images import as_uint8
from coursekit.widgets.reel import Axis, Reel

FAR = 1e3  # what left the panel by more, or is not a number, is drawn nowhere anyway


def to_pixels(film: Tensor) -> NDArray[np.uint8]:
    """(F, N, C, H, W) in model space to uint8 (F, N, H, W, C)."""
    return as_uint8(film.flatten(0, 1)).reshape(
        *film.shape[:2], *film.shape[3:], film.shape[2]
    )


def sectors(points: Tensor, count: int = 8) -> tuple[int, ...]:
    """Which of `count` directions each point lies in; direction 0 is to the right."""
    angle = torch.atan2(points[:, 1], points[:, 0])
    part = (angle / (2 * math.pi) * count).round().long() % count
    return tuple(part.tolist())


def time_axis(ts: Iterable[float]) -> tuple[Axis, ...]:
    """One slider, for the time."""
    return (Axis("t", tuple(f"{t:.2f}" for t in ts)),)


def point_panels(
    film: Tensor,
    axes: tuple[Axis, ...],
    *,
    coloured: Tensor | None = None,
    target: Any = None,
    limit: float = 3.0,
    **options: Any,
) -> Reel:
    """Points (F, P, N, 2) in P panels.

    coloured: (N, 2), the places that give the points their colours.  target: points
    (M, 2) of the data, drawn pale behind.  options: as for `Reel`.
    """
    shown = film.float().nan_to_num(FAR, FAR, -FAR).clamp(-FAR, FAR)
    return Reel(
        np.ascontiguousarray(shown.numpy()),
        axes,
        limit=limit,
        groups=() if coloured is None else sectors(coloured),
        ghost=None if target is None else np.asarray(target, dtype=np.float32)[:400],
        **options,
    )


def sample_table(
    cells: Tensor,
    axes: tuple[Axis, ...],
    captions: Iterable[str],
    *,
    tile: int = 88,
    start: int = 0,
    coloured: Tensor | None = None,
    target: Any = None,
) -> Reel:
    """Samples (F, B, C, H, W) or (F, B, 2) at all positions of the sliders, C order."""
    said = tuple(captions)
    if cells.ndim == 5:
        columns = min(8, cells.shape[1])
        return Reel(
            to_pixels(cells), axes, columns, captions=said, tile=tile, start=start
        )
    return point_panels(
        cells[:, None],
        axes,
        coloured=coloured,
        target=target,
        captions=said,
        start=start,
    )
