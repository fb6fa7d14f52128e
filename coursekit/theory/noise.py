"""Fresh noise from an explicit generator."""

import torch
from torch import Tensor


def fresh_noise(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard normal noise like `x`, drawn where the generator lives, then moved."""
    device = x.device if generator is None else generator.device
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=device)
    return noise.to(x.device)
