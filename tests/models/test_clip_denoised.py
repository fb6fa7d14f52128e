"""ClipDenoised. Authority: the x0 that a noise estimate implies, solved for here."""

import torch

from coursekit.models.clip_denoised import ClipDenoised
from coursekit.theory.ddpm_schedule import make_schedule


class Wild(torch.nn.Module):
    """Claims that there is no noise at all."""

    def forward(self, xt: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return 0 * xt


def test_the_implied_picture_stays_in_range_at_every_time() -> None:
    schedule = make_schedule("cosine", 50)
    model = ClipDenoised(Wild(), schedule)
    x = torch.randn(3, 1, 4, 4, dtype=torch.float64)
    for k in (1, 20, 49):
        eps = model(x, torch.tensor(k / 50, dtype=torch.float64))
        a = schedule.alpha_bar[k]
        implied = (x - (1 - a).sqrt() * eps) / a.sqrt()
        torch.testing.assert_close(implied, (x / a.sqrt()).clamp(-1, 1))
