"""The lines of notebook 01's Rosetta box, as identities that hold in the code.

Authority: the definitions of Ho et al. (2020), sections 2 and 3, written out by hand.
That time 0 is data and time 1 is noise is held in tests/theory/test_ddpm_schedule.py.
"""

from itertools import accumulate
from operator import mul

import torch

from coursekit.theory.ddpm import loss_simple, q_sample
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULE = make_schedule("linear", 1000)


def test_alpha_is_one_minus_beta_and_the_root_of_its_product_multiplies_x0():
    alphas = [1 - (1e-4 + (0.02 - 1e-4) * i / 999) for i in range(1000)]
    alpha = torch.tensor(alphas, dtype=torch.float64)
    torch.testing.assert_close(1 - SCHEDULE.beta[1:], alpha)
    alpha_bar = torch.tensor([*accumulate(alphas, mul)], dtype=torch.float64)
    torch.testing.assert_close(SCHEDULE.alpha_bar[1:], alpha_bar, rtol=1e-9, atol=0)
    x0, k = torch.full((1, 2), 3.0, dtype=torch.float64), torch.tensor([400])
    no_noise = q_sample(x0, k, torch.zeros_like(x0), SCHEDULE)
    torch.testing.assert_close(no_noise, alpha_bar[399].sqrt() * x0)


def test_the_network_reads_k_over_t():
    seen: list[torch.Tensor] = []

    def model(xk: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(t)
        return torch.zeros_like(xk)

    x0 = torch.zeros(3, 2)
    loss_simple(model, x0, torch.tensor([1, 250, 1000]), x0, SCHEDULE)
    torch.testing.assert_close(seen[0], torch.tensor([0.001, 0.25, 1.0]))
