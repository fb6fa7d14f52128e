"""Smaller pictures.

Authorities: a checkerboard, whose every region is grey on average, and Pillow.
"""

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit.evaluation.resizing import FILTERS, resize


def board(side: int) -> torch.Tensor:
    """A checkerboard (1, 1, side, side) of 0 and 255."""
    rows = torch.arange(side)
    return 255.0 * ((rows[:, None] + rows) % 2)[None, None]


@pytest.mark.parametrize("how", ["average", "bilinear", "bicubic"])
def test_a_checkerboard_becomes_grey(how):
    small = resize(board(12), 4, how)
    assert small.shape == (1, 1, 4, 4)
    assert 113 <= float(small.min()) and float(small.max()) <= 142


def test_a_filter_that_does_not_widen_sees_black_and_white():
    assert set(resize(board(12), 4, "sampled").unique().tolist()) == {0.0, 255.0}
    assert resize(board(12), 6, "sampled").unique().tolist() == [127.5], "even hides it"


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
def test_the_filters_of_pillow(how):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (33, 33), dtype=np.uint8)
    want = Image.fromarray(picture).resize((10, 10), getattr(Image, how.upper()))
    got = resize(torch.from_numpy(picture).float()[None, None], 10, how)
    assert float((got[0, 0] - torch.from_numpy(np.array(want))).abs().max()) < 1.1


def test_every_filter_keeps_a_flat_picture_and_the_range():
    x = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    for how in FILTERS:
        assert torch.allclose(
            resize(torch.full((1, 3, 24, 24), 0.3), 7, how), torch.tensor(0.3)
        )
        small = resize(x.round(), 11, how)
        assert 0 <= float(small.min()) and float(small.max()) <= 1
        assert torch.equal(resize(x, 24, how), x)


def test_bytes_and_unknown_filters_are_refused():
    with pytest.raises(ValueError, match="to_model"):
        resize(board(12).to(torch.uint8), 4)
    with pytest.raises(ValueError, match="average, bilinear"):
        resize(board(12), 4, "lanczos")
