"""A bench of attacks: pick one, see the picture, and what each scheme still finds."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from coursekit.trust.attacks import ATTACKS, Pixels, pixels_of
from coursekit.widgets.controls import choice, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

Verdict = Callable[[bytes], str]  # a file in, a few words out
SHEET = 96  # pixels: a screenshot of 64 is so large


def on_sheet(pixels: Pixels) -> Pixels:
    """A picture in the middle of a white sheet, so that sizes can be compared."""
    sheet = np.full((SHEET, SHEET, 3), 255, np.uint8)
    height, width = (min(side, SHEET) for side in pixels.shape[:2])
    top, left = (SHEET - height) // 2, (SHEET - width) // 2
    sheet[top : top + height, left : left + width] = pixels[:height, :width]
    return sheet


def draw(
    files: Mapping[str, bytes],
    verdicts: Mapping[str, Verdict],
    attack: str,
    times: int,
) -> Scene:
    """The marked pictures after an attack, and what is found in each."""
    names, images, said = [], [], []
    for name, content in files.items():
        for _ in range(times):
            try:
                content = ATTACKS[attack](content)
            except ValueError as error:  # one pixel of a JPEG file
                return Scene(text=f"{attack}: {error}", tone="bad")
        names.append(name)
        images.append(on_sheet(pixels_of(content)))
        verdict = " ".join(verdicts[name](content).split())  # it stands in one line
        said.append(f"{name}: {verdict}")
    return Scene((), np.stack(images), tuple(names), "; ".join(said))


def attack_bench(files: Mapping[str, bytes], verdicts: Mapping[str, Verdict]) -> Live:
    """files: a marked file for each scheme; verdicts: who looks for each mark."""
    controls = {
        "attack": choice(list(ATTACKS), "blur"),  # more of it shows at once
        "times": number("how often", 1, 1, 4, 1, "d"),
    }
    return Live(controls, partial(draw, files, verdicts), "attack_bench")
