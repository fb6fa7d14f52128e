"""The formulas of DDPM and DDIM. Authority: closed forms of linear Gaussian chains,
Bayes' rule carried out numerically, torch.distributions, and identities."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.theory import SHAPES, normal, seeded
from torch.distributions import Normal, kl_divergence

from coursekit.theory import ddpm
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULES = {
    "linear": make_schedule("linear", 1000),
    "linear-short": make_schedule("linear-short", 40),
    "cosine": make_schedule("cosine", 40),
}


def draws(*shape, count=3):
    return [normal(*shape, seed=seed) for seed in range(count)]


def steps_like(schedule, batch, seed=0):
    return torch.randint(1, schedule.num_steps + 1, (batch,), generator=seeded(seed))


# Every formula, from three arrays, a step for each sample, and a step to go to.
FORMULAS = {
    "q_step": lambda x, y, eps, k, n, s: ddpm.q_step(x, k, eps, s),
    "q_sample": lambda x, y, eps, k, n, s: ddpm.q_sample(x, k, eps, s),
    "predict_x0": lambda x, y, eps, k, n, s: ddpm.predict_x0(x, eps, k, s),
    "mean": lambda x, y, eps, k, n, s: ddpm.q_posterior(x, y, k, s)[0],
    "var": lambda x, y, eps, k, n, s: ddpm.q_posterior(x, y, k, s)[1],
    "ancestral": lambda x, y, eps, k, n, s: ddpm.ancestral_step(x, eps, k, y, s),
    "ddim": lambda x, y, eps, k, n, s: ddpm.ddim_step(x, eps, k, n, y, s, 0.5),
}


# The chain of single steps, tracked exactly: x_k = m * x0 + noise of variance s.
@pytest.mark.parametrize("kind", SCHEDULES)
def test_chain_of_steps_has_the_moments_of_the_jump(kind):
    schedule = SCHEDULES[kind]
    m, s = torch.ones(1, 1).double(), torch.zeros(1, 1).double()
    for step in range(1, schedule.num_steps + 1):
        k, one, zero = torch.tensor([step]), torch.ones_like(m), torch.zeros_like(m)
        keep = ddpm.q_step(one, k, zero, schedule)
        add = ddpm.q_step(zero, k, one, schedule)
        m, s = keep * m, keep**2 * s + add**2
        signal = ddpm.q_sample(one, k, zero, schedule)
        noise = ddpm.q_sample(zero, k, one, schedule)
        torch.testing.assert_close(m, signal, rtol=1e-10, atol=0)
        torch.testing.assert_close(s, noise**2, rtol=1e-10, atol=0)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_sample_gets_its_own_step(shape, name):
    k, k_next = torch.tensor([[1, 7, 40, 20, 3, 40, 2], [0, 2, 39, 1, 2, 0, 1]])
    inputs, schedule = [*draws(*shape), k, k_next], SCHEDULES["cosine"]
    rows = zip(*(part.split(1) for part in inputs), strict=True)
    alone = torch.cat([FORMULAS[name](*row, schedule) for row in rows])
    torch.testing.assert_close(FORMULAS[name](*inputs, schedule), alone)


@pytest.mark.parametrize("name", ["q_sample", "mean", "var", "ancestral"])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_float32_inputs_lose_only_the_last_cast(kind, name):
    schedule, arrays = SCHEDULES[kind], draws(64, 3)
    steps = steps_like(schedule, 64), None, schedule
    exact = FORMULAS[name](*arrays, *steps)
    rounded = FORMULAS[name](*(array.float() for array in arrays), *steps)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded.double(), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_predict_x0_undoes_q_sample(kind):
    schedule, (x0, eps) = SCHEDULES[kind], draws(50, 2, 3, count=2)
    k = steps_like(schedule, 50)
    found = ddpm.predict_x0(ddpm.q_sample(x0, k, eps, schedule), eps, k, schedule)
    torch.testing.assert_close(found, x0, atol=1e-7, rtol=0)


@pytest.mark.parametrize("step", [2, 5, 20, 39])
@pytest.mark.parametrize("kind", ["linear-short", "cosine"])
def test_posterior_is_bayes_rule_on_a_grid(kind, step):
    schedule, k = SCHEDULES[kind], torch.tensor([step])
    x0, xk = torch.tensor([[0.7]]).double(), torch.tensor([[-0.4]]).double()
    grid = torch.linspace(-8, 8, 200_001, dtype=torch.float64)
    before = schedule.alpha_bar[step - 1]
    prior = Normal(before.sqrt() * x0[0, 0], (1 - before).sqrt()).log_prob(grid)
    beta = schedule.beta[step]
    likelihood = Normal((1 - beta).sqrt() * grid, beta.sqrt()).log_prob(xk[0, 0])
    weight = (prior + likelihood).softmax(0)
    mean = (weight * grid).sum()
    var = (weight * (grid - mean) ** 2).sum()
    got_mean, got_var = ddpm.q_posterior(x0, xk, k, schedule)
    torch.testing.assert_close(got_mean[0, 0], mean, rtol=0, atol=1e-9)
    torch.testing.assert_close(got_var[0, 0], var, rtol=1e-7, atol=0)


# Noising x0 to x_k and stepping back with the posterior must give the law of x_(k-1).
@pytest.mark.parametrize("kind", SCHEDULES)
def test_posterior_and_jump_compose_to_the_shorter_jump(kind):
    """The first step leads to the data themselves, without noise."""
    schedule = SCHEDULES[kind]
    k = torch.arange(1, schedule.num_steps + 1)
    one = torch.ones(len(k), 1).double()
    zero = torch.zeros_like(one)
    weight_x0 = ddpm.q_posterior(one, zero, k, schedule)[0]
    weight_xk, var = ddpm.q_posterior(zero, one, k, schedule)
    assert weight_xk[0].abs() < 1e-12 and var[0] == 0
    signal = ddpm.q_sample(one, k, zero, schedule)
    noise = ddpm.q_sample(zero, k, one, schedule)
    earlier = schedule.alpha_bar_previous[1:, None]
    torch.testing.assert_close(weight_x0 + weight_xk * signal, earlier.sqrt())
    torch.testing.assert_close(weight_xk**2 * noise**2 + var, 1 - earlier)


positive = st.floats(0.05, 4.0)


@settings(max_examples=50, deadline=None)
@given(ratio=positive, shape=st.sampled_from(SHAPES), seed=st.integers(0, 999))
def test_kl_agrees_with_torch_distributions(ratio, shape, seed):
    """A variance that is shared counts once per dimension."""
    mean_q, mean_p = 2 * normal(*shape, seed=seed), normal(*shape, seed=seed + 1)
    var_q = torch.linspace(0.05, 4, 7).double().reshape(-1, *[1] * (len(shape) - 1))
    q = Normal(mean_q, var_q.sqrt().expand(shape))
    p = Normal(mean_p, (ratio * var_q).sqrt().expand(shape))
    expected = kl_divergence(q, p).flatten(1).sum(1)
    got = ddpm.gaussian_kl(mean_q, var_q, mean_p, ratio * var_q)
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)


def test_loss_is_zero_for_an_oracle_and_one_for_silence():
    schedule = SCHEDULES["cosine"]
    x0, eps = draws(500, 3, 4, count=2)
    k = steps_like(schedule, 500)

    def oracle(xk, t):
        assert t.shape == (500,) and t.dtype == x0.dtype
        step = (t * 40).round().long()
        signal = schedule.alpha_bar[step].sqrt().reshape(-1, 1, 1)
        return (xk - signal * x0) / (1 - signal**2).sqrt()

    assert ddpm.loss_simple(oracle, x0, k, eps, schedule) < 1e-20
    silence = ddpm.loss_simple(lambda xk, t: 0 * xk, x0, k, eps, schedule)
    torch.testing.assert_close(silence, (eps**2).mean())


def test_time_is_k_over_T_and_half_precision_is_lifted():
    schedule, k = SCHEDULES["linear"], torch.arange(1, 1001)
    assert (ddpm.as_time(k, normal(1), schedule) * 1000).round().equal(k.double())
    t = ddpm.as_time(k, torch.zeros(1, dtype=torch.bfloat16), schedule)
    assert t.dtype == torch.float32 and (t * 1000).round().equal(k.float())


@pytest.mark.parametrize("kind", SCHEDULES)
def test_ancestral_mean_is_the_posterior_mean_at_the_guess(kind):
    schedule = SCHEDULES[kind]
    xk, eps = draws(60, 2, 3, count=2)
    k = steps_like(schedule, 60)
    x0_hat = ddpm.predict_x0(xk, eps, k, schedule)
    mean, var = ddpm.q_posterior(x0_hat, xk, k, schedule)
    got = ddpm.ancestral_step(xk, eps, k, 0 * xk, schedule)
    torch.testing.assert_close(got, mean, rtol=1e-7, atol=1e-7)
    noisy = ddpm.ancestral_step(xk, eps, k, 0 * xk + 1, schedule, "posterior")
    wanted = var.sqrt().expand_as(xk)
    torch.testing.assert_close(noisy - got, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("variance", ["beta", "posterior"])
def test_the_last_step_adds_no_noise(variance):
    schedule = SCHEDULES["cosine"]
    x, eps, noise = draws(3, 2)
    k = torch.tensor([1, 1, 2])
    calm = ddpm.ancestral_step(x, eps, k, 0 * noise, schedule, variance)
    got = ddpm.ancestral_step(x, eps, k, noise, schedule, variance)
    assert (got[:2] == calm[:2]).all() and (got[2] != calm[2]).all()
    with pytest.raises(ValueError, match="posterior"):
        ddpm.ancestral_step(x, eps, k, noise, schedule, "learned")


@pytest.mark.parametrize("kind", SCHEDULES)
def test_ddim_with_eta_one_and_one_step_is_ddpm(kind):
    schedule = SCHEDULES[kind]
    k = torch.arange(1, schedule.num_steps + 1)
    sigma = ddpm.ddim_sigma(k, k - 1, schedule, eta=1.0)
    tilde = ddpm.posterior_variance(schedule)[1:]
    torch.testing.assert_close(sigma**2, tilde, rtol=1e-9, atol=1e-18)
    xk, eps, noise = draws(len(k), 3)
    got = ddpm.ddim_step(xk, eps, k, k - 1, noise, schedule, 1.0)
    ddpm_step = ddpm.ancestral_step(xk, eps, k, noise, schedule, "posterior")
    torch.testing.assert_close(got, ddpm_step, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_ddim_keeps_the_marginal_when_told_the_truth(kind, eta):
    schedule = SCHEDULES[kind]
    k = steps_like(schedule, 200)
    k_next = (k * torch.rand(200, generator=seeded(1))).long()
    one = torch.ones(200, 1).double()
    zero = torch.zeros_like(one)

    def step(x0, eps, noise):  # linear in all three, so units give the coefficients
        xk = ddpm.q_sample(x0, k, eps, schedule)
        return ddpm.ddim_step(xk, eps, k, k_next, noise, schedule, eta)

    signal = step(one, zero, zero)
    total = step(zero, one, zero) ** 2 + step(zero, zero, one) ** 2
    alpha_bar = schedule.alpha_bar[k_next, None]
    torch.testing.assert_close(signal, alpha_bar.sqrt(), rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(total, 1 - alpha_bar, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_ddim_to_step_zero_is_the_guess(eta):
    schedule, k = SCHEDULES["cosine"], torch.arange(1, 41)
    xk, eps, noise = draws(40, 2)
    got = ddpm.ddim_step(xk, eps, k, 0 * k, noise, schedule, eta)
    torch.testing.assert_close(got, ddpm.predict_x0(xk, eps, k, schedule))
