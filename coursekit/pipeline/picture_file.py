"""Pictures and films as files that say how they were made."""

import io
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit.evaluation.sampling import image_grid
from coursekit.pipeline.pipeline import PictureFilm

Images = NDArray[np.uint8]
MOMENTS = 10  # of a film strip
FRAME_MS, LAST_MS = 90, 2000  # of an animation


def sheet(images: Images, zoom: int) -> Images:
    """All pictures (N, H, W, C) in a nearly square grid, magnified."""
    return image_grid(images, columns=math.ceil(math.sqrt(len(images))), zoom=zoom)


def strip(film: PictureFilm, zoom: int) -> Images:
    """Noise on the left, pictures on the right; two rows for each picture.

    Above what the walk has made of the noise, below what the model makes of it.
    """
    last = len(film.states) - 1
    moments = np.linspace(0, last, min(MOMENTS, last + 1)).round().astype(int)
    rows = [
        np.stack([frames[m][i] for m in moments])
        for i in range(len(film.states[0]))
        for frames in (film.states, film.guesses)
    ]
    return image_grid(np.concatenate(rows), columns=len(moments), zoom=zoom)


def png(image: Images, facts: Mapping[str, Any]) -> bytes:
    """One picture (H, W, 1 or 3) as PNG with `facts` as text chunks."""
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    for key, value in facts.items():
        text.add_itxt(key, value if isinstance(value, str) else json.dumps(value))
    buffer = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.save(buffer, "PNG", optimize=True, pnginfo=text)
    return buffer.getvalue()


def gif(film: PictureFilm, zoom: int, facts: Mapping[str, Any]) -> bytes:
    """The film as an animation: the walk on the left, the model's guess on the right.

    `facts` go into the file's comment.
    """
    from PIL import Image

    frames = []
    for state, guess in zip(film.states, film.guesses, strict=True):
        pair = np.concatenate([sheet(state, zoom), sheet(guess, zoom)], axis=1)
        grey = pair.shape[-1] == 1
        frames.append(Image.fromarray(pair[..., 0] if grey else pair).convert("RGB"))
    buffer = io.BytesIO()
    times = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=0,
        comment=json.dumps(dict(facts)).encode(),
    )
    return buffer.getvalue()
