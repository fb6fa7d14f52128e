"""The README's sheet of prompts: what was drawn, and the nearest training picture.

If the right picture of a tile were the left one, the model would only remember.
"""

from pathlib import Path
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Images = NDArray[np.uint8]
COLUMNS, ZOOM, GAP = 4, 4, 14
LINE, LETTERS = 14, 46  # height of a line of text, and how long it may be


def prompts(path: Path) -> None:
    """Sixteen held-out prompts; every other one names a pair that no training saw."""
    from coursekit.lectures.l04_latent_space.experiments.prompts import (
        samples_beside_nearest,
    )

    asked, images, copies = samples_beside_nearest(count=16, seed=0)
    sheet_of(asked, images, copies).save(path, optimize=True)


def sheet_of(asked: list[str], images: Images, copies: Images) -> Image.Image:
    """Tiles of two pictures (N, H, W, 3) each, with the prompt below."""
    side = images.shape[1] * ZOOM
    lines = [wrap(text, LETTERS) for text in asked]
    tall = side + LINE * max(map(len, lines)) + 2 * GAP
    wide = 2 * side + 2 + GAP
    rows = -(-len(asked) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * wide + GAP, rows * tall + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=LINE - 3)
    for i, (image, copy) in enumerate(zip(images, copies, strict=True)):
        left, top = GAP + i % COLUMNS * wide, GAP + i // COLUMNS * tall
        for offset, picture in ((0, image), (side + 2, copy)):
            large = Image.fromarray(picture.repeat(ZOOM, 0).repeat(ZOOM, 1))
            sheet.paste(large, (left + offset, top))
        for row, line in enumerate(lines[i]):
            draw.text((left, top + side + 4 + LINE * row), line, "#333333", font)
    return sheet
