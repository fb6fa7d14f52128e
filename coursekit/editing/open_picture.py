"""A picture file as pixels to edit: upright, eight bits a colour, or refused by name.

Only what shows is read: pixels, transparency, the colour profile. Text chunks, comments
and the rest of Exif go nowhere, so nobody who plans an edit can read them.
"""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.editing.colour import Pixels
from coursekit.editing.upright import upright

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
MOST_PIXELS = 50_000_000
ORIENTATION, PHOTOMETRIC, BITS = 274, 262, 258  # tags of TIFF 6.0
PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")  # what Pillow opens as it looks
WHY_NOT = {
    "CMYK": "its colours are meant for a printer's inks",
    "I": "32 bits a pixel, and nothing says which number is white",
    "F": "real numbers, and nothing says which of them is white",
    "LAB": "its colours are those of CIE L*a*b*",
    "YCbCr": "its colours are stored as luma and two differences",
    "HSV": "its colours are stored as hue, saturation and value",
}


class PictureError(ValueError):
    """A file that is no picture to edit; one line says why."""


@dataclass(frozen=True)
class Opened:
    """An upright picture: pixels (H, W, 3), and what goes with them.

    alpha: (H, W), 0 is transparent, or None; profile: of the colours (ICC), or b"";
    said: what was changed on the way in, for people.
    """

    pixels: Pixels
    alpha: NDArray[np.uint8] | None = None
    profile: bytes = b""
    said: tuple[str, ...] = ()


def open_picture(path: Path) -> Opened:
    """The picture in a file. Raises PictureError, in one line."""
    from PIL import Image, UnidentifiedImageError

    _look(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes: they are judged below
        try:
            with Image.open(path, formats=FORMATS) as image:
                _judge(path, image)
                deep = ";16" in str(image.tile)  # Pillow keeps the upper 8 of colours
                image.load()
                return _opened(image, deep)
        except PictureError:
            raise
        except UnidentifiedImageError:
            kinds = ", ".join(FORMATS)
            raise PictureError(f"{path} is no picture of {kinds}") from None
        except Image.DecompressionBombError:
            raise PictureError(_large(path)) from None
        except Exception as error:  # decoders of damaged files fail in many ways
            said = " ".join(str(error).split())[:80] or type(error).__name__
            raise PictureError(f"{path} is damaged: {said}") from None


def _look(path: Path) -> None:
    if path.is_dir():
        raise PictureError(f"{path} is a folder: name a picture")
    if not path.exists():
        raise PictureError(f"{path} is not there")
    if not path.is_file():  # reading a pipe would wait for ever
        raise PictureError(f"{path} is no ordinary file")
    if not path.stat().st_size:
        raise PictureError(f"{path} is empty")
    if not os.access(path, os.R_OK):
        raise PictureError(f"{path} may not be read")


def _large(path: Path) -> str:
    return f"{path} has too many pixels: {MOST_PIXELS:,} at most"


def _judge(path: Path, image: Any) -> None:
    """PictureError for what would not come out as it looks; before it is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise PictureError(_large(path))
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise PictureError(f"{path} has {frames} pictures: save the one you mean")
    deep = image.mode.startswith("I;16")
    if not deep and image.mode not in PLAIN:
        why = WHY_NOT.get(image.mode, "nothing here knows its colours")
        raise PictureError(f"{path} is of mode {image.mode}: {why}; save it as RGB")
    tags = getattr(image, "tag_v2", {})
    if deep and (tags.get(PHOTOMETRIC, 1), tags.get(BITS, (16,))[0]) != (1, 16):
        raise PictureError(f"{path} counts its greys in another way: save it as RGB")
    if deep and "transparency" in image.info:
        raise PictureError(f"{path} has a transparent grey of 16 bits: save it as RGB")


def _opened(image: Any, deep: bool) -> Opened:
    """A loaded picture, turned. deep: the file has 16 bits for each number."""
    turn = image.getexif().get(ORIENTATION, 1)
    said, profile = [], image.info.get("icc_profile") or b""
    if turn in range(2, 9):
        said.append("turned upright")
    if profile and profile[16:20] != b"RGB ":
        said.append("its colour profile is left out: it is not one for RGB")
        profile = b""
    if deep:
        said.append("16 bits become 8")
    if image.mode.startswith("I;16"):
        grey = upright(eight_bits(np.asarray(image)), turn)
        return Opened(np.repeat(grey[..., None], 3, axis=-1), said=tuple(said))
    clear = image.has_transparency_data
    both = upright(np.asarray(image.convert("RGBA" if clear else "RGB")), turn)
    alpha = both[..., 3].copy() if clear else None
    return Opened(both[..., :3].copy(), alpha, profile, tuple(said))


def eight_bits(grey: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """0 .. 65535 as 0 .. 255, the nearest: white stays white, so divide by 257."""
    nearest: NDArray[np.uint8] = ((grey.astype(np.int64) + 128) // 257).astype(np.uint8)
    return nearest
