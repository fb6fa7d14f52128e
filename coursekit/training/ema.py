"""An exponential moving average of a network's weights."""

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Many = list[Tensor] | tuple[Tensor, ...]


class Ema(AveragedModel):
    """Keeps average <- d average + (1 - d) weights after every step of training.

    The average is the network to sample from: single steps jitter, their mean does not
    (Ho et al. 2020 use d = 0.9999). In the n-th update d = min(decay, n / (n + 10)),
    so that a short training does not drag its random start along.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the weights of `model` as they are now."""

        def average(kept: Many, new: Many, _: Tensor | int) -> None:
            count = int(self.n_averaged)  # torch hands over a copy on the device
            torch._foreach_lerp_(kept, new, 1 - min(decay, count / (count + 10)))

        super().__init__(model, multi_avg_fn=average)
        self.n_averaged += 1  # the start counts, so the first update is a mean too

    @property
    def average(self) -> dict[str, Tensor]:
        """The averaged weights by name, and the model's latest buffers."""
        return dict(self.module.state_dict())

    def copy_of(self) -> nn.Module:
        """The averaged network, in eval mode, sharing nothing with this one."""
        return copy.deepcopy(self.module).eval()
