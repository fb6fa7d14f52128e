"""A ball that a network moves on, frame by frame, beside the true one."""

from functools import partial
from typing import Any

import numpy as np

from coursekit.experiments.measure import load_measured
from coursekit.plots.draw import Area, Line, Mark, Points, Sheet, Text, box
from coursekit.widgets.controls import choice, level, number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

SIDE, EDGE, DOT = 300, 30, 6.0  # pixels
WAYS = {
    "teacher": "true past",
    "noisy": "noise in it",
    "free": "free levels",
    "half": "half begin clean",
    "own": "self-forcing",
}


def draw(stored: dict[str, Any], way: str, ball: float, frame: float) -> Scene:
    """The ways of both balls up to a frame."""
    which, at = int(ball) - 1, int(frame)
    truth, own = (np.asarray(stored[name][which]) for name in ("truth", way))
    left = EDGE
    marks: list[Mark] = [Line(_closed(box(left, left, left + SIDE, left + SIDE)))]
    for places, tone in ((truth, "blue"), (own, "orange")):
        path = left + SIDE / 2 * (1 + places[: at + 1] * (1, -1))
        marks.append(Line(path, tone, 1.5, opacity=0.6))
        marks += [Area(_disc(point, DOT / 2), tone, 0.7) for point in path[:-1]]
        marks.append(Area(_disc(path[-1], DOT), tone, 1.0))
    marks.append(Text(left, 18, "true", "blue", 12, bold=True))
    marks.append(Text(left + 40, 18, "from its own frames", "orange", 12, bold=True))
    off = float(np.linalg.norm(truth[at] - own[at]))
    text = f"Frame {at}: {off:.2f} box half-widths off."
    if at < stored["given"]:
        text = f"Frame {at} is given."
    size = SIDE + 2 * EDGE
    return Scene((Sheet(tuple(marks), size, size, "a ball and its copy"),), text=text)


def _closed(corners: Points) -> Points:
    return np.concatenate([corners, corners[:1]])


def _disc(centre: Points, radius: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    circle: Points = centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return circle


def ball_roll_out() -> Live:
    """Five ways to learn, a few balls, and a slider through the frames.

    The ways are those of figure 09.P, so nothing is computed.
    """
    stored = load_measured("09.P")
    balls, frames = np.asarray(stored["truth"]).shape[:2]
    controls = {
        "way": choice([(name, way) for way, name in WAYS.items()], "teacher"),
        "ball": level("ball", range(1, balls + 1), 1),
        "frame": number("frame", frames - 1, 0, frames - 1, 1, "d"),
    }
    return Live(controls, partial(draw, stored), "ball_roll_out")
