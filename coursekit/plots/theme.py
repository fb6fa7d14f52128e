"""One palette and one typeface for every picture: stills, charts, figures, widgets.

Pictures have a transparent background and mid-tone ink, so that the same bytes are
legible in JupyterLab's light theme, in its dark theme and on a white page. Colours
are from the Okabe-Ito set (Okabe and Ito 2008, safe for colour-blind readers),
moved to a lightness that keeps contrast above 3:1 on white and on #111.
"""

import functools
import importlib.util
from pathlib import Path

from PIL import ImageFont

INK = "#767c85"
GRID = "#9aa1ab"
PALETTE: dict[str, str] = {
    "blue": "#2b7fc4",
    "orange": "#d07a12",
    "green": "#14916b",
    "red": "#d9503c",
    "purple": "#a466b5",
    "cyan": "#2c9bc0",
    "pink": "#d6639a",
    "olive": "#8f8a2a",
    "ink": INK,
    "grid": GRID,
}
SERIES = ("blue", "orange", "green", "red", "purple", "cyan", "pink", "olive")


def colour(name: str) -> str:
    """Hex value of a palette name; a hex value passes through."""
    return PALETTE.get(name, name)


def rgb(name: str) -> tuple[int, int, int]:
    """The three bytes of a palette name or of a `#rrggbb` value."""
    value = colour(name).lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


@functools.cache
def font(size: float, bold: bool = False) -> "ImageFont.FreeTypeFont":
    """DejaVu Sans as shipped with matplotlib (it has Greek letters and x̂₀).

    Found by path: importing matplotlib for its font would cost a quarter second.
    """
    spec = importlib.util.find_spec("matplotlib")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
        file = folder / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
        if file.is_file():
            return ImageFont.truetype(str(file), size)
    fallback = ImageFont.load_default(size)
    assert isinstance(fallback, ImageFont.FreeTypeFont)
    return fallback
