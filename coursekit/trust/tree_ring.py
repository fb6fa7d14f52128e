"""A mark in the noise that a picture begins with: rings in its Fourier transform.

(Wen et al. 2023, "Tree-Ring Watermarks".) Nothing is written on the picture. The noise
is drawn, low frequencies of it are replaced by a secret, and the model draws as ever.
Who has the model can walk from the picture back to its noise and look for the rings.

Differs from the authors' code: there the disc is a row off the zero frequency, and the
key is complex, so that the real part of the marked noise has lost half of the key. Here
the disc is centred and the key real, and marked noise holds the whole of it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def secret_rings(channels: int, rings: int, seed: int) -> Tensor:
    """A secret: +1 or -1 for each ring of each channel, (channels, rings).

    So strong are the coefficients of noise, too, in the mean: the noise's variance
    stays what it was. (Wen et al. draw normal numbers.)
    """
    generator = torch.Generator().manual_seed(seed)
    return 2.0 * torch.randint(0, 2, (channels, rings), generator=generator) - 1


def radii(size: int) -> Tensor:
    """The ring of each frequency: its distance from zero, rounded, (size, size) long.

    In the order of `torch.fft.fft2`: the zero frequency stands first, in the corner,
    and the entry at -k counts from the end.
    """
    steps = torch.fft.fftfreq(size, 1 / size)
    ring: Tensor = (steps[:, None] ** 2 + steps**2).sqrt().round().long()
    return ring


def ring_key(values: Tensor, size: int) -> Tensor:
    """The key that noise shall have in its Fourier transform (Wen et al. 2023).

    A frequency of ring r < R has the value of that ring; all others have 0. `radii`
    says which ring a frequency is on. The value depends on the distance alone, so
    turning the plane moves no ring, and k and -k have the same real number, as the
    transform of something real must.

    values: (..., R), with 2 R <= size. Returns (..., size, size), like values, in the
    order of `torch.fft.fft2`.
    """
    ring, rings = radii(size), values.shape[-1]
    key = values[..., ring.clamp(max=rings - 1)]
    return torch.where(ring < rings, key, 0.0)


def marked(noise: Tensor, values: Tensor, channels: Sequence[int]) -> Tensor:
    """The same noise with the rings in some of its channels (Wen et al. 2023).

    Take `torch.fft.fft2` of these channels with norm="ortho", which keeps lengths.
    Where `radii` is below R put `ring_key`, and leave the other frequencies as they
    are. Transform back; what is imaginary then is rounding. The other channels stay.

    noise: (B, C, size, size); values: (K, R) for the K channels, 2 R <= size. Returns
    new noise, real, like `noise`.
    """
    size, found = noise.shape[-1], noise.clone()
    spectrum = torch.fft.fft2(noise[:, list(channels)], norm="ortho")
    disc = radii(size) < values.shape[-1]
    spectrum = torch.where(disc, ring_key(values, size).to(spectrum), spectrum)
    found[:, list(channels)] = torch.fft.ifft2(spectrum, norm="ortho").real
    return found


def ring_distance(noise: Tensor, values: Tensor, channels: Sequence[int]) -> Tensor:
    """How far noise is from the key: the mean |F - key| over the disc, one for each.

    F is the transform that `marked` writes to; |.| is that of complex numbers; the mean
    is over the frequencies of the disc and over the channels (Wen et al. 2023: the L1
    distance). 0 right after `marked`, above 1 in the mean for fresh noise and values of
    +1 and -1. noise: (B, C, size, size); values: (K, R). Returns (B,), real.
    """
    size = noise.shape[-1]
    spectrum = torch.fft.fft2(noise[:, list(channels)], norm="ortho")
    off: Tensor = (spectrum - ring_key(values, size)).abs()
    return off[..., radii(size) < values.shape[-1]].mean(dim=(1, 2))
