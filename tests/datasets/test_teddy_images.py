"""Pictures to model space and back. Authority: exact inverses."""

import numpy as np
import pytest
import torch

from coursekit.datasets.images import to_model, to_uint8


@pytest.mark.parametrize("channels", [1, 3])
def test_all_bytes_survive_the_round_trip(channels):
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(channels, 3)
    x = to_model(images)
    assert x.shape == (1, channels, 16, 16) and x.dtype == torch.float32
    assert x.min() == -1 and x.max() == 1
    np.testing.assert_array_equal(to_uint8(x), images)


def test_grey_pictures_get_a_channel_and_axes_are_not_mixed_up():
    images = np.zeros((2, 4, 5), dtype=np.uint8)
    images[1, 3, 2] = 255
    x = to_model(images)
    assert x.shape == (2, 1, 4, 5) and x[1, 0, 3, 2] == 1 and x.sum() == 2 - 40
    colour = np.zeros((1, 4, 5, 3), dtype=np.uint8)
    colour[0, 3, 2, 1] = 255
    assert to_model(colour)[0, 1, 3, 2] == 1


def test_out_of_range_is_clipped_and_nothing_wraps():
    x = torch.tensor([-3.0, 3.0, 0.999]).reshape(1, 1, 1, 3)
    assert to_uint8(x).ravel().tolist() == [0, 255, 255]


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="float32"):
        to_model(torch.zeros(1, 4, 4, 3))
    with pytest.raises(ValueError, match="expected"):
        to_uint8(torch.zeros(4, 4))
