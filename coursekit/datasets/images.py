"""Pictures to model space and back: uint8 NHWC <-> float32 NCHW in [-1, 1]."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_model(images: NDArray[np.uint8] | Tensor) -> Tensor:
    """uint8 images (N, H, W, C) or grey ones (N, H, W) as float32 (N, C, H, W).

    0 becomes -1 and 255 becomes 1. Raises ValueError for other shapes or types.
    """
    x = torch.as_tensor(images)
    if x.dtype != torch.uint8 or x.ndim not in (3, 4):
        raise ValueError(
            f"expected uint8 (N, H, W) or (N, H, W, C), got {x.dtype} {tuple(x.shape)}"
        )
    x = x[..., None] if x.ndim == 3 else x
    return x.permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)


def to_uint8(x: Tensor) -> NDArray[np.uint8]:
    """Model space (N, C, H, W) to uint8 (N, H, W, C), clipped to [-1, 1] and rounded.

    `to_uint8(to_model(images))` gives the images back exactly (grey ones with C = 1).
    """
    if x.ndim != 4:
        raise ValueError(f"expected (N, C, H, W), got {tuple(x.shape)}")
    y = x.detach().float().clamp(-1, 1).add(1).mul(127.5).round()
    result: NDArray[np.uint8] = y.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return np.ascontiguousarray(result)
