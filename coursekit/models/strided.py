"""An MM-DiT that is told how far the next step goes, for average velocities.

A velocity network knows its time t only. A student that takes large steps is asked for
the mean velocity from t down to r, so it has to know t - r as well.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from coursekit.models.conditioning import Condition, Conditioner
from coursekit.models.layers import timestep_embedding, zero_init
from coursekit.models.lora import LoRAConfig, Weights, inject, merged
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.text_encoder import TextConfig

STRIDES = 128  # sinusoids of t - r
# All linear maps but those of the text encoder; and without those of the time.
DRAWING = r"^(two_streams|one_stream|head|embed|conditioner\.(time|stride|from_))"
TIMELESS = DRAWING.replace("time|", "")


class StridedConditioner(Conditioner):
    """Also the length of the step; its map is zero at first, and nothing changes.

    pace: below 1 its sinusoids turn more slowly, and so have smaller slopes, which
    MeanFlow learns from.
    """

    def __init__(self, width: int, text: TextConfig, pace: float = 1.0) -> None:
        """As for a prompt model."""
        super().__init__(width, text=text)
        self.pace = pace
        self.stride = zero_init(nn.Linear(STRIDES, width, bias=False))

    def forward(self, t: Tensor, cond: Tensor | None, like: Tensor) -> Condition:
        """t: (B, 2), the time and the length of the step; the rest as before."""
        time, length = t.unbind(1)
        told = super().forward(time, cond, like)
        stride = self.stride(
            timestep_embedding(self.pace * length.to(like.dtype), STRIDES)
        )
        return told._replace(vector=told.vector + stride)


class StridedMMDiT(MMDiT):
    """model(xt, t, cond, r): the mean velocity from t down to r. r None: at t itself.

    With the weights of an MMDiT it is that MMDiT, whatever r is.
    """

    def __init__(self, config: MMDiTConfig, pace: float = 1.0) -> None:
        """Fresh weights from torch's global generator. pace: see the conditioner."""
        super().__init__(config)
        self.conditioner = StridedConditioner(config.width, config.text, pace)

    def forward(
        self,
        xt: Tensor,
        t: Tensor,
        cond: Tensor | None = None,
        r: Tensor | None = None,
    ) -> Tensor:
        """t: (B,) or () in [0, 1]; r: like t, r <= t; the rest as for an MMDiT."""
        t = t.expand(len(xt))
        length = torch.zeros_like(t) if r is None else t - r
        return super().forward(xt, torch.stack([t, length], 1), cond)


class Strides(nn.Module):
    """Such a network as a velocity: it looks up on a grid how far the step goes.

    So Euler's solver, which knows nothing of r, takes the steps it was trained for.
    """

    def __init__(self, network: StridedMMDiT, ts: Tensor) -> None:
        """ts: (N + 1,), the decreasing times of the walk."""
        super().__init__()
        self.network = network
        self.register_buffer("ts", ts.float(), persistent=False)

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """As an MMDiT, at a time of the grid."""
        ts, t = cast(Tensor, self.ts), t.expand(len(xt))
        place = (ts[:-1] - t[:, None].float()).abs().argmin(1)
        return cast(Tensor, self.network(xt, t, cond, ts[place + 1].to(t.dtype)))


@dataclass(frozen=True)
class StudentConfig(LoRAConfig):
    """The shape of a student: an adapter of a network that is told its steps."""

    rank: int = 16
    alpha: float = 32.0
    pattern: str = DRAWING
    pace: float = 1.0  # of the sinusoids of a step's length

    def injected(self) -> StridedMMDiT:
        """The network with fresh weights, frozen, and corrections that do nothing."""
        model = StridedMMDiT(self.base, self.pace)
        inject(model, self.rank, self.alpha, self.pattern)
        return model


def student_network(
    base: nn.Module, adapter: Weights, pace: float = 1.0
) -> StridedMMDiT:
    """The network of a student: its base, an MMDiT, with the adapter worked in."""
    whole = StridedMMDiT(cast(MMDiTConfig, base.config), pace)
    whole.load_state_dict(base.state_dict(), strict=False)  # but for the zeros of r
    whole.load_state_dict(merged(whole.state_dict(), adapter))
    return whole.eval().requires_grad_(False)
