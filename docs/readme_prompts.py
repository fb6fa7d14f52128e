"""The README's sheet of prompts: what was drawn, and the nearest training picture.

If the right picture of a tile were the left one, the model would only remember.
"""

from itertools import chain, islice
from pathlib import Path
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.teddy.prompts import prompts as told
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.prompts import SEED
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.pipeline.sample_command import DEFAULT, MODELS
from coursekit.training.recipes import RECIPES

Images = NDArray[np.uint8]
COLUMNS, ZOOM, GAP = 4, 2, 14
LINE, LETTERS = 14, 46  # height of a line of text, and how long it may be


def prompts(path: Path) -> None:
    """Sixteen held-out prompts; every other one names a pair that no training saw."""
    asked, shown = zip(*sentences(), strict=True)
    images = from_checkpoint(MODELS[DEFAULT]).draw(list(asked), seed=0)
    copies = np.stack(list(map(most_similar, images, shown)))
    sheet_of(list(asked), images, copies).save(path, quality=85, method=6)


def sentences() -> list[tuple[str, Scene]]:
    """Fourteen about one bear, one about two, one about three; and their scenes."""
    ones = [zip(*told(7, split, SEED), strict=True) for split in ("test", "heldout")]
    several = list(zip(*told(40, "heldout", SEED, "group"), strict=True))
    groups = [next(p for p in several if len(p[1].bears) == n) for n in (2, 3)]
    return [*chain.from_iterable(zip(*ones, strict=True)), *groups]


def most_similar(image: Images, scene: Scene) -> Images:
    """Of the training pictures with bears of the same colours in the same place."""
    recipe = RECIPES[MODELS[DEFAULT]]
    trained = islice(scenes(0, "train", "group"), recipe.cpu.pictures)
    bank = render([s for s in trained if looks(s) == looks(scene)], len(image))
    return np.asarray(bank[nearest(image[None], bank)[0][0]])


def looks(scene: Scene) -> tuple[str, ...]:
    """The place and the colours, in any order of the bears."""
    return (scene.place, *sorted(bear.fur for bear in scene.bears))


def sheet_of(asked: list[str], images: Images, copies: Images) -> Image.Image:
    """Tiles of two pictures (N, H, W, 3) each, with the prompt below."""
    side = images.shape[1] * ZOOM
    lines = [wrap(text, LETTERS) for text in asked]
    wide = 2 * side + 2 + GAP
    tops = [GAP]  # of each row: it is as tall as its longest prompt
    for first in range(0, len(asked), COLUMNS):
        text = LINE * max(map(len, lines[first : first + COLUMNS]))
        tops.append(tops[-1] + side + text + 2 * GAP)
    sheet = Image.new("RGB", (COLUMNS * wide + GAP, tops[-1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=LINE - 3)
    for i, (image, copy) in enumerate(zip(images, copies, strict=True)):
        left, top = GAP + i % COLUMNS * wide, tops[i // COLUMNS]
        for offset, picture in ((0, image), (side + 2, copy)):
            large = Image.fromarray(picture.repeat(ZOOM, 0).repeat(ZOOM, 1))
            sheet.paste(large, (left + offset, top))
        for row, line in enumerate(lines[i]):
            draw.text((left, top + side + 4 + LINE * row), line, "#333333", font)
    return sheet
