"""One noise, the same sentences, and everyone who can draw them in few steps."""

from functools import cache

import numpy as np

from coursekit.lectures.l06b_preferences_and_distillation.experiments.bears import (
    STEPS,
    drawers,
)
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Reel

ASKED = (
    "a brown teddy bear with a red hat is sitting in the park",
    "a white teddy bear with sunglasses is dancing on the beach",
    "a blue teddy bear is reading and a yellow teddy bear with a red hat is sitting in "
    "the snow",
)


@cache
def reel(seed: int = 0) -> Reel:
    """Teacher and students, one row each, in 1, 2, 4 and 8 steps."""
    everyone = drawers()
    frames = [
        np.concatenate([draw(list(ASKED), n, seed) for draw in everyone.values()])
        for n in STEPS
    ]
    names = tuple(f"{n}" for n in STEPS)
    return Reel(
        np.stack(frames),
        (Axis("steps", names, "the teacher asks its network twice in each"),),
        columns=len(ASKED),
        row_names=tuple(everyone),
        captions=tuple(f"{n} steps: {' | '.join(ASKED)}" for n in names),
        tile=112,
    )


def bear_students(seed: int = 0) -> FilmPlayer:
    """One seed through all students and their teacher: move the number of steps."""
    return FilmPlayer(reel(seed), name="bear_students")
