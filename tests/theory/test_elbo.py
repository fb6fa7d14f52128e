"""The bound. Authority: the exact log-likelihood of a mixture under its exact denoiser,
a Gaussian whose bound can be worked out by hand, and the weights of the paper."""

import math

import pytest
import torch
from support.theory import MIXTURE, SHAPES, normal, seeded
from torch.distributions import Normal, kl_divergence

from coursekit.datasets.toys import Mixture, exact_eps_model
from coursekit.theory.ddpm import posterior_variance
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.elbo import (
    bits_per_dim,
    elbo,
    elbo_terms,
    elbo_weight,
    gaussian_nll,
    learnt_variance,
    prior_kl,
)


def gap(schedule, n, variance="beta", seed=1):
    """How far the bound of the mixture's exact denoiser stays below the truth."""
    x0, eps = MIXTURE.sample(n, seeded()), normal(schedule.num_steps, n, 2, seed=seed)
    bound = elbo(exact_eps_model(MIXTURE, schedule), x0, schedule, eps, variance)
    return MIXTURE.log_prob(x0) - bound


@pytest.mark.parametrize("variance", ["beta", "posterior"])
@pytest.mark.parametrize("kind", ["linear", "linear-short", "cosine"])
@pytest.mark.parametrize("num_steps", [1, 5, 30, 100])
def test_bound_stays_below_the_truth(kind, num_steps, variance):
    below = gap(make_schedule(kind, num_steps), 3000, variance)
    assert below.mean() > -3 * below.std() / math.sqrt(3000)


def test_gap_shrinks_with_the_length_of_the_chain():
    gaps = [gap(make_schedule("cosine", n), 3000, seed=0).mean() for n in (5, 20, 80)]
    assert gaps[0] > 2 * gaps[1] > 4 * max(gaps[2], 0)


def test_posterior_variance_leaves_a_gap_that_more_steps_do_not_close():
    schedule = make_schedule("cosine", 300)
    assert gap(schedule, 2000).mean() < 0.2
    assert gap(schedule, 2000, "posterior").mean() > 0.6


def test_every_step_adds_its_expected_kl_for_a_single_gaussian():
    """For x0 ~ N(0, s^2) the expected terms have closed forms.

    E|eps - eps_hat|^2 per dimension is the posterior variance of eps given x_k, namely
    alpha_bar s^2 / (alpha_bar s^2 + 1 - alpha_bar); the weights do the rest.
    """
    s, num_steps, n = 0.7, 12, 100_000
    one = Mixture(torch.ones(1), torch.zeros(1, 1), torch.tensor([s]))
    schedule = make_schedule("cosine", num_steps)
    beta, ab = schedule.beta, schedule.alpha_bar
    x0 = one.sample(n, seeded())
    terms = elbo_terms(
        exact_eps_model(one, schedule), x0, schedule, normal(num_steps, n, 1, seed=1)
    )
    k = torch.arange(1, num_steps + 1)
    error = (ab * s**2 / (ab * s**2 + 1 - ab))[1:]
    ratio = (posterior_variance(schedule) / beta)[1:]
    constant = 0.5 * (ratio - 1 - ratio.log())
    constant[0] = 0.5 * math.log(2 * math.pi * float(beta[1]))
    expected = elbo_weight(schedule, k) * error + constant
    mean_square = ab[-1] * s**2
    last = 0.5 * (1 - ab[-1] + mean_square - 1 - torch.log(1 - ab[-1]))
    expected = torch.cat([expected, last.reshape(1)])
    margin = 5 * terms.std(0) / math.sqrt(n) + 1e-12
    assert ((terms.mean(0) - expected).abs() < margin).all()


@pytest.mark.parametrize("variance", ["beta", "posterior"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weights_turn_noise_errors_into_terms(shape, variance):
    """With the posterior variance only the first step adds a constant."""
    schedule = make_schedule("linear-short", 6)
    x0, eps = normal(*shape), normal(6, *shape, seed=1)
    error = 0.3 * normal(6, *shape, seed=2)
    answers = iter(eps + error)  # a network that is wrong by a known amount
    terms = elbo_terms(lambda x, t: next(answers), x0, schedule, eps, variance)
    ratio = (posterior_variance(schedule) / schedule.beta)[1:]
    constant = 0.5 * (ratio - 1 - ratio.log()) if variance == "beta" else 0 * ratio
    constant[0] = 0.5 * math.log(2 * math.pi * float(schedule.beta[1]))
    weights = elbo_weight(schedule, torch.arange(1, 7), variance)
    expected = weights * (error**2).flatten(2).sum(2).T
    expected = expected + math.prod(shape[1:]) * constant
    torch.testing.assert_close(terms[:, :-1], expected, rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(terms[:, -1], prior_kl(x0, schedule))


def test_weight_with_beta_is_the_short_formula():
    schedule, k = make_schedule("linear", 1000), torch.arange(1, 1001)
    beta, alpha_bar = schedule.beta[1:], schedule.alpha_bar[1:]
    expected = beta / (2 * (1 - beta) * (1 - alpha_bar))
    torch.testing.assert_close(elbo_weight(schedule, k), expected)
    assert learnt_variance(schedule, "posterior")[1] == beta[0]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_prior_term_and_nll_against_torch_distributions(shape):
    schedule = make_schedule("linear", 100)
    x0, mean = normal(*shape), normal(*shape, seed=3)
    ab = schedule.alpha_bar[-1]
    q = Normal(ab.sqrt() * x0, (1 - ab).sqrt())
    unit = Normal(torch.zeros_like(x0), torch.ones_like(x0))
    expected = kl_divergence(q, unit).flatten(1).sum(1)
    torch.testing.assert_close(prior_kl(x0, schedule), expected)
    var = torch.full((1,) * len(shape), 0.3).double()
    expected = -Normal(mean, math.sqrt(0.3)).log_prob(x0).flatten(1).sum(1)
    torch.testing.assert_close(
        gaussian_nll(x0, mean, var), expected, rtol=1e-6, atol=1e-6
    )


def test_noise_may_come_as_a_stream_but_must_have_one_per_step():
    schedule, x0 = make_schedule("cosine", 4), normal(5, 2)
    eps = normal(4, 5, 2, seed=1)
    model = exact_eps_model(MIXTURE, schedule)
    whole = elbo_terms(model, x0, schedule, eps)
    assert whole.equal(elbo_terms(model, x0, schedule, (e for e in eps)))
    torch.testing.assert_close(elbo(model, x0, schedule, eps), -whole.sum(1))
    with pytest.raises(ValueError, match="shorter"):
        elbo_terms(model, x0, schedule, eps[:3])


def test_bits_per_dim_of_a_fair_coin_per_dimension():
    nats = torch.tensor([12 * math.log(2)])
    torch.testing.assert_close(bits_per_dim(nats, 12), torch.ones(1))
