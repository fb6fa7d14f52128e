"""Figure 09.P: whole ways of a few balls, by the networks of figure 09.F."""

import torch

from coursekit.datasets.bouncing_ball import ball_clips
from coursekit.experiments.summary import Result
from coursekit.lectures.l09_video.experiments.forcing import (
    FRAMES,
    GIVEN,
    TIMES,
    WAYS,
    trained,
)
from coursekit.theory.roll_outs import roll_out

BALLS, SEED = 4, 0


def measure(quick: bool = False) -> Result:
    """Positions, rounded to 1/1000 of a box half-width.

    Keys: `given` frames; `truth` and, for way in WAYS and "own", the network's own
    clips, each BALLS x FRAMES x 2.
    """
    clips = ball_clips(BALLS, FRAMES, torch.Generator().manual_seed(7))
    result: Result = {"given": GIVEN, "truth": rounded(clips)}
    for way in (*WAYS, "own"):
        net, stir = trained(way, SEED, quick), torch.Generator().manual_seed(0)
        with torch.no_grad():
            own, _ = roll_out(net, clips[:, :GIVEN], FRAMES, TIMES, stir)
        result[way] = rounded(own)
    return result


def rounded(places: torch.Tensor) -> list[list[list[float]]]:
    """Three digits of each number: what a picture can show."""
    return [[[round(v, 3) for v in at] for at in clip] for clip in places.tolist()]
