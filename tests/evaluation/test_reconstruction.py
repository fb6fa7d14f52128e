"""What an autoencoder keeps.

Authorities: one that keeps everything, one that keeps nothing, and the formulas of PSNR
and of the KL.
"""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.reader import attributes, valid_rate
from coursekit.evaluation.reconstruction import (
    from_random_latents,
    held_out_pictures,
    kl_bits,
    psnr,
    rebuilt,
    reconstruction,
)
from coursekit.models.autoencoder import AutoencoderConfig, Bells


class Oracle(nn.Module):
    """Latents are pictures. `grey` gives the same grey picture back for any latent."""

    def __init__(self, grey: bool = False, mean: float = 0.0) -> None:
        super().__init__()
        self.grey, self.mean = grey, mean
        self.config = AutoencoderConfig(patch=1, widths=(8,), latent=3)
        self.register_buffer("shift", torch.zeros(3, 1, 1))

    def bells(self, x: Tensor) -> Bells:
        return Bells(torch.full_like(x, self.mean), torch.zeros_like(x))

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, z: Tensor) -> Tensor:
        return torch.zeros_like(z) if self.grey else z

    rebuild = decode

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        return 3, height, width


def test_what_keeps_everything_keeps_everything():
    found = reconstruction(Oracle(), "teddy", 60)  # type: ignore[arg-type]
    assert found["kept"] == dict.fromkeys(found["kept"], 1.0)
    assert set(found["kept"]) == {
        *("place", "fur", "hat", "glasses", "pose", "action", "all")
    }
    assert found["psnr"] > 100 and found["factor"] == 1
    assert found["latent_numbers"] == 3 * 32 * 32 and found["pictures"] == 60
    images = held_out_pictures("teddy", 60)
    assert found["valid_real"] == valid_rate(images, "second") > 0.95
    assert found["valid_random"] < 0.05, "noise is no scene"


def test_several_bears_are_read_by_the_reader_of_scenes():
    found = reconstruction(Oracle(), "bears", 40, 64)  # type: ignore[arg-type]
    assert found["kept"] == dict.fromkeys(found["kept"], 1.0)
    assert set(found["kept"]) == {
        *("place", "count", "fur", "hat", "glasses", "pose", "action", "all")
    }
    assert found["valid_real"] == found["valid_back"] > 0.9 > found["valid_random"]
    found = reconstruction(Oracle(grey=True), "bears", 40, 64)  # type: ignore[arg-type]
    assert found["kept"]["all"] == 0 and found["valid_back"] == 0


def test_what_keeps_nothing_keeps_what_grey_looks_like():
    images = held_out_pictures("teddy", 60)
    grey = np.full_like(images, 128)
    before, after = attributes(images, "second"), attributes(grey, "second")
    found = reconstruction(Oracle(grey=True), "teddy", 60)  # type: ignore[arg-type]
    for name, share in found["kept"].items():
        if name != "all":
            assert share == float((before[name] == after[name]).mean())
    assert found["kept"]["all"] == 0.0
    assert found["psnr"] == pytest.approx(psnr(images, grey))


@pytest.mark.parametrize("off", [1, 10, 100])
def test_psnr_of_a_constant_error(off):
    images = np.full((2, 4, 4, 3), 100, np.uint8)
    expected = 20 * math.log10(255 / off)
    assert psnr(images, images + np.uint8(off)) == pytest.approx(expected)
    assert psnr(images + np.uint8(off), images) == pytest.approx(expected)


@pytest.mark.parametrize("mean", [0.0, 0.5, 2.0])
def test_the_kl_of_shifted_bells_in_bits(mean):
    """KL(N(m, 1) || N(0, 1)) = m^2 / 2 nats for each latent number."""
    images = held_out_pictures("teddy", 3)
    bits = kl_bits(Oracle(mean=mean), images)  # type: ignore[arg-type]
    expected = 3 * 32 * 32 * mean**2 / 2 / math.log(2)
    assert bits.tolist() == pytest.approx([expected] * 3, rel=1e-5)


def test_pictures_come_back_in_order_and_batches():
    images = held_out_pictures("teddy", 205)  # more than one batch of 200
    assert (rebuilt(Oracle(), images) == images).all()  # type: ignore[arg-type]


def test_random_latents_follow_from_the_seed():
    draws = [from_random_latents(Oracle(), 4, 32, seed) for seed in (0, 0, 1)]  # type: ignore[arg-type]
    assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).any()
    assert draws[0].shape == (4, 32, 32, 3)


def test_held_out_pictures():
    few, more = held_out_pictures("teddy", 5), held_out_pictures("teddy", 8)
    assert (few == more[:5]).all()
    assert held_out_pictures("teddy", 2, 64).shape == (2, 64, 64, 3)
    assert held_out_pictures("emoji", 7).shape == (7, 32, 32, 3)
    assert held_out_pictures("pairs", 2).shape == (2, 32, 32, 3)
    with pytest.raises(ValueError, match="no data set 'moon'"):
        held_out_pictures("moon", 2)
