"""A sitting of people who are noisy, tired or fond of one side."""

import numpy as np
import torch

from coursekit.experiments.summary import columns
from coursekit.lectures.l07_evaluation.experiments.sittings import (
    SITTING,
    marks,
    right_votes,
)
from coursekit.plots.chart import Chart, Curve
from coursekit.theory.raters import Rater
from coursekit.widgets.controls import number
from coursekit.widgets.live import Live
from coursekit.widgets.scene import Scene

PEOPLE = 40
SIDES = {"sides by chance": True, "always on the right": False}


def sat(rater: Rater) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """What so many people of one kind say in a sitting each.

    Returns the win rate of the better model after each vote, for both of SIDES, and
    what `marks` finds. The same luck at every call.
    """
    stir, rates = torch.Generator(), {}
    answers = PEOPLE * torch.arange(1, SITTING + 1)
    for name, random_sides in SIDES.items():
        stir.manual_seed(0)
        won = sum(
            right_votes(rater, SITTING, stir, random_sides).double()
            for _ in range(PEOPLE)
        )
        rates[name] = (torch.as_tensor(won).cumsum(0) / answers).tolist()
    stir.manual_seed(0)
    rows = columns(marks(rater, SITTING, stir) for _ in range(PEOPLE))
    return rates, {way: np.mean(each, axis=0).tolist() for way, each in rows.items()}


def draw(noise: float, fatigue: float, side: float) -> Scene:
    """The scene of one kind of people."""
    rates, mean = sat(Rater(noise, fatigue=fatigue, side=side))
    x = list(range(1, SITTING + 1))
    chart = Chart(
        tuple(Curve(name, x, rate) for name, rate in rates.items()),
        "",
        "votes of each person",
        (0, SITTING),
        level=(0.5, "no difference"),
        width=430,
        height=210,
    )
    chance, right = (rate[-1] for rate in rates.values())
    grades = " and ".join(f"{each:.2f}" for each in mean["grades"])
    yes = " and ".join(f"{each:.0%}" for each in mean["yes"])
    text = (
        f"The better model wins {chance:.0%} with sides by chance, {right:.0%} always "
        f"on the right. Grades: {grades}. Good: {yes}."
    )
    wrong = min(chance, right) < 0.5
    return Scene((chart,), text=text, tone="bad" if wrong else "good")


def tired_people() -> Live:
    """Sliders for noise, fatigue and the pull of the left side."""
    controls = {
        "noise": number("noise", 1.0, 0.1, 4.0),
        "fatigue": number("fatigue", 0.0, 0.0, 0.1, 0.01, ".2f"),
        "side": number("left side", 0.0, -1.5, 1.5),
    }
    return Live(controls, draw, "tired_people")
