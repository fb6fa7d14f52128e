"""Edited pixels as a file: the old file or the whole new one, never a part of it."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.editing.open_picture import Opened
from coursekit.files import write_atomic

QUALITY = 95  # of JPEG, with colours as fine as the brightness
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": QUALITY, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": QUALITY, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True, "exact": True}),
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {}),
}


class OutputError(ValueError):
    """A file that may not be written, or not so; one line says why."""


def check_output(source: Path, out: Path, force: bool = False) -> None:
    """Refuse, before any work, what must not be written.

    An unknown ending, a folder, the source itself under whatever name, and without
    `force` any file that is there. Raises OutputError.
    """
    if out.suffix.lower() not in FORMATS:
        raise OutputError(f"-o {out}: give it a name that ends in {', '.join(FORMATS)}")
    if out.is_dir():
        raise OutputError(f"-o {out} is a folder: name a file")
    if same_file(source, out):
        raise OutputError(f"{out} is the picture itself: take another name")
    if out.exists() and not force:
        raise OutputError(f"{out} is there already: take another name, or --force")


def same_file(a: Path, b: Path) -> bool:
    """By identity, not by spelling: links of both kinds and ./ are seen through."""
    if a.exists() and b.exists():
        return os.path.samefile(a, b)
    return a.resolve() == b.resolve()


def encode(picture: Opened, suffix: str) -> bytes:
    """The bytes of a file with that ending. Raises OutputError.

    PNG, WebP and TIFF keep every value; JPEG does not (quality 95), and is refused
    where a part is transparent.
    """
    from PIL import Image

    kind, options = FORMATS[suffix.lower()]
    pixels = picture.pixels
    if picture.alpha is not None:
        if kind == "JPEG":
            raise OutputError("JPEG has no transparency: take a name that ends in .png")
        pixels = np.dstack([pixels, picture.alpha])
    if picture.profile:
        options = options | {"icc_profile": picture.profile}
    buffer = io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, kind, **options)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:80]
        raise OutputError(f"{kind} cannot hold this picture: {said}") from None
    return buffer.getvalue()


def save_picture(
    picture: Opened, path: Path, seal: Callable[[bytes], bytes] = bytes
) -> None:
    """Encode in memory, write beside, then replace: see `write_atomic` and `encode`.

    seal: the last word on the file's bytes, such as a signature.
    """
    write_atomic(path, seal(encode(picture, path.suffix)))
