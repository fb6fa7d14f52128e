"""Bears that are drawn while one drags: a student is fast enough for it."""

import math
from functools import cache

from torch import Tensor

from coursekit.evaluation.text_sampling import starts
from coursekit.pipeline.loose_prompts import understand
from coursekit.pipeline.pipeline import Pipeline, from_checkpoint
from coursekit.pipeline.students import student_card, taught
from coursekit.widgets.controls import choice, level, number, sentence
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

# What the ladder of figure 06b.L calls the best in one step comes first.
WHO = {
    "progressive": "teddy-64-progressive",
    "DMD": "teddy-64-dmd",
    "consistency": "teddy-64-consistency",
}
COUNT, SEEDS = 4, 12
ASKED = "a white bear with a red hat in the park"


@cache
def teacher() -> Pipeline:
    """The model that taught them all."""
    return from_checkpoint(student_card(WHO["progressive"])["start"])


@cache
def drawer(who: str, steps: int) -> Pipeline:
    """A student, ready to draw."""
    return taught(teacher(), WHO[who], steps)


def turned(where: float, shape: tuple[int, int, int]) -> Tensor:
    """COUNT noises, on a quarter circle from those of one seed to those of the next.

    At an angle a, cos(a) one + sin(a) other is normal noise of variance 1 as well.
    """
    seed = math.floor(where)
    angle = (where - seed) * math.pi / 2
    one, other = (starts(COUNT, shape, each) for each in (seed, seed + 1))
    return math.cos(angle) * one + math.sin(angle) * other


def draw(prompt: str, who: str, steps: int, noise: float) -> Scene:
    """COUNT pictures of what is asked for, drawn now."""
    asked = understand(prompt.strip() or "a bear", most=3)
    pipe = drawer(who, steps)
    start = turned(noise, pipe.parts.shape)
    pictures = pipe.draw([asked.prompt] * COUNT, noise=start)
    calls, slow = pipe.boxes.evaluations(), teacher().boxes.evaluations()
    text = f"{asked.prompt}: {calls} of the teacher's {slow} evaluations a picture."
    return Scene((), pictures, text=text)


def live_bears(prompt: str = ASKED) -> Live:
    """Ask for one to three bears, and drag: all four are drawn again at each stop.

    Between whole numbers the noise turns from one seed to the next.
    """
    controls = {
        "prompt": sentence("prompt", prompt),
        "who": choice(list(WHO)),
        "steps": level("steps", (1, 2, 4, 8), 2),
        "noise": number("noise", 0.0, 0.0, SEEDS, 0.05, ".2f"),
    }
    return Live(controls, draw, "live_bears")
