"""Analysis by synthesis. Authority: the renderer; what it drew can be drawn again, and
what it did not draw cannot."""

import numpy as np
import torch

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader_data import SPOILERS
from coursekit.datasets.teddy.rebuild import rebuild
from coursekit.datasets.teddy.sample import teddies


def test_scenes_are_rebuilt_and_other_pictures_leave_more_over():
    images, scenes = teddies(24, seed=55)
    rebuilt, left = rebuild(images, rounds=2)
    assert np.median(left) < 0.06
    both = [(a.bears[0], b.bears[0]) for a, b in zip(scenes, rebuilt, strict=True)]
    assert np.mean([a.fur == b.fur for a, b in both]) > 0.9
    assert np.mean([abs(a.x - b.x) for a, b in both]) < 0.03
    x, g = to_model(images), torch.Generator().manual_seed(0)
    for name in ("pure_noise", "halves", "tiles"):
        _, wrong = rebuild(to_uint8(SPOILERS[name](x, g)), rounds=1)
        assert np.median(wrong) > 2 * np.median(left), name


def test_the_search_only_improves_and_empty_input_is_fine():
    images, _ = teddies(6, seed=56)
    start = rebuild(images, rounds=0)[1]
    later = rebuild(images, rounds=2)[1]
    assert (later <= start).all() and (later < start).any()
    assert rebuild(images[:0])[0] == []
