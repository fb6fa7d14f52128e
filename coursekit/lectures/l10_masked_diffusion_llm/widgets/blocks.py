"""Who may look at whom when a model learns block by block: a table to slide through."""

from collections.abc import Callable
from functools import partial

import numpy as np
from torch import Tensor

from coursekit.plots.draw import Area, Line, Mark, Sheet, Text, box
from coursekit.theory.block_diffusion import block_mask
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

LENGTH, SIDE, LEFT, TOP = 8, 15, 84, 40  # tokens; pixels
PARTS = {"noisy": "orange", "prompt": "green", "clean": "blue"}
Mask = Callable[[int, int, int], Tensor]


def parts(prompt: int) -> list[str]:
    """What each column of the doubled row is."""
    return ["noisy"] * LENGTH + ["prompt"] * prompt + ["clean"] * LENGTH


def picture(seen: Tensor, prompt: int, chosen: int) -> Sheet:
    """A square for each pair of tokens, full where the row's may look."""
    kinds, marks = parts(prompt), list[Mark]()
    total = len(kinds)
    for i, row in enumerate(seen.tolist()):
        for j, looks in enumerate(row):
            x, y = LEFT + j * SIDE, TOP + i * SIDE
            strength = 0.85 if looks else 0.06
            square = box(x + 1, y + 1, x + SIDE - 1, y + SIDE - 1)
            marks.append(Area(square, PARTS[kinds[j]], strength))
    for kind, tone in PARTS.items():
        places = [i for i, each in enumerate(kinds) if each == kind]
        if places:
            middle = (places[0] + len(places) / 2) * SIDE
            if kind != "prompt":
                marks.append(
                    Text(LEFT + middle, TOP - 10, kind, tone, 12, "middle", True)
                )
            marks.append(Text(LEFT - 8, TOP + middle + 4, kind, tone, 12, "end", True))
    y, right = TOP + chosen * SIDE, LEFT + total * SIDE
    frame = box(LEFT, y, right, y + SIDE)
    marks.append(Line(np.concatenate([frame, frame[:1]]), "ink", 1.5))
    marks.append(Text(LEFT, 14, "who (row) may look at whom (column)", size=12))
    return Sheet(tuple(marks), right + 4, TOP + total * SIDE + 4, "block mask")


def draw(mask: Mask, size: float, prompt: float, token: float) -> Scene:
    """The table for one size of blocks, and what the chosen token sees."""
    said, chosen = int(prompt), int(token) - 1
    seen = mask(said, LENGTH, int(size))
    kinds = parts(said)
    counts = {
        kind: sum(bool(seen[chosen, j]) for j, each in enumerate(kinds) if each == kind)
        for kind in PARTS
    }
    passes = -(-LENGTH // int(size))
    told = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    text = (
        f"Noisy token {chosen + 1} sees {told}. One pass teaches all {passes} "
        f"block{'s' * (passes > 1)}; {int(seen.sum())} of {seen.numel()} pairs look."
    )
    return Scene((picture(seen, said, chosen),), text=text)


def blocks(mask: Mask = block_mask) -> Live:
    """Sliders for the size of a block, the prompt, and a token; the learner's mask."""
    controls = {
        "size": level("block size", (1, 2, 3, 4, 8), 2),
        "prompt": level("prompt", (0, 2, 4), 2),
        "token": number("noisy token", 5, 1, LENGTH, 1, "d"),
    }
    return Live(controls, partial(draw, mask), "blocks")
