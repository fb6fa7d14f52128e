"""One belief in five languages: a table that the learner drives.

Whatever the network says, the other four follow from it, and what an error in its
answer becomes is a ratio of two determinants of `theory.prediction`.
"""

import math

import numpy as np
import torch
from torch import Tensor

from coursekit.plots.chart import Chart, Curve
from coursekit.plots.draw import Line, Mark, Sheet, Text
from coursekit.theory.paths import CosinePath, LinearPath, Path, VPPath
from coursekit.theory.prediction import Prediction, convert, mix, row
from coursekit.widgets.controls import choice, time
from coursekit.widgets.controls import number as slider
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

KINDS = Prediction._fields
PATHS: dict[str, Path] = {
    "straight": LinearPath(),
    "cosine": CosinePath(),
    "VP (DDPM)": VPPath(),
}
MEANING = {
    "x0": "the picture",
    "eps": "the noise",
    "score": "uphill",
    "velocity": "where to, how fast",
    "v": "the rotated target",
}
AT = (8, 84, 214, 290, 402)  # where the columns of the table begin, in pixels


def gain(heard: str, told: str, path: Path, t: Tensor) -> Tensor:
    """What an error of size 1 in `heard` becomes in `told`, like `t` (float64).

    Both are mixes a x0 + b eps. With det = alpha b - sigma a, it is det_told divided by
    det_heard.
    """
    t = t.double()

    def det(kind: str) -> Tensor:
        a, b = row(kind, path, t)
        return path.alpha(t) * b - path.sigma(t) * a

    return (det(told) / det(heard)).abs()


def number(value: float) -> str:
    """A number for the table; what is not finite is said in words."""
    if not math.isfinite(value):
        return "not known"
    return f"{value:+.3f}" if abs(value) < 1000 else f"{value:+.1e}"


def factor(value: float) -> str:
    """What an error of 0.01 becomes."""
    return "lost" if not math.isfinite(value) or value > 1e6 else f"{0.01 * value:.2g}"


def table(path: Path, heard: str, t: Tensor, x0: float, eps: float) -> Sheet:
    """All five languages, there and back again, and what an error becomes."""
    data, noise = (torch.tensor([[v]], dtype=torch.float64) for v in (x0, eps))
    xt = path.corrupt(data, noise, t)
    said = mix(heard, path, data, noise, t)
    belief = convert(said, xt, t, path, heard)
    title = f"it says {heard} = {number(float(said))} at x_t = {number(float(xt))}"
    head = ("", "", "value", "there and back", "0.01 becomes")
    marks: list[Mark] = [Text(8, 16, title, bold=True, size=12)]
    marks += [Text(x, 42, word, bold=True) for x, word in zip(AT, head, strict=True)]
    marks.append(Line(np.array([[6.0, 50.0], [494.0, 50.0]]), "grid"))
    for i, told in enumerate(KINDS):
        value = getattr(belief, told)
        back = convert(value, xt, t, path, told)
        off = float((getattr(back, heard) - said).abs().max())
        exact = "not finite" if not math.isfinite(off) else f"{off:.0e}"
        grown = float(gain(heard, told, path, t)[0])
        cells = (told, MEANING[told], number(float(value)), exact, factor(grown))
        tone = "orange" if told == heard else "ink"
        for x, cell in zip(AT, cells, strict=True):
            marks.append(Text(x, 70 + 24 * i, cell, tone, 12, bold=told == heard))
    return Sheet(tuple(marks), 500, 200, title)


def draw(path: str, heard: str, t: float, x0: float, eps: float) -> Scene:
    """The scene for one path, one language, one moment and one pair of unknowns."""
    way, now = PATHS[path], torch.tensor([t], dtype=torch.float64)
    ts = torch.linspace(0.005, 0.995, 100, dtype=torch.float64)
    chart = Chart(
        [Curve(k, ts, gain(k, "x0", way, ts).numpy()) for k in KINDS if k != "x0"],
        title="error in x0",
        x_name="t",
        y_limits=(-3.0, 3.0),
        log_y=True,
        cursor=t,
        width=380,
        height=220,
    )
    lost = float(gain(heard, "x0", way, now)[0])
    if not math.isfinite(lost) or lost > 30:
        text = f"Here an answer in {heard} says next to nothing about the picture."
        tone = "bad"
    elif heard != "x0" and float(gain(heard, "eps", way, now)[0]) > 30:
        text, tone = f"Here an answer in {heard} says little about the noise.", "warn"
    elif heard == "x0" and float(gain("x0", "eps", way, now)[0]) > 30:
        text, tone = (
            "Here an answer in x0 says next to nothing about the noise.",
            "warn",
        )
    else:
        text, tone = "All five say the same; any of them will do.", "good"
    return Scene((table(way, heard, now, x0, eps), chart), text=text, tone=tone)


def one_belief() -> Live:
    """One belief in five languages: path, moment, and what the network says."""
    controls = {
        "path": choice(list(PATHS), label="path"),
        "heard": choice(KINDS, "velocity", "it says"),
        "t": time(0.5),
        "x0": slider("true x0", 0.8, -2.0, 2.0),
        "eps": slider("true eps", -1.2, -2.0, 2.0),
    }
    return Live(controls, draw, "one_belief")
