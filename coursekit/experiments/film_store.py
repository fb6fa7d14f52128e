"""Small films that took a training to make: kept as lossless sheets beside the figures.

The module `experiments.films` of lecture 4 makes those of its notebook.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from coursekit.course_folder import COURSE
from coursekit.files import write_atomic

FOLDER = COURSE / "data" / "measured" / "films"
Pixels = NDArray[np.uint8]


def save_film(name: str, frames: Pixels, folder: Path | None = None) -> Path:
    """Write frames (F, N, S, S, 1 or 3), one row of tiles for each, as NAME.webp."""
    if frames.shape[-1] == 1:
        frames = np.repeat(frames, 3, axis=4)
    f, n, side, _, channels = frames.shape
    rows = frames.transpose(0, 2, 1, 3, 4)
    sheet = np.ascontiguousarray(rows.reshape(f * side, n * side, channels))
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "webp", lossless=True, quality=100, method=6)
    path = (folder or FOLDER) / f"{name}.webp"
    write_atomic(path, buffer.getvalue())
    return path


def load_film(name: str, side: int = 32, folder: Path | None = None) -> Pixels:
    """The frames (F, N, side, side, 3) of a film.

    Raises FileNotFoundError, with the command to run, when it was never made.
    """
    path = (folder or FOLDER) / f"{name}.webp"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.name} is missing. Run: python -m "
            "coursekit.lectures.l04_latent_space.experiments.films"
        )
    with Image.open(path) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    tall, wide = sheet.shape[0] // side, sheet.shape[1] // side
    tiles = sheet.reshape(tall, side, wide, side, 3)
    return np.ascontiguousarray(tiles.transpose(0, 2, 1, 3, 4))
