"""Fresh noise from an explicit generator."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pixel_noise(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Standard normal noise of a shape, for pictures: float32, as `to_model` gives."""
    size, device = tuple(shape), generator.device
    return torch.randn(size, generator=generator, dtype=torch.float32, device=device)


def fresh_noise(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard normal noise like `x`, drawn where the generator lives, then moved."""
    device = x.device if generator is None else generator.device
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=device)
    return noise.to(x.device)
