"""One noise, drawn by every student in 1, 2, 4 and 8 evaluations, as it was stored."""

import torch
from torch import Tensor

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    points,
)
from coursekit.lectures.l06b_preferences_and_distillation.figures import STUDENTS
from coursekit.plots.measured import Stored
from coursekit.widgets.film_player import FilmPlayer
from coursekit.widgets.reel import Axis, Reel
from coursekit.widgets.samples import point_panels

COUNTS = (1, 2, 4, 8)


def stored_points(stored: Stored, name: str, evaluations: int) -> Tensor:
    """What a student drew, (N, 2): it is kept as text, in hundredths."""
    text = stored[f"{name}_shown"][stored["counts"].index(evaluations)]
    return torch.tensor([int(each) / 100 for each in text.split()]).reshape(-1, 2)


def reel(stored: Stored) -> Reel:
    """Two sliders, the student and its evaluations; the teacher stands beside it."""
    names = {k: name for kind in STUDENTS.values() for k, name in kind.items()}
    own = stored_points(stored, "base", stored["own"])
    frames, captions = [], []
    for key, name in names.items():
        for count in COUNTS:
            drawn = stored_points(stored, key, count)
            frames.append(
                torch.stack([drawn, stored_points(stored, "base", count), own])
            )
            at = stored["counts"].index(count)
            captions.append(
                f"{name}: distance {stored[f'{key}_ratio'][at]:.2f} times the "
                f"teacher's own; {stored[f'{key}_on'][at]:.0%} on a cloud, masses off "
                f"by {stored[f'{key}_tv'][at]:.3f}"
            )
    return point_panels(
        torch.stack(frames),
        (
            Axis("student", tuple(names.values())),
            Axis("evaluations", tuple(map(str, COUNTS))),
        ),
        coloured=own,
        target=points(400, torch.Generator().manual_seed(3)),
        limit=3.0,
        row_names=(
            "the student",
            "the teacher, as many",
            f"the teacher, {stored['own']}",
        ),
        captions=tuple(captions),
    )


def plane_ladder() -> FilmPlayer:
    """The same noise through all students, and the teacher beside them.

    A point has the colour of the direction in which the teacher, at leisure, takes it.
    """
    return FilmPlayer(reel(load_measured("06b.H")), name="plane_ladder")
