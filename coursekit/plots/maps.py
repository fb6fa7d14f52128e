"""Maps: numbers of places as colours, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.theme import INK, colour


def map_panels(
    maps: Mapping[str, ArrayLike],
    size: float,
    *,
    marks: Mapping[str, tuple[int, int]] | None = None,
    bar: str | None = None,
    **options: Any,
) -> Picture:
    """Arrays (N, M) as pictures of the same width, in inches.

    marks: map -> (row, column) of a white cross.  bar: the name of a bar of colours,
    for maps on one scale.  options: as for matplotlib's imshow.
    """
    with style():
        figure, axes = canvas(len(maps), size, size + 0.2)
        for axis, (name, values) in zip(axes, maps.items(), strict=True):
            image = axis.imshow(numbers(values), **options)
            if marks is not None:
                row, column = marks[name]
                axis.plot(column, row, "+", color="white", ms=8, mew=1.8)
            axis.set(xticks=[], yticks=[], title=name)
            axis.spines[:].set_visible(True)
            axis.grid(visible=False)
        if bar is not None:
            figure.colorbar(image, ax=axes, shrink=0.8).set_label(bar)
        return render(figure)


def felt_maps(
    maps: Mapping[str, ArrayLike], place: tuple[int, int], *, floor: float = 1e-6
) -> Picture:
    """How strongly each pixel moves the output at `place`: one map (H, W) a network.

    On a scale of powers of ten, each map by its own largest value; below `floor` of it
    nothing is drawn.
    """
    shown = {}
    for name, values in maps.items():
        share = numbers(values) / numbers(values).max()
        shown[name] = np.log10(np.where(share > floor, share, np.nan))
    return map_panels(
        shown,
        2.6,
        marks=dict.fromkeys(maps, place),
        bar="log₁₀ of the influence",
        vmin=np.log10(floor),
        vmax=0,
    )


def place_maps(maps: Mapping[str, ArrayLike], *, size: float = 2.6) -> Picture:
    """How alike the addresses of all places are to that of one: maps (N, N).

    The largest value is where the place is itself.
    """
    marks = {}
    for name, values in maps.items():
        found = numbers(values)
        row, column = np.unravel_index(int(found.argmax()), found.shape)
        marks[name] = (int(row), int(column))
    return map_panels(maps, size, marks=marks)


def joint_map(words: ArrayLike, patches: ArrayLike) -> Picture:
    """Where words and patches stand in one plane; both are (N, 2) of row and column."""
    w, p = numbers(words), numbers(patches)
    near: dict[str, Any] = {"xytext": (8, 0), "textcoords": "offset points"}
    with style():
        figure, (axis,) = canvas(1, 3.8, 3.4)
        axis.scatter(p[:, 1], p[:, 0], marker="s", s=60, color=colour("blue"))
        axis.scatter(w[:, 1], w[:, 0], s=40, color=colour("orange"))
        for number, (row, column) in enumerate(w, 1):
            text = f"word {number}"
            axis.annotate(text, (column, row), fontsize=8, va="center", **near)
        axis.axhline(0, color=INK, lw=0.6)
        axis.axvline(0, color=INK, lw=0.6)
        axis.invert_yaxis()
        axis.set_aspect("equal")
        axis.set(xlabel="column", ylabel="row", xlim=(None, w[:, 1].max() + 2.5))
        axis.grid(visible=False)
        return render(figure)
