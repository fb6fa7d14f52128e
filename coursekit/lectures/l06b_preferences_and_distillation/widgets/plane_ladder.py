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


def read_points(text: str) -> Tensor:
    """Points (N, 2) that are kept as text, in hundredths."""
    return torch.tensor([int(each) / 100 for each in text.split()]).reshape(-1, 2)


def reel(stored: Stored) -> Reel:
    """Two sliders, the student and its evaluations; the teacher stands beside it."""
    names = {k: name for kind in STUDENTS.values() for k, name in kind.items()}
    own = read_points(stored["own_shown"])
    frames, captions = [], []
    for key, name in names.items():
        for count in COUNTS:
            at = stored["counts"].index(count)
            drawn, plain = (stored[f"{each}_shown"][at] for each in (key, "base"))
            frames.append(torch.stack([read_points(drawn), read_points(plain), own]))
            energy, on, tv = (
                stored[f"{key}_{of}"][at] for of in ("energy", "on", "tv")
            )
            captions.append(
                f"{name}: squared distance {energy:.4f}, the teacher's own "
                f"{stored['own_energy']:.4f}; {on:.0%} on a cloud, "
                f"masses off by {tv:.3f}"
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
