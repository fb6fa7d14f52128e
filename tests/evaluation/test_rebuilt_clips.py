"""Reading shirts of clips that came back. Authority: clips drawn in a known shirt."""

from dataclasses import replace

import numpy as np
import torch

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import SHIRTS
from coursekit.evaluation.rebuilt_clips import (
    from_clip,
    held_out_clips,
    shirts_read,
    to_clip,
)

FILMS, CLIPS = held_out_clips(12, 17, 32, walkers=1.0)


def test_what_is_drawn_is_read_right():
    right, of = shirts_read(FILMS, CLIPS)
    assert right == of > 12


def test_every_other_shirt_is_read_as_what_it_is():
    other = [
        replace(clip, shirt=SHIRTS[(SHIRTS.index(clip.shirt) + 1) % len(SHIRTS)])
        for clip in CLIPS
    ]
    films = draw_clips(other, 17, 32)
    right, of = shirts_read(films, CLIPS)
    assert right == 0 and of > 12
    assert shirts_read(films, other) == (of, of)


def test_who_is_not_there_is_not_asked_for():
    alone = [replace(clip, shirt="none") for clip in CLIPS]
    assert shirts_read(FILMS, alone) == (0, 0)


def test_bytes_come_back_from_floats():
    x = to_clip(torch.from_numpy(FILMS))
    assert x.shape == (12, 3, 17, 32, 32) and x.abs().max() <= 1
    np.testing.assert_array_equal(from_clip(x), FILMS)
