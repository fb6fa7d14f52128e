"""A crowd of bears to spoil by hand, and what every measure says of it."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader_data import blur
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.frechet import frechet_distance, moments
from coursekit.evaluation.kernel_distances import cmmd, kid
from coursekit.evaluation.neighbours import precision_recall
from coursekit.lectures.l07_evaluation.experiments.crowds import (
    bears,
    grainy,
    reader_eye,
)
from coursekit.plots.draw import Area, Line, Mark, Sheet, Text, box
from coursekit.widgets.controls import level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

COUNT, WIDE = 200, 200  # bears of each crowd; pixels of a full bar
TIMES = 10.0  # a full bar of a distance is so many times the floor
Measures = Callable[[Tensor, Tensor], dict[str, float]]


class Crowd:
    """Real bears, as many new ones that can be spoilt, and some that do not dance."""

    def __init__(self, measures: Measures) -> None:
        """Look at the real ones, and at the new ones as they are."""
        images, scenes = teddies(COUNT, 32, seed=41, split="test")
        self.fresh = to_model(images)
        dancing = [scene.bears[0].action == "dancing" for scene in scenes]
        self.dancers = torch.tensor(dancing).nonzero().flatten()
        self.quiet = to_model(
            teddies(
                len(self.dancers),
                32,
                seed=42,
                split="test",
                only=lambda scene: scene.bears[0].action != "dancing",
            )[0]
        )
        self.measures = partial(measures, reader_eye(bears(COUNT, 40)))
        self.floor = self.measures(reader_eye(self.fresh))

    def spoilt(self, soft: float, grain: float, dancing: float, known: int) -> Tensor:
        """The pictures that are left, (known, 3, 32, 32)."""
        x = self.fresh.clone()
        gone = self.dancers[round(dancing * len(self.dancers)) :]
        x[gone] = self.quiet[: len(gone)]
        stir = torch.Generator().manual_seed(0)
        return grainy(blur(x[:known], soft), grain, stir)


def bars(found: dict[str, float], floor: dict[str, float]) -> Sheet:
    """A bar for each measure, and a mark where real bears are."""
    marks: list[Mark] = []
    for row, (name, value) in enumerate(found.items()):
        top, share = 40 * row, name in ("precision", "recall")
        full = 1.0 if share else TIMES * max(floor[name], 1e-12)
        part, real = (min(1.0, max(0.0, v / full)) for v in (value, floor[name]))
        text = f"{name} {value:.2f}" if share else f"{name} {value:,.4g}"
        marks.append(Text(0, top + 12, f"{text} (real {floor[name]:.3g})", size=12))
        tone = "green" if share else "blue"
        marks.append(
            Area(box(0, top + 17, WIDE * max(part, 0.005), top + 30), tone, 0.7)
        )
        edge = box(WIDE * real, top + 15, WIDE * real, top + 32)[[0, 3]]
        marks.append(Line(edge, "ink", 2.0))
    return Sheet(tuple(marks), WIDE + 60, 40 * len(found) + 4, "five measures")


def draw(
    crowd: Crowd, soft: float, grain: float, dancing: float, known: float
) -> Scene:
    """The scene for one way of spoiling."""
    left = crowd.spoilt(soft, grain, dancing, int(known))
    seen = reader_eye(left).repeat(COUNT // int(known), 1)
    found = crowd.measures(seen)
    text = f"{COUNT} bears in each crowd; the dark marks are where real bears are."
    return Scene((bars(found, crowd.floor),), images=to_uint8(left[:6]), text=text)


def spoilt_crowd(
    frechet: Callable[..., float] = frechet_distance,
    kernel: Callable[[Tensor, Tensor], float] = kid,
    neighbours: Callable[..., tuple[float, float]] = precision_recall,
) -> Live:
    """Sliders for what is done to the crowd; the learner's own three functions."""

    def measures(real: Tensor, drawn: Tensor) -> dict[str, float]:
        precision, recall = neighbours(real, drawn)
        return {
            "Fréchet": float(frechet(*moments(real), *moments(drawn))),
            "KID": max(0.0, float(kernel(real, drawn))),
            "wide kernel": max(0.0, cmmd(real, drawn)),
            "precision": float(precision),
            "recall": float(recall),
        }

    controls = {
        "soft": level("blur", (0, 0.5, 0.7, 1, 1.5, 2), 0),
        "grain": number("grain", 0.0, 0.0, 0.5, 0.05, ".2f"),
        "dancing": number("dancers left", 1.0, 0.0, 1.0),
        "known": level("pictures", (10, 50, 100, 200), 200),
    }
    return Live(controls, partial(draw, Crowd(measures)), "spoilt_crowd")
