"""Image grids and film strips, composed with numpy and Pillow in a few milliseconds.

matplotlib needs over 100 ms for a grid of 16 images; this needs about two, and every
pixel of a small image stays a clean square. Input is forgiving: tensors or arrays,
(N, C, H, W) floats in [-1, 1] as models use them, or uint8 images of any layout.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from coursekit.plots import theme as plot_theme

Pixels = NDArray[np.uint8]


def as_uint8(images: Any) -> Pixels:
    """Any batch of images as uint8 (N, H, W, C) with C = 1 or 3.

    uint8 input: (N, H, W), (N, H, W, C) or one image (H, W), (H, W, C).
    Float input: model space, (N, C, H, W) or one image (C, H, W), values in [-1, 1]
    (values outside are clipped). Raises ValueError for anything else.
    """
    if hasattr(images, "detach"):
        tensor = images.detach().cpu()  # numpy knows no bfloat16
        images = tensor.float() if tensor.is_floating_point() else tensor
    x = np.asarray(images)
    if x.dtype == np.uint8:
        if x.ndim == 2 or (x.ndim == 3 and x.shape[-1] in (1, 3, 4)):
            x = x[None]
        if x.ndim == 3:
            x = x[..., None]
        if x.ndim == 4 and x.shape[-1] in (1, 3, 4):
            return x
    elif np.issubdtype(x.dtype, np.floating):
        if x.ndim == 3:
            x = x[None]
        if x.ndim == 4 and x.shape[1] in (1, 3):
            scaled = np.clip(np.nan_to_num(x) * 127.5 + 127.5, 0, 255)
            return np.ascontiguousarray(
                np.rint(scaled).astype(np.uint8).transpose(0, 2, 3, 1)
            )
    raise ValueError(
        f"images must be uint8 (N, H, W[, C]) or float (N, C, H, W) in [-1, 1]; "
        f"got {x.dtype} {x.shape}"
    )


@dataclass(frozen=True)
class Picture:
    """PNG bytes that show themselves in a notebook and have a short, stable repr.

    width, height: size on the page in CSS pixels; the PNG may be denser. alt: what is
    to be seen, for who hears the page.
    """

    png: bytes
    width: int
    height: int
    alt: str = ""

    @classmethod
    def of(cls, pixels: Pixels, density: float = 1.0, alt: str = "") -> "Picture":
        """Encode (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) pixels."""
        array = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
        buffer = io.BytesIO()
        Image.fromarray(array).save(buffer, "png", compress_level=6)
        height, width = array.shape[:2]
        size = round(width / density), round(height / density)
        return cls(buffer.getvalue(), *size, alt)

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return f"Picture({self.width} x {self.height})"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        png = base64.b64encode(self.png).decode("ascii")
        return {"text/plain": repr(self), "image/png": png}, {"image/png": self.about()}

    def about(self) -> dict[str, Any]:
        """Size and words, as Jupyter takes them beside the PNG."""
        return {"width": self.width, "height": self.height, "alt": self.alt}

    def save(self, path: str | Path) -> Path:
        """Write the PNG file and return its path."""
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.png)
        return file

    def array(self) -> Pixels:
        """The decoded pixels, (H, W, C)."""
        return np.asarray(Image.open(io.BytesIO(self.png)))


def _zoom(tile: int) -> int:
    """How many pixels a side one image pixel gets, for tiles of about 96 pixels."""
    return max(1, round(96 / tile))


def grid(
    images: Any,
    columns: int | None = None,
    *,
    zoom: int | None = None,
    gap: int = 6,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    title: str = "",
) -> Picture:
    """Images in rows, on a transparent ground, with labels where given.

    images: see `as_uint8`; N of them, filled row by row, `columns` to a row
    (default: one row up to 10 images, else a near-square). zoom: page pixels for
    each image pixel (default: tiles of about 96 pixels).
    """
    batch = as_uint8(images)
    n, h, w, _ = batch.shape
    columns = columns or (n if n <= 10 else int(np.ceil(np.sqrt(n))))
    zoom = zoom or _zoom(max(h, w))
    rows = -(-n // columns)
    text, head = 12, 0
    # Column labels share the pictures' width: shrink them rather than overlap.
    left = _label_width(row_labels, text) + (10 if row_labels else 0)
    top = (22 if title else 0) + (18 if column_labels else 0)
    cell_w, cell_h = w * zoom + gap, h * zoom + gap
    # Narrow grids with a long title would cut it.
    width = max(left + columns * cell_w - gap, _label_width([title], 13, bold=True))
    height = top + rows * cell_h - gap
    density = 2
    ground = (*plot_theme.rgb("ink"), 0)
    sheet = Image.new("RGBA", (width * density, height * density), ground)
    for i in range(n):
        pixels = batch[i, ..., 0] if batch.shape[-1] == 1 else batch[i]
        side = (w * zoom * density, h * zoom * density)
        tile = Image.fromarray(pixels).convert("RGBA")
        big = tile.resize(side, Image.Resampling.NEAREST)
        row, column = divmod(i, columns)
        at = (left + column * cell_w) * density, (top + row * cell_h) * density
        sheet.paste(big, at)
    draw = ImageDraw.Draw(sheet)
    ink = plot_theme.rgb("ink")
    if title:
        face = plot_theme.font(13 * density, True)
        draw.text((0, head), title, font=face, fill=ink, anchor="la")
    for j, label in enumerate(column_labels[:columns]):
        x = (left + j * cell_w + w * zoom / 2) * density
        face = _fitting(label, text * density, cell_w * density)
        draw.text((x, (top - 5) * density), label, font=face, fill=ink, anchor="ms")
    for i, label in enumerate(row_labels[:rows]):
        y = (top + i * cell_h + h * zoom / 2) * density
        face = plot_theme.font(text * density)
        draw.text((0, y), label, font=face, fill=ink, anchor="lm")
    words = [title, f"{n} small pictures" if n > 1 else "a small picture"]
    if rows > 1:
        words[1] += f" in {rows} rows of {columns}"
    for name, labels in (("rows", row_labels), ("columns", column_labels)):
        words += [f"{name}: {', '.join(map(str, labels))}"] if any(labels) else []
    alt = "; ".join(filter(None, words))
    return Picture.of(np.asarray(sheet), density=density, alt=alt)


def _label_width(labels: Sequence[str], size: float, bold: bool = False) -> int:
    face = plot_theme.font(size, bold)
    return max((int(np.ceil(face.getlength(label))) for label in labels), default=0)


def _fitting(label: str, size: float, room: float) -> Any:
    """The font in the given size, or as much smaller as the label needs."""
    length = plot_theme.font(size).getlength(label)
    return plot_theme.font(size if length <= room else max(size * room / length, 8))


def pick(total: int, count: int) -> list[int]:
    """`count` indices spread evenly over range(total), both ends included."""
    if count >= total:
        return list(range(total))
    return [round(i) for i in np.linspace(0, total - 1, count)]


def filmstrip(
    states: Sequence[Any],
    *,
    count: int = 8,
    rows: int = 4,
    labels: Sequence[str] = (),
    zoom: int | None = None,
    title: str = "",
) -> Picture:
    """A few states of a sampler's film: time runs right, one row for each sample.

    states: a list of batches (each as for `as_uint8`); labels: one for each state.
    """
    chosen = pick(len(states), count)
    columns = [as_uint8(states[i])[:rows] for i in chosen]
    stack = np.stack(columns, axis=1)  # (rows, columns, H, W, C)
    names = [labels[i] for i in chosen] if labels else []
    flat = stack.reshape(-1, *stack.shape[2:])
    film = grid(flat, len(chosen), zoom=zoom, column_labels=names, title=title)
    return replace(film, alt=f"{film.alt}; time runs to the right")


def show(images: Any, columns: int | None = None, **options: Any) -> None:
    """Display a Picture, or a batch of images as a grid (options as for `grid`)."""
    from IPython.display import display

    shown = images if isinstance(images, Picture) else grid(images, columns, **options)
    display(shown)  # type: ignore[no-untyped-call]
