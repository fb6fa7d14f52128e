"""Maps for notebook 05: who is felt, which places look alike, where words stand."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from coursekit.plots.figures import canvas, numbers, render, style
from coursekit.plots.images import Picture
from coursekit.plots.theme import INK, colour


def felt_maps(
    maps: Mapping[str, ArrayLike], place: tuple[int, int], *, floor: float = 1e-6
) -> Picture:
    """How strongly each pixel moves the output at `place`: one map (H, W) a network.

    On a scale of powers of ten, each map by its own largest value; below `floor` of it
    nothing is drawn.
    """
    with style():
        figure, axes = canvas(len(maps), 2.5, 2.8)
        for axis, (name, values) in zip(axes, maps.items(), strict=True):
            size = numbers(values)
            shown = np.full(size.shape, np.nan)
            reached = size > floor * size.max()
            shown[reached] = np.log10(size[reached] / size.max())
            image = axis.imshow(shown, cmap="viridis", vmin=np.log10(floor), vmax=0)
            axis.plot(place[1], place[0], "+", color="white", ms=7, mew=1.5)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(True)
            axis.grid(visible=False)
            axis.set_title(name, fontsize=9.5)
        bar = figure.colorbar(image, ax=axes, shrink=0.75)
        bar.set_label("log₁₀ of the influence")
        return render(figure)


def place_maps(maps: Mapping[str, ArrayLike], *, size: float = 2.6) -> Picture:
    """How alike the addresses of all places are to that of one: maps (N, N).

    The largest value is where the place is itself.
    """
    with style():
        figure, axes = canvas(len(maps), size, size + 0.2)
        for axis, (name, values) in zip(axes, maps.items(), strict=True):
            found = numbers(values)
            row, column = np.unravel_index(int(found.argmax()), found.shape)
            axis.imshow(found, cmap="viridis")
            axis.plot(column, row, "+", color="white", ms=9, mew=2)
            axis.set(xticks=[], yticks=[], title=name)
            axis.grid(visible=False)
        return render(figure)


def joint_map(words: ArrayLike, patches: ArrayLike) -> Picture:
    """Where words and patches stand in one plane; both are (N, 2) of row and column."""
    w, p = numbers(words), numbers(patches)
    with style():
        figure, (axis,) = canvas(1, 3.8, 3.4)
        axis.scatter(p[:, 1], p[:, 0], marker="s", s=60, color=colour("blue"))
        axis.scatter(w[:, 1], w[:, 0], s=40, color=colour("orange"))
        for number, (row, column) in enumerate(w):
            text = f"word {number + 1}"
            axis.annotate(
                text,
                (column, row),
                xytext=(8, 0),
                textcoords="offset points",
                fontsize=8,
                va="center",
            )
        axis.axhline(0, color=INK, lw=0.6)
        axis.axvline(0, color=INK, lw=0.6)
        axis.invert_yaxis()
        axis.set_aspect("equal")
        axis.set(xlabel="column", ylabel="row", xlim=(None, w[:, 1].max() + 2.5))
        axis.grid(visible=False)
        return render(figure)
