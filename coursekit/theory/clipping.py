"""Keep a noise predictor's guess of the data inside the range of the data.

At k = T almost nothing of x0 is left, and solving for it divides by sqrt(alpha_bar_T):
4.9e-5 for the cosine schedule with 1000 steps. An error of 0.01 in eps_hat becomes 200
in x0_hat. A long walk corrects that, for its next step is tiny; a short one starts with
a big step and never recovers. The code of Ho et al. 2020 clips x0_hat to [-1, 1].
"""

from collections.abc import Callable

from torch import Tensor

from coursekit.theory.ddpm import at, predict_x0
from coursekit.theory.ddpm_schedule import Schedule

Predictor = Callable[[Tensor, Tensor], Tensor]


def clip_x0(model: Predictor, schedule: Schedule, limit: float = 1.0) -> Predictor:
    """Wrap model(xt, t) -> eps_hat: the x0_hat it implies stays in [-limit, limit].

    x0_hat is clamped coordinate by coordinate, then the noise that fits the clamped
    guess is returned, so every sampler works on it unchanged. Where nothing needs
    clamping the answer stays as it was.
    """

    def clipped(xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        eps = model(xt, t)
        k = (t.double() * schedule.num_steps).round().long()
        x0_hat = predict_x0(xt, eps, k, schedule)
        inside = x0_hat.clamp(-limit, limit)
        signal = at(schedule.alpha_bar.sqrt(), k, xt)
        noise = at((1 - schedule.alpha_bar).sqrt(), k, xt)
        return (xt - signal * inside) / noise

    return clipped
