"""What was there, if only some of it was measured? A prior answers the rest.

A scanner for magnetic resonance measures rows of a picture's Fourier transform, one
after the other, and few rows are fast. With A for what is measured and n noise,

    y = A x0 + n.

Many pictures have the same y. A flow that has learnt pictures draws some of them: at
each step its guess of x0 is moved to where it agrees with y (Chung & Ye 2022 for scans;
Wang et al. 2023, "DDNM", for any linear A).
"""

import torch
from torch import Tensor

from coursekit.theory.paths import LinearPath, Path, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete


def sampled_rows(size: int, low: int, pairs: int, seed: int) -> Tensor:
    """Which rows of a transform are measured: bool (size,), in `torch.fft`'s order.

    All frequencies up to `low`, and so many pairs k and -k of higher ones, by chance.
    A real picture's row -k follows from its row k: both are known, or none. There are
    2 (low + pairs) + 1 rows; low + pairs < size / 2.
    """
    generator = torch.Generator().manual_seed(seed)
    higher = torch.arange(low + 1, (size + 1) // 2)
    chosen = higher[torch.randperm(len(higher), generator=generator)[:pairs]]
    rows = torch.zeros(size, dtype=torch.bool)
    for k in [*range(low + 1), *chosen.tolist()]:
        rows[[k, -k]] = True
    return rows


def measure(x: Tensor, rows: Tensor) -> Tensor:
    """A x: the measured rows of the transform of pictures, complex (B, C, K, W).

    `torch.fft.fft2` with norm="ortho", which keeps lengths. x: (B, C, H, W), real;
    rows: (H,) bool, K of them true.
    """
    found: Tensor = torch.fft.fft2(x, norm="ortho")[..., rows, :]
    return found


def adjoint(y: Tensor, rows: Tensor) -> Tensor:
    """The adjoint of `measure`, from what was measured to a real picture.

    Rows that were not measured are 0; transform back, and take the real part. It is
    made so that, for all real x and all complex y,

        Re sum( conj(measure(x)) y ) = sum( x adjoint(y) ).

    Of a measurement it makes the zero-filled picture. y: (B, C, K, W); rows: (H,) bool,
    K of them true. Returns (B, C, H, W), real.
    """
    full = y.new_zeros(*y.shape[:-2], len(rows), y.shape[-1])
    full[..., rows, :] = y
    found: Tensor = torch.fft.ifft2(full, norm="ortho").real
    return found


def consistent(
    x0: Tensor, y: Tensor, rows: Tensor, weight: Tensor | float = 1.0
) -> Tensor:
    """A guess, moved towards what was measured: x0 + weight A*( y - A x0 ).

    A is `measure` and A* its `adjoint`. With weight 1 and rows in pairs the result has
    exactly the measured rows, and nothing else has changed (the projection of Chung &
    Ye 2022 and of Wang et al. 2023). x0: (B, C, H, W); y: (B, C, K, W), or (1, C, K, W)
    for all; rows: (H,) bool; weight: in [0, 1], a number or (B, 1, 1, 1). Returns
    (B, C, H, W).
    """
    return x0 + weight * adjoint(y - measure(x0, rows), rows)


def weight_at(path: Path, t: Tensor, spread: float, noise: float) -> Tensor:
    """The weight of a measurement at time t: doubt / (doubt + noise^2), in [0, 1].

    doubt is the variance of x0 given xt, if x0 were normal with standard deviation
    `spread` in every direction: spread^2 sigma^2 / (alpha^2 spread^2 + sigma^2). noise:
    the standard deviation of the measurement's noise. t: (B,) or (), above 0.
    """
    data, late = (spread * path.alpha(t)) ** 2, path.sigma(t) ** 2
    doubt = spread**2 * late / (data + late)
    return doubt / (doubt + noise**2)


def measured(
    predict: Predict,
    y: Tensor,
    rows: Tensor,
    noise: float = 0.0,
    spread: float = 1.0,
    path: Path | None = None,
) -> Predict:
    """What `predict` believes of xt, after it has been told of a measurement.

    The guess of x0 becomes `consistent`, with the weight of `weight_at`; xt fixes the
    rest. Any solver then walks from noise to pictures that agree with y. For normal x0,
    equal in all directions, it is exact as steps get fine: draws of the posterior. For
    pictures it is not, for their doubt has directions. t above 0; path: the straight
    one, where none is given.
    """
    way = LinearPath() if path is None else path

    def told(xt: Tensor, t: Tensor) -> Prediction:
        t = t.double()
        weight = expand_as(weight_at(way, t, spread, noise), xt)
        x0 = consistent(predict(xt, t.to(xt.dtype)).x0, y, rows, weight)
        alpha, sigma = expand_as(way.alpha(t), xt), expand_as(way.sigma(t), xt)
        return complete(x0, (xt - alpha * x0) / sigma, t, way)

    return told
