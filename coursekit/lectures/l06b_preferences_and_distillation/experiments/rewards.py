"""What pleases on the plane: one light cloud of the ring, and the closer the better."""

import torch
from torch import Tensor

from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    RING,
    WEIGHTS,
)

FAVOURITE = sorted(range(len(WEIGHTS)), key=WEIGHTS.__getitem__)[2]  # third lightest
WIDTH = 0.5


def reward(x: Tensor) -> Tensor:
    """A smooth bump at the favourite cloud: (B, 2) to (B,), from 0 to 1."""
    away = x - RING.means[FAVOURITE].to(x)
    return torch.exp(-away.square().sum(-1) / (2 * WIDTH**2))
