"""What may happen to a picture file on its way: from bytes to bytes.

Every attack is what people do every day; none knows what is hidden. `image to image`
needs a model: `coursekit.pipeline.reimagine`.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from coursekit.trust.png_chunks import SIGNATURE, walk

Pixels = NDArray[np.uint8]
Attack = Callable[[bytes], bytes]
DESKTOP = (38, 62, 92)  # the colour behind the window of a screenshot


def pixels_of(content: bytes) -> Pixels:
    """The pixels (H, W, 3) of a picture file, whatever its format.

    Raises OSError for bytes that are no picture.
    """
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def png_of(pixels: Pixels) -> bytes:
    """Pixels (H, W, 3) as a PNG file that says nothing else."""
    return _encoded(Image.fromarray(pixels))


def one_pixel(content: bytes) -> bytes:
    """A PNG file with one value changed by one, and everything else kept.

    It is the red of the first pixel; chunks that are not pixels stay, byte by byte.
    Raises PngError for another format.
    """
    pixels = pixels_of(content).copy()
    red = int(pixels[0, 0, 0])
    pixels[0, 0, 0] = red + 1 if red < 255 else red - 1
    fresh = png_of(pixels)
    head, *rest = ((c, fresh[c.start : c.end]) for c in walk(fresh))
    body = b"".join(part for c, part in rest if c.name == b"IDAT")
    kept = SIGNATURE + head[1]  # IHDR, which says how the pixels are stored
    for each in walk(content)[1:]:
        if each.name != b"IDAT":
            kept += content[each.start : each.end]
        elif body:
            kept, body = kept + body, b""
    return kept


def screenshot(content: bytes) -> bytes:
    """A program shows the picture at 3/2, the screen is captured, the window cut out.

    The new file knows pixels alone, and not even those: they were magnified.
    """
    shown = _opened(content)
    shown = shown.resize(
        (shown.width * 3 // 2, shown.height * 3 // 2), Image.Resampling.BILINEAR
    )
    left, top = 40, 60
    screen = Image.new("RGB", (shown.width + 2 * left, shown.height + 2 * top), DESKTOP)
    screen.paste(shown, (left, top))
    return _encoded(screen.crop((left, top, left + shown.width, top + shown.height)))


def smaller(content: bytes) -> bytes:
    """Resized to 3/4 of its width and height, with averaging (antialiased bilinear)."""
    picture = _opened(content)
    size = (max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4))
    return _encoded(picture.resize(size, Image.Resampling.BILINEAR))


def cropped(content: bytes) -> bytes:
    """The middle of the picture, 3/4 of its width and height."""
    picture = _opened(content)
    left, top = picture.width // 8, picture.height // 8
    return _encoded(
        picture.crop((left, top, picture.width - left, picture.height - top))
    )


def jpeg(content: bytes) -> bytes:
    """A JPEG file of quality 75, Pillow's usual one."""
    return _encoded(_opened(content), "JPEG", quality=75)


def blurred(content: bytes) -> bytes:
    """Blurred by a Gaussian whose standard deviation is one pixel."""
    return _encoded(_opened(content).filter(ImageFilter.GaussianBlur(1)))


def _opened(content: bytes) -> Image.Image:
    return Image.fromarray(pixels_of(content))


def _encoded(picture: Image.Image, kind: str = "PNG", **how: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


ATTACKS: dict[str, Attack] = {
    "none": lambda content: content,
    "one pixel": one_pixel,
    "re-save": lambda content: _encoded(_opened(content)),
    "screenshot": screenshot,
    "resize": smaller,
    "crop": cropped,
    "JPEG": jpeg,
    "blur": blurred,
}
