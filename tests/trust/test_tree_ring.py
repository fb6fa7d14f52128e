"""Authorities: what a Fourier transform is, and the law of the noise."""

import pytest
import torch

from coursekit.trust.tree_ring import (
    marked,
    radii,
    ring_distance,
    ring_key,
    secret_rings,
)

CHANNELS = (0, 2)


def noise(count, size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((count, 3, size, size), generator=generator).double()


def spectrum(x):
    return torch.fft.fft2(x, norm="ortho")


@pytest.mark.parametrize("size", [15, 16])
def test_the_key_is_that_of_a_real_picture(size):
    """The transform of something real has F(-k) = conj F(k)."""
    key = ring_key(secret_rings(2, 5, 0).double(), size)
    back = torch.roll(key.flip((-2, -1)), (1, 1), (-2, -1))
    assert torch.equal(back, key)
    assert spectrum(torch.fft.ifft2(key, norm="ortho")).imag.abs().max() < 1e-12
    assert torch.fft.ifft2(key, norm="ortho").imag.abs().max() < 1e-12


def test_the_disc_is_centred_and_turns_into_itself():
    """A quarter of a turn about zero takes (k, l) to (-l, k)."""
    shifted = torch.fft.fftshift(ring_key(torch.tensor([3.0, 2.0, 1.0]), 8))
    assert shifted[4, 4] == 3
    around = shifted[1:, 1:]  # without -N/2, which has no partner
    assert torch.equal(torch.rot90(around), around)
    assert torch.equal(shifted[4, 1:], torch.tensor([0, 1.0, 2, 3, 2, 1, 0]))


def test_rings_are_rounded_distances():
    """(1, 1) is 1.41 from zero, (2, 2) is 2.83."""
    ring = radii(16)
    assert ring[1, 1] == 1 and ring[-2, 2] == 3 and ring[0, -1] == 1
    assert int((ring < 7).sum()) == 137  # pairs k, -k, and zero: an odd number


def test_marked_noise_has_the_key_and_all_else():
    """Inside of the disc the transform is the key; outside nothing has changed."""
    x, values = noise(4, 16), secret_rings(2, 7, 1).double()
    found = marked(x, values, CHANNELS)
    disc = radii(16) < 7
    new, old = spectrum(found), spectrum(x)
    key = ring_key(values, 16)[:, disc].expand(4, -1, -1).to(new)
    torch.testing.assert_close(new[:, list(CHANNELS)][..., disc], key)
    torch.testing.assert_close(new[..., ~disc], old[..., ~disc])
    assert torch.equal(found[:, 1], x[:, 1])
    assert not found.is_complex()


def test_the_variance_stays():
    """By Parseval's identity, signs weigh what the coefficients of noise weigh."""
    x = noise(3000, 16)
    found = marked(x, secret_rings(2, 7, 2).double(), CHANNELS)
    outside = 256 - 137
    wanted = (outside * x.var() + 137) / 256
    assert abs(float(found[:, 0].square().mean() - wanted)) < 0.01


def test_distance_is_zero_when_marked_and_larger_otherwise():
    """Fresh noise and a sign: E|z - 1| for a complex normal z; another key is no mark.

    E|z - 1| = sqrt(pi)/2 exp(-1/2) ((1 + 1) I0(1/2) + I1(1/2)) is Rice's mean, 1.3105,
    for all but the few real coefficients.
    """
    x, values = noise(2000, 16), secret_rings(2, 7, 3).double()
    found = marked(x, values, CHANNELS)
    assert ring_distance(found, values, CHANNELS).max() < 1e-12
    half = torch.tensor(0.5, dtype=torch.float64)
    i0, i1 = torch.special.i0(half), torch.special.i1(half)
    rice = torch.pi**0.5 / 2 * torch.exp(-half) * (2 * i0 + i1)
    far = ring_distance(x, values, CHANNELS).mean()
    assert abs(float(far - rice)) < 0.01
    assert ring_distance(found, -values, CHANNELS).min() > 1.99


def test_the_distance_survives_a_quarter_of_a_turn():
    """Turned about the zero of its torus, a plane has its transform turned."""
    x, values = noise(5, 16), secret_rings(2, 7, 3).double()
    found = marked(x, values, CHANNELS)
    turned = torch.roll(torch.rot90(found, 1, (-2, -1)), (1, 0), (-2, -1))
    assert ring_distance(turned, values, CHANNELS).max() < 1e-12
    assert ring_distance(torch.roll(found, 1, -1), values, CHANNELS).min() > 0.1


def test_secrets_differ_and_repeat():
    assert torch.equal(secret_rings(3, 6, 5), secret_rings(3, 6, 5))
    assert not torch.equal(secret_rings(3, 6, 5), secret_rings(3, 6, 6))
    assert torch.equal(secret_rings(3, 6, 5).abs(), torch.ones(3, 6))
