"""Preconditioned and ClipDenoised, which wrap a network.

Authority: least squares by closed form, v of its definition, and the x0 that a noise
estimate implies, solved for here.
"""

import torch
from support_models import normal

from coursekit.models.clip_denoised import ClipDenoised
from coursekit.models.preconditioned import Preconditioned
from coursekit.theory.ddpm import at, predict_x0, q_sample
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULE = make_schedule("cosine", 1000)
K = torch.tensor([1, 100, 500, 900, 1000])


class Constant(torch.nn.Module):
    """A network that answers the same everywhere."""

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, xt: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.answer


def test_an_untrained_network_gives_the_best_linear_guess():
    """E[eps xt] / E[xt^2] for data of variance 1, from a million draws."""
    g = torch.Generator().manual_seed(0)
    model = Preconditioned(Constant(torch.zeros(())), SCHEDULE)
    for k in (100, 500, 900):
        x0 = torch.rand(1_000_000, 1, 1, 1, generator=g).sub(0.5) * 12**0.5
        eps = torch.randn(x0.shape, generator=g)
        xt = q_sample(x0, torch.tensor([k]).expand(len(x0)), eps, SCHEDULE)
        slope = (eps * xt).mean() / (xt * xt).mean()
        guess = model(torch.ones(1, 1, 1, 1), torch.tensor(k / 1000))
        assert abs(float(guess) - float(slope)) < 4e-3


def test_a_velocity_gives_the_noise_and_its_error_stays_bounded_in_x0():
    """Solve for x0_hat: the error of F arrives times sqrt(1 - alpha_bar), never more.

    A plain noise estimator divides by sqrt(alpha_bar): 20,000 times at k = T.
    """
    x0, eps, wrong = (normal(5, 3, 8, 8, seed=seed) for seed in (3, 4, 5))
    signal = at(SCHEDULE.alpha_bar.sqrt(), K, x0)
    noise = at((1 - SCHEDULE.alpha_bar).sqrt(), K, x0)
    xt = q_sample(x0, K, eps, SCHEDULE)
    model = Preconditioned(Constant(signal * eps - noise * x0 + wrong), SCHEDULE)
    answer = model(xt, K / 1000)
    assert (answer - (eps + signal * wrong)).abs().max() < 1e-12
    x0_hat = predict_x0(xt, answer, K, SCHEDULE)
    assert (x0_hat - (x0 - noise * wrong)).abs().max() < 1e-9


def test_the_implied_picture_of_a_clipped_network_is_in_range_at_every_time():
    """The network claims that there is no noise at all."""
    schedule, x = make_schedule("cosine", 50), normal(3, 1, 4, 4)
    model = ClipDenoised(Constant(torch.zeros_like(x)), schedule)
    for k in (1, 20, 49):
        eps = model(x, torch.tensor(k / 50, dtype=torch.float64))
        a = schedule.alpha_bar[k]
        implied = (x - (1 - a).sqrt() * eps) / a.sqrt()
        torch.testing.assert_close(implied, (x / a.sqrt()).clamp(-1, 1))
