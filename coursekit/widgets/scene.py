"""What a live widget shows for one state of its sliders, as plain data.

Charts go out as SVG and pictures as one PNG; the still puts the same things together.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from coursekit.plots import theme as plot_theme
from coursekit.plots.chart import Chart
from coursekit.plots.draw import Sheet, Text, to_png
from coursekit.plots.images import Picture, grid

_TONES = {"good": "green", "warn": "orange", "bad": "red", "": "ink"}
_SIGNS = {"good": "✓", "warn": "●", "bad": "✗", "": ""}

TILE, GAP = 112, 3  # page pixels of an image's side; dots between two images


def nearest(values: ArrayLike, wanted: float) -> int:
    """Which of the values (N,) is nearest to the one that a slider asks for."""
    return int(np.abs(np.asarray(values) - wanted).argmin())


@dataclass(frozen=True)
class Scene:
    """Charts side by side, a row of small images with their names, and a verdict.

    images: uint8 (N, H, W, C), or None.  tone: "good", "warn", "bad" or "".
    """

    charts: Sequence[Chart | Sheet] = ()
    images: NDArray[np.uint8] | None = None
    names: Sequence[str] = ()
    text: str = ""
    tone: str = ""

    def html(self) -> str:
        """Charts and verdict for an HTML widget."""
        row = "".join(f"<div>{chart.svg()}</div>" for chart in self.charts)
        flow = "display:flex;flex-wrap:wrap;gap:8px 20px"
        out = f'<div style="{flow}">{row}</div>'
        if self.text:
            sign = f"color:{plot_theme.colour(_TONES[self.tone])}"
            look = "margin:6px 0 2px;line-height:1.4;font-size:13px"
            out += f'<div style="{look}"><b style="{sign}">{_SIGNS[self.tone]}</b> '
            out += f"{escape(self.text)}</div>"
        return out

    def png(self) -> tuple[bytes, int]:
        """The images in one row as PNG bytes, and the row's width on the page.

        One dot for each image pixel: the browser enlarges it without smoothing, which
        keeps the encoding under a millisecond.
        """
        assert self.images is not None
        n, h, w, c = self.images.shape
        sheet = np.zeros((h, n * (w + GAP) - GAP, 4), np.uint8)
        for i, image in enumerate(self.images):
            left = i * (w + GAP)
            sheet[:, left : left + w, :3] = image if c == 3 else image[..., :1]
            sheet[:, left : left + w, 3] = 255
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, "png", compress_level=1)
        return buffer.getvalue(), sheet.shape[1] * self.zoom

    @property
    def zoom(self) -> int:
        """Page pixels for each image pixel."""
        assert self.images is not None
        return max(1, round(TILE / int(self.images.shape[2])))

    def names_html(self) -> str:
        """The names of the images, each centred under its own."""
        if self.images is None:
            return ""
        side = self.images.shape[2] * self.zoom
        look = f"width:{side}px;text-align:center;font-size:12px;line-height:1.3"
        cells = "".join(f'<div style="{look}">{escape(n)}</div>' for n in self.names)
        return f'<div style="display:flex;gap:{GAP * self.zoom}px">{cells}</div>'

    def still(self) -> Picture:
        """Everything above one another in one picture."""
        rows: list[list[NDArray[np.uint8]]] = []
        pictures = [chart.picture() for chart in self.charts]
        if pictures:
            rows.append([picture.array() for picture in pictures])
        if self.images is not None:
            strip = grid(self.images, zoom=self.zoom, column_labels=self.names)
            rows.append([strip.array()])
            pictures.append(strip)
        if self.text:
            width = round(plot_theme.font(12).getlength(self.text)) + 6
            line = [Text(2, 14, self.text, _TONES[self.tone], 12)]
            rows.append([to_png(line, width, 20).array()])
        gap = 16
        height = sum(max(a.shape[0] for a in row) + gap for row in rows)
        width = max(sum(a.shape[1] + gap for a in row) for row in rows)
        sheet = Image.new("RGBA", (width, height), (*plot_theme.rgb("ink"), 0))
        y = 0
        for row in rows:
            x = 0
            for array in row:
                sheet.paste(Image.fromarray(array), (x, y))
                x += array.shape[1] + gap
            y += max(a.shape[0] for a in row) + gap
        words = [*(picture.alt for picture in pictures), self.text]
        alt = "; ".join(filter(None, words))
        return Picture.of(np.asarray(sheet), density=2, alt=alt)
