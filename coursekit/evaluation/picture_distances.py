"""Picture against picture: PSNR, SSIM, and what a trained network sees.

All ask for the scale of the pictures. It is never guessed from their type: the same two
pictures have another SSIM on another scale, and a network that is fed the wrong one
answers without an error.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from coursekit.datasets.teddy.reader import load_reader
from coursekit.models.lpips import feature_maps, perceptual_distance

# scale -> smallest and largest value of a picture
SCALES = {"bytes": (0.0, 255.0), "unit": (0.0, 1.0), "model": (-1.0, 1.0)}
WINDOW = 11  # pixels, the side of SSIM's window


def as_doubles(x: Tensor, y: Tensor, data_range: float) -> tuple[Tensor, Tensor]:
    """Both as float64, before anything is subtracted: bytes would wrap around.

    Raises ValueError for unequal shapes, and for values that span more than data_range.
    """
    if x.shape != y.shape or x.ndim != 4:
        raise ValueError(
            f"need two (B, C, H, W), got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    x, y = x.double(), y.double()
    span = max(float(v.max() - v.min()) for v in (x.detach(), y.detach()))
    if data_range <= 0 or span > data_range * (1 + 1e-6):
        raise ValueError(
            f"data_range={data_range:g}, and the values span {span:g}: give 255 for "
            "bytes, 1 for [0, 1], 2 for [-1, 1]"
        )
    return x, y


def psnr(x: Tensor, y: Tensor, data_range: float) -> Tensor:
    """Peak signal-to-noise ratio of each pair of pictures, in decibels.

    10 log10(data_range^2 / mean squared error), with the mean over one picture;
    infinite for equal ones. Bytes are converted before they are subtracted.

    x, y: (B, C, H, W), bytes or floats; data_range: largest minus smallest value that
    a picture may have. Returns (B,), float64. ValueError for values that span more.
    """
    x, y = as_doubles(x, y, data_range)
    return 10 * (data_range**2 / (x - y).square().mean(dim=(1, 2, 3))).log10()


def ssim(x: Tensor, y: Tensor, data_range: float) -> Tensor:
    """Structural similarity of each pair of pictures (Wang et al. 2004).

    With means m, variances v and the covariance c under a window,

        (2 m_x m_y + C1) (2 c + C2) / ((m_x^2 + m_y^2 + C1) (v_x + v_y + C2)),

    C1 = (0.01 L)^2 and C2 = (0.03 L)^2 for the data range L. The window is a Gaussian
    of 11 x 11 pixels and standard deviation 1.5, and its weights add up to 1. A mean is
    weighted by it, a variance is the mean square minus the squared mean. It stands only
    where it fits into the picture (as in the authors' ssim_index.m). The value is the
    mean over all its places and over the channels, each channel on its own.

    x, y: (B, C, H, W), sides of 11 or more; data_range: largest minus smallest value
    that a picture may have. Returns (B,), float64, 1 for equal pictures.
    """
    x, y = as_doubles(x, y, data_range)
    if min(x.shape[2:]) < WINDOW:
        raise ValueError(
            f"sides {tuple(x.shape[2:])}: the window needs {WINDOW} or more"
        )
    steps = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    bell = (-(steps**2) / (2 * 1.5**2)).exp()
    window = (bell[:, None] * bell / bell.sum() ** 2)[None, None]

    def mean(v: Tensor) -> Tensor:
        return conv2d(v.flatten(0, 1)[:, None], window)

    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    cov = mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * cov + c2)
    places = likeness / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return places.reshape(len(x), -1).mean(dim=1)


def seen_distance(x: Tensor, y: Tensor, scale: str) -> Tensor:
    """How differently the first teddy reader sees two pictures: LPIPS on our own eye.

    `perceptual_distance` of all its convolutional layers. x, y: (B, 3, 32, 32); scale:
    "bytes" (0 to 255), "unit" (0 to 1) or "model" (-1 to 1). Returns (B,); gradients
    flow. Raises ValueError for another scale or values outside of it.
    """
    if scale not in SCALES:
        raise ValueError(f"scale={scale!r}: use one of {', '.join(SCALES)}")
    low, high = SCALES[scale]
    seen = []
    for each in (x, y):
        if each.shape[1:] != (3, 32, 32):
            raise ValueError(f"need (B, 3, 32, 32), got {tuple(each.shape)}: resize it")
        if bool(((each < low) | (each > high)).any()):
            raise ValueError(f"values outside of {low:g} to {high:g}: not {scale!r}")
        seen.append((each.float() - low) * (2 / (high - low)) - 1)
    body = load_reader("first")[0].body
    layers = list(body)  # type: ignore[arg-type]
    return perceptual_distance(*(feature_maps(layers, each) for each in seen))
