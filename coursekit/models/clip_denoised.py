"""A noise estimator that never claims a picture outside [-1, 1]."""

from torch import Tensor, nn

from coursekit.theory.clipping import clip_x0
from coursekit.theory.ddpm_schedule import Schedule


class ClipDenoised(nn.Module):
    """`theory.clipping.clip_x0` as a module: pixels lie in [-1, 1], and samplers that
    take few steps need to be told. They need not know: it is called like the network.
    """

    def __init__(self, model: nn.Module, schedule: Schedule) -> None:
        """`model(xt, t)` estimates noise on the clock t = k / T of `schedule`."""
        super().__init__()
        self.model = model
        self.clipped = clip_x0(model, schedule)

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        """xt: (B, C, H, W); t: (B,) or () in (0, 1]. Returns the noise, like xt."""
        return self.clipped(xt, t.expand(len(xt)))
