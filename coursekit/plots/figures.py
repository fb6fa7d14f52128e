"""Static figures with matplotlib: points, bars, heat maps, and the style of them all.

Every function returns a `Picture`: rendered once, off screen, without pyplot's global
state, on a transparent ground and in ink that both themes can read.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from coursekit.plots.images import Picture
from coursekit.plots.theme import GRID, INK, SERIES, colour

_DENSITY = 2
_STYLE: dict[str, Any] = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.dpi": 100,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": GRID,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2.0,
    "lines.markersize": 4.5,
}


@contextmanager
def style() -> Iterator[None]:
    """The workbook's look for matplotlib code of your own: `with style(): ...`."""
    import matplotlib
    from cycler import cycler

    cycle = cycler(color=[colour(name) for name in SERIES])
    settings: Any = {**_STYLE, "axes.prop_cycle": cycle}
    with matplotlib.rc_context(settings):
        yield


def render(figure: Any) -> Picture:
    """A matplotlib figure as a Picture, trimmed, at two pixels for each page pixel."""
    buffer = io.BytesIO()
    dots = figure.dpi * _DENSITY
    figure.savefig(buffer, format="png", dpi=dots, bbox_inches="tight", pad_inches=0.05)
    width, height = Image.open(buffer).size
    size = round(width / _DENSITY), round(height / _DENSITY)
    return Picture(buffer.getvalue(), *size, words(figure))


def words(figure: Any) -> str:
    """What a matplotlib figure shows, as far as its own texts say it."""
    panels = []
    for axis in figure.axes:
        title = axis.get_title() or axis.get_title("left")
        x, y = axis.get_xlabel(), axis.get_ylabel()
        names = [text.get_text() for text in getattr(axis.get_legend(), "texts", ())]
        names += [text.get_text() for text in axis.texts]
        parts = [title, f"{y} over {x}" if x and y else x or y]
        parts.append(", ".join(dict.fromkeys(filter(None, names))))
        panels.append(": ".join(dict.fromkeys(filter(None, parts))))
    return shorten("; ".join(filter(None, panels)) or "a chart", 400, placeholder=" …")


def canvas(columns: int, width: float, height: float) -> tuple[Any, list[Any]]:
    """An empty figure without pyplot, and its axes from left to right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    return figure, list(axes)


def numbers(values: Any) -> Any:
    """Arrays, lists and tensors as float64; a tensor may still want gradients."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float)


def spread(values: ArrayLike) -> tuple[Any, Any]:
    """Mean and standard error over the first axis (the seeds); one row: no error."""
    v = numbers(values)
    if v.ndim == 1:
        return v, None
    if len(v) == 1:
        return v[0], None
    return v.mean(0), v.std(0, ddof=1) / np.sqrt(len(v))


def draw_plane(axis: Any, limit: float, title: str, ghost: ArrayLike | None) -> None:
    """Bare axes for [-limit, limit] squared; ghost: pale points (M, 2) behind."""
    if ghost is not None:
        axis.scatter(*numbers(ghost).T, s=3, color=GRID, alpha=0.4, lw=0)
    axis.set(xlim=(-limit, limit), ylim=(-limit, limit), xticks=[], yticks=[])
    axis.set_aspect("equal")
    axis.set_title(title)
    axis.grid(visible=False)
    axis.spines[:].set_visible(True)


def scatter(
    clouds: Mapping[str, ArrayLike] | Sequence[ArrayLike],
    *,
    limits: float | None = None,
    groups: ArrayLike | None = None,
    ghost: ArrayLike | None = None,
    size: float = 2.4,
) -> Picture:
    """Point clouds (N, 2) side by side on equal axes; ghost: pale points behind each.

    groups: (N,) integers that colour the points of every cloud.
    """
    if not isinstance(clouds, Mapping):
        clouds = {str(i): cloud for i, cloud in enumerate(clouds)}
    arrays = {name: numbers(c) for name, c in clouds.items()}
    stacked = np.concatenate([a[np.isfinite(a).all(1)] for a in arrays.values()])
    edge = limits or 1.05 * max(float(np.abs(stacked).max(initial=1e-3)), 1e-3)
    tint: Any = colour("blue")
    if groups is not None:
        tint = [colour(SERIES[int(g) % len(SERIES)]) for g in np.asarray(groups)]
    with style():
        figure, axes = canvas(len(arrays), size, size)
        for axis, (name, points) in zip(axes, arrays.items(), strict=True):
            title = "" if len(arrays) == 1 and name == "0" else name
            draw_plane(axis, edge, title, ghost)
            axis.scatter(*points.T, s=4, c=tint, alpha=0.7, lw=0)
        return render(figure)


def bars(
    values: Mapping[str, ArrayLike],
    *,
    xlabel: str = "",
    title: str = "",
    width: float = 6.0,
) -> Picture:
    """Horizontal bars; a list of seeds becomes its mean with the standard error."""
    with style():
        figure, (axis,) = canvas(1, width, 0.9 + 0.34 * len(values))
        for i, seen in enumerate(values.values()):
            seeds = np.atleast_1d(numbers(seen))[:, None]
            mean, error = spread(seeds)
            value, half = float(mean[0]), 0.0 if error is None else float(error[0])
            axis.barh(i, value, color=colour("blue"), height=0.62)
            if half:
                axis.errorbar(value, i, xerr=half, color=INK, capsize=3)
            axis.text(value + half, i, f"  {value:.3g}", va="center", size=9)
        axis.set_yticks(range(len(values)), list(values))
        axis.invert_yaxis()
        axis.grid(visible=False, axis="y")
        axis.set(xlabel=xlabel, title=title)
        return render(figure)


def draw_groups(
    axis: Any,
    groups: Mapping[str, Mapping[str, tuple[float, float]]],
    tones: Sequence[str] = SERIES,
    **legend: Any,
) -> None:
    """Bars in groups: group -> bar -> (height, half length of its error bar).

    tones: the colours of a group's bars.  legend: where it stands.
    """
    names = list(next(iter(groups.values())))
    room = 0.8 / len(names)
    for j, name in enumerate(names):
        x = np.arange(len(groups)) + (j - (len(names) - 1) / 2) * room
        found = [group.get(name, (np.nan, 0.0)) for group in groups.values()]
        mean, half = (numbers(column) for column in zip(*found, strict=True))
        tone = colour(tones[j % len(tones)])
        axis.bar(x, mean, room * 0.92, color=tone, label=name)
        axis.errorbar(x, mean, half, fmt="none", capsize=2.5, color=INK)
    axis.set_xticks(range(len(groups)), list(groups))
    axis.grid(visible=False, axis="x")
    axis.legend(**legend)


def heat(
    table: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    form: str = ".2f",
) -> Picture:
    """A table of numbers with their sizes as colour: confusion matrices and sweeps."""
    z = numbers(table)
    with style():
        size = 1.2 + 0.62 * z.shape[1], 0.9 + 0.42 * z.shape[0]
        figure, (axis,) = canvas(1, *size)
        image = axis.imshow(z, cmap="Blues", aspect="auto")
        for (i, j), value in np.ndenumerate(z):
            dark = image.norm(value) > 0.55
            text = "-" if np.isnan(value) else format(value, form)
            tone = "white" if dark else "#20303f"
            axis.text(j, i, text, ha="center", va="center", size=8.5, color=tone)
        axis.set_xticks(range(z.shape[1]), columns)
        axis.set_yticks(range(z.shape[0]), rows)
        axis.grid(visible=False)
        axis.set(xlabel=xlabel, ylabel=ylabel, title=title)
        return render(figure)
