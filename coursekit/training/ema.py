"""An exponential moving average of a network's weights."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


class Ema:
    """Keeps average <- d average + (1 - d) weights after every step of training.

    The average is the network to sample from: single steps jitter, their mean does not
    (Ho et al. 2020 use d = 0.9999). In the n-th update d = min(decay, n / (n + 10)),
    so that a short training does not drag its random start along.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the weights of `model` as they are now."""
        self.decay = decay
        self.updates = 0
        self.average = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take the weights of `model` into the average."""
        self.updates += 1
        decay = min(self.decay, self.updates / (self.updates + 10))
        values = model.state_dict()
        smooth = [name for name, value in values.items() if value.is_floating_point()]
        # One call for all tensors: on a GPU a hundred small ones would cost more.
        torch._foreach_lerp_(
            [self.average[name] for name in smooth],
            [values.pop(name) for name in smooth],
            1 - decay,
        )
        for name, value in values.items():
            self.average[name].copy_(value)

    def copy_of(self, model: Model) -> Model:
        """A copy of `model` that carries the average, in eval mode."""
        averaged = copy.deepcopy(model)
        averaged.load_state_dict(self.average)
        return averaged.eval()

    def state_dict(self) -> dict[str, int | dict[str, Tensor]]:
        """Everything needed to go on, for a checkpoint."""
        return {"updates": self.updates, "average": self.average}

    def load_state_dict(self, state: dict[str, int | dict[str, Tensor]]) -> None:
        """Go on from a checkpoint."""
        updates, average = state["updates"], state["average"]
        assert isinstance(updates, int) and isinstance(average, dict)
        self.updates = updates
        for name, value in average.items():
            self.average[name].copy_(value)
