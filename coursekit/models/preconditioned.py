"""A noise estimator that starts from the best straight-line guess.

Near t = 1 the noisy picture is almost all noise, so "the noise is the picture" is
nearly right, and a network that has to rebuild its input pixel by pixel does worse
than that. Here it only adds what is missing.
"""

from torch import Tensor, nn

from coursekit.theory.ddpm import at
from coursekit.theory.ddpm_schedule import Schedule


class Preconditioned(nn.Module):
    """eps_hat(xt, t) = sqrt(1 - alpha_bar) xt + sqrt(alpha_bar) F(xt, t), F a network.

    For data of mean 0 and variance 1 in each pixel, sqrt(1 - alpha_bar) xt is the best
    linear estimate of the noise. The second factor turns an error e of F into an error
    sqrt(1 - alpha_bar) e of x0_hat, which stays bounded as alpha_bar goes to 0.
    Skips that depend on the noise level are the idea of Karras et al. 2022 (their
    "preconditioning"); with these two factors F estimates the velocity of Salimans &
    Ho 2022, v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0. The loss need not know:
    this is still a noise estimator.
    """

    def __init__(self, model: nn.Module, schedule: Schedule) -> None:
        """`model(xt, t)` returns a tensor like xt; t = k / T on `schedule`."""
        super().__init__()
        self.model = model
        self.schedule = schedule

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        """xt: (B, C, H, W); t: (B,) or () in (0, 1]. Returns the noise, like xt."""
        k = (t.expand(len(xt)).double() * self.schedule.num_steps).round().long()
        signal = at(self.schedule.alpha_bar.sqrt(), k, xt)
        noise = at((1 - self.schedule.alpha_bar).sqrt(), k, xt)
        correction: Tensor = self.model(xt, t)
        return noise * xt + signal * correction
