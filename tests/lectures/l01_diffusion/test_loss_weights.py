"""Training in 2-D, its rulers, and the weight of each noise level.

Authorities: the best predictor of a mixture (excess error exactly 0), the ELBO computed
term by term (its loss against the best predictor equals the weighted excess error), and
equation 12 of Ho et al. 2020 at hand-computed entries.
"""

import pytest
import torch
from torch import Tensor

from coursekit.datasets.toys import exact_eps_model, lopsided, ring
from coursekit.experiments.summary import mean
from coursekit.experiments.train_2d import step_weights, train_eps_mlp
from coursekit.lectures.l01_diffusion.experiments.judge_2d import (
    bound_cost,
    excess_errors,
    least_loss,
)
from coursekit.lectures.l01_diffusion.experiments.loss_weights import (
    lower_loss_worse_samples,
    weight_curves,
)
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.elbo import elbo, elbo_weight

SHORT = make_schedule("linear-short", 20)


def spoilt(xt: Tensor, t: Tensor) -> Tensor:
    """The best predictor of `lopsided` plus an error that depends on the step."""
    return exact_eps_model(lopsided(), SHORT)(xt, t) + 0.2 * t[:, None]


def test_the_best_predictor_has_no_excess_and_the_least_loss() -> None:
    model = exact_eps_model(lopsided(), SHORT)
    assert max(excess_errors(model, lopsided(), SHORT, range(1, 21), 50, 0)) < 1e-10
    errors = excess_errors(spoilt, lopsided(), SHORT, (10, 20), 50, 0)
    assert errors == pytest.approx([0.01, 0.04], rel=1e-4)


def test_bound_cost_is_the_difference_of_two_bounds() -> None:
    data, gen = lopsided(), torch.Generator().manual_seed(0)
    x0 = data.sample(4000, gen)
    eps = torch.randn(20, 4000, 2, generator=gen, dtype=torch.float64)
    lost = elbo(exact_eps_model(data, SHORT), x0, SHORT, eps) - elbo(
        spoilt, x0, SHORT, eps
    )
    cost = bound_cost([(0.2 * k / 20) ** 2 for k in range(1, 21)], SHORT)
    assert float(lost.mean()) == pytest.approx(cost, abs=4 * float(lost.std()) / 63)


def test_weights_have_mean_one_and_the_shape_of_the_bound() -> None:
    k = torch.arange(1, 21)
    weight = step_weights(SHORT, "vlb")[1:]
    assert float(weight.mean()) == pytest.approx(1)
    ratio = elbo_weight(SHORT, k) / weight
    assert torch.allclose(ratio, ratio[:1])
    assert torch.equal(step_weights(SHORT, "simple")[1:], torch.ones(20).double())
    with pytest.raises(ValueError, match="use simple"):
        step_weights(SHORT, "bound")  # type: ignore[arg-type]


def test_the_bound_prices_the_first_steps_highest() -> None:
    result = weight_curves()
    assert result["ks"][0] == 1
    assert result["ks"][-1] == 1000
    assert result["linear"][0] == pytest.approx(1 / (2 * (1 - 1e-4)), rel=1e-3)
    assert result["linear_ratio"] > 10
    assert result["cosine_last_step"] > 0.9  # beta_T is clipped at 0.999


def test_training_learns_and_needs_the_noise_level() -> None:
    schedule = make_schedule("linear-short", 50)
    least = least_loss(ring(), schedule, 200)
    told = train_eps_mlp(ring(), schedule, steps=250, width=32, seed=0)
    blind = train_eps_mlp(ring(), schedule, steps=250, width=32, seed=0, time=False)
    assert least < mean(told.losses[-50:]) < 0.7 * mean(told.losses[:50])
    assert len(told.losses) == 250
    high = [
        excess_errors(run.model, ring(), schedule, (45, 50), 400, 0)
        for run in (told, blind)
    ]
    assert sum(high[1]) > 3 * sum(high[0])
    again = train_eps_mlp(ring(), schedule, steps=60, width=32, seed=3)
    same = train_eps_mlp(ring(), schedule, steps=60, width=32, seed=3)
    assert again.losses == same.losses


def test_the_lower_loss_can_give_the_worse_samples() -> None:
    result = lower_loss_worse_samples(seeds=(0, 1), quick=True)
    assert result["wiggly_excess"] > 2 * result["biased_excess"]
    assert result["biased_distance"] > 5 * abs(result["wiggly_distance"])
    assert result["biased_distance"] > 0.02
