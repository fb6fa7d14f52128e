"""Every line of notebook 01's Rosetta box, as an identity that holds in the code.

Authority: the definitions of Ho et al. (2020), sections 2 and 3, written out by hand.
"""

import math

import torch

from coursekit.theory.ddpm import loss_simple, q_sample
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULE = make_schedule("linear", 1000)


def test_alpha_t_of_the_paper_is_one_minus_beta() -> None:
    alphas = [1 - (1e-4 + (0.02 - 1e-4) * i / 999) for i in range(1000)]
    ours = 1 - SCHEDULE.beta[1:]
    torch.testing.assert_close(ours, torch.tensor(alphas, dtype=torch.float64))


def test_alpha_bar_is_the_running_product_and_its_root_multiplies_x0() -> None:
    product = 1.0
    for k in range(1, 1001):
        product *= 1 - SCHEDULE.beta[k].item()
        assert math.isclose(SCHEDULE.alpha_bar[k].item(), product, rel_tol=1e-9)
    x0, k = torch.full((1, 2), 3.0, dtype=torch.float64), torch.tensor([400])
    no_noise = q_sample(x0, k, torch.zeros_like(x0), SCHEDULE)
    torch.testing.assert_close(no_noise, SCHEDULE.alpha_bar[400].sqrt() * x0)


def test_time_zero_is_data_and_time_one_is_noise() -> None:
    assert SCHEDULE.alpha_bar[0] == 1
    assert SCHEDULE.alpha_bar[1000] < 1e-4


def test_the_network_reads_k_over_t() -> None:
    seen: list[torch.Tensor] = []

    def model(xk: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(t)
        return torch.zeros_like(xk)

    k = torch.tensor([1, 250, 1000])
    x0 = torch.zeros(3, 2)
    loss_simple(model, x0, k, torch.zeros_like(x0), SCHEDULE)
    torch.testing.assert_close(seen[0], torch.tensor([0.001, 0.25, 1.0]))
