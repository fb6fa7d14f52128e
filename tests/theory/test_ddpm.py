"""The formulas of DDPM and DDIM. Authority: closed forms of linear Gaussian chains,
Bayes' rule carried out numerically, torch.distributions, and identities."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from coursekit.theory import ddpm
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULES = {
    "linear": make_schedule("linear", 1000),
    "linear-short": make_schedule("linear-short", 40),
    "cosine": make_schedule("cosine", 40),
}
SHAPES = [
    (5, 2),
    (5, 3, 4, 6),
    (5, 2, 3, 4, 6),
]  # ranks 2, 4, 5; B differs from the rest


def draw(shape, *, seed=0, count=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(shape, generator=generator, dtype=dtype) for _ in range(count)]
    return drawn if count > 1 else drawn[0]


def steps_like(schedule, batch, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(1, schedule.num_steps + 1, (batch,), generator=generator)


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


@pytest.mark.parametrize("shape", SHAPES)
def test_each_sample_gets_its_own_step(shape):
    schedule = SCHEDULES["cosine"]
    x, y, eps = draw(shape, count=3)
    k = torch.tensor([1, 7, 40, 20, 3])
    k_next = torch.tensor([0, 2, 39, 1, 2])
    batched = {
        "q_step": ddpm.q_step(x, k, eps, schedule),
        "q_sample": ddpm.q_sample(x, k, eps, schedule),
        "predict_x0": ddpm.predict_x0(x, eps, k, schedule),
        "mean": ddpm.q_posterior(x, y, k, schedule)[0],
        "var": ddpm.q_posterior(x, y, k, schedule)[1],
        "ancestral": ddpm.ancestral_step(x, eps, k, y, schedule),
        "ddim": ddpm.ddim_step(x, eps, k, k_next, y, schedule, 0.5),
    }
    for i in range(5):
        one = slice(i, i + 1)
        xi, yi, ei, ki, ni = x[one], y[one], eps[one], k[one], k_next[one]
        alone = {
            "q_step": ddpm.q_step(xi, ki, ei, schedule),
            "q_sample": ddpm.q_sample(xi, ki, ei, schedule),
            "predict_x0": ddpm.predict_x0(xi, ei, ki, schedule),
            "mean": ddpm.q_posterior(xi, yi, ki, schedule)[0],
            "var": ddpm.q_posterior(xi, yi, ki, schedule)[1],
            "ancestral": ddpm.ancestral_step(xi, ei, ki, yi, schedule),
            "ddim": ddpm.ddim_step(xi, ei, ki, ni, yi, schedule, 0.5),
        }
        for name, value in alone.items():
            torch.testing.assert_close(batched[name][one], value, msg=name)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_float32_inputs_lose_only_the_last_cast(kind):
    schedule = SCHEDULES[kind]
    x, y, eps = draw((64, 3), count=3)
    k = steps_like(schedule, 64)
    for exact, rounded in [
        (
            ddpm.q_sample(x, k, eps, schedule),
            ddpm.q_sample(x.float(), k, eps.float(), schedule),
        ),
        (
            ddpm.q_posterior(x, y, k, schedule)[0],
            ddpm.q_posterior(x.float(), y.float(), k, schedule)[0],
        ),
        (
            ddpm.q_posterior(x, y, k, schedule)[1],
            ddpm.q_posterior(x.float(), y.float(), k, schedule)[1],
        ),
        (
            ddpm.ancestral_step(x, eps, k, y, schedule),
            ddpm.ancestral_step(x.float(), eps.float(), k, y.float(), schedule),
        ),
    ]:
        assert rounded.dtype == torch.float32
        torch.testing.assert_close(rounded.double(), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_predict_x0_undoes_q_sample(kind):
    schedule = SCHEDULES[kind]
    x0, eps = draw((50, 2, 3), count=2)
    k = steps_like(schedule, 50)
    xk = ddpm.q_sample(x0, k, eps, schedule)
    torch.testing.assert_close(
        ddpm.predict_x0(xk, eps, k, schedule), x0, atol=1e-7, rtol=0
    )


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


@pytest.mark.parametrize("kind", SCHEDULES)
def test_posterior_at_the_first_step_is_the_data(kind):
    x0, x1 = draw((3, 4, 2), count=2)
    mean, var = ddpm.q_posterior(x0, x1, torch.ones(3).long(), SCHEDULES[kind])
    torch.testing.assert_close(mean, x0, rtol=0, atol=1e-12)
    assert (var == 0).all() and var.shape == (3, 1, 1)


# Noising x0 to x_k and stepping back with the posterior must give the law of x_(k-1).
@pytest.mark.parametrize("kind", SCHEDULES)
def test_posterior_and_jump_compose_to_the_shorter_jump(kind):
    schedule = SCHEDULES[kind]
    k = torch.arange(2, schedule.num_steps + 1)
    one = torch.ones(len(k), 1).double()
    zero = torch.zeros_like(one)
    weight_x0 = ddpm.q_posterior(one, zero, k, schedule)[0]
    weight_xk, var = ddpm.q_posterior(zero, one, k, schedule)
    signal = ddpm.q_sample(one, k, zero, schedule)
    noise = ddpm.q_sample(zero, k, one, schedule)
    earlier = ddpm.q_sample(one, k - 1, zero, schedule)
    torch.testing.assert_close(weight_x0 + weight_xk * signal, earlier)
    total = weight_xk**2 * noise**2 + var
    torch.testing.assert_close(total, ddpm.q_sample(zero, k - 1, one, schedule) ** 2)


positive = st.floats(0.05, 4.0)
real = st.floats(-3.0, 3.0)


@settings(max_examples=50, deadline=None)
@given(mean_q=real, mean_p=real, var_q=positive, var_p=positive)
def test_kl_agrees_with_torch_distributions(mean_q, mean_p, var_q, var_p):
    mq, mp, vq, vp = (
        torch.tensor([mean_q, mean_p, var_q, var_p]).double().reshape(4, 1, 1)
    )
    expected = kl_divergence(Normal(mq, vq.sqrt()), Normal(mp, vp.sqrt())).reshape(1)
    got = ddpm.gaussian_kl(mq, vq, mp, vp)
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_kl_counts_a_shared_variance_once_per_dimension(shape):
    mean_q, mean_p = draw(shape, count=2)
    var_q = torch.linspace(0.5, 2, 5).double().reshape(-1, *[1] * (len(shape) - 1))
    var_p = 3 * var_q
    q = Normal(mean_q, var_q.sqrt().expand(shape))
    p = Normal(mean_p, var_p.sqrt().expand(shape))
    expected = kl_divergence(q, p).flatten(1).sum(1)
    got = ddpm.gaussian_kl(mean_q, var_q, mean_p, var_p)
    torch.testing.assert_close(got, expected)


def test_kl_agrees_with_monte_carlo():
    mean_q, mean_p = draw((1, 3), count=2)
    var_q, var_p = torch.tensor([[0.3]]).double(), torch.tensor([[0.5]]).double()
    q, p = Normal(mean_q, var_q.sqrt()), Normal(mean_p, var_p.sqrt())
    torch.manual_seed(0)
    x = mean_q + var_q.sqrt() * draw((200_000, 3), seed=1)
    log_ratio = (q.log_prob(x) - p.log_prob(x)).sum(1)
    error = 5 * log_ratio.std() / len(x) ** 0.5
    got = ddpm.gaussian_kl(mean_q, var_q, mean_p, var_p)
    assert abs(got.item() - log_ratio.mean()) < error


def test_loss_is_zero_for_an_oracle_and_one_for_silence():
    schedule = SCHEDULES["cosine"]
    x0, eps = draw((500, 3, 4), count=2)
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
    assert (ddpm.as_time(k, draw((1,)), schedule) * 1000).round().equal(k.double())
    t = ddpm.as_time(k, torch.zeros(1, dtype=torch.bfloat16), schedule)
    assert t.dtype == torch.float32 and (t * 1000).round().equal(k.float())


@pytest.mark.parametrize("kind", SCHEDULES)
def test_ancestral_mean_is_the_posterior_mean_at_the_guess(kind):
    schedule = SCHEDULES[kind]
    xk, eps = draw((60, 2, 3), count=2)
    k = steps_like(schedule, 60)
    x0_hat = ddpm.predict_x0(xk, eps, k, schedule)
    mean, var = ddpm.q_posterior(x0_hat, xk, k, schedule)
    zero = torch.zeros_like(xk)
    got = ddpm.ancestral_step(xk, eps, k, zero, schedule)
    torch.testing.assert_close(got, mean, rtol=1e-7, atol=1e-7)
    one = torch.ones_like(xk)
    noisy = ddpm.ancestral_step(xk, eps, k, one, schedule, "posterior")
    torch.testing.assert_close(
        noisy - got, var.sqrt().expand_as(xk), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("variance", ["beta", "posterior"])
def test_the_last_step_adds_no_noise(variance):
    schedule = SCHEDULES["cosine"]
    x, eps, noise = draw((3, 2), count=3)
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
    xk, eps, noise = draw((len(k), 3), count=3)
    got = ddpm.ddim_step(xk, eps, k, k - 1, noise, schedule, 1.0)
    ddpm_step = ddpm.ancestral_step(xk, eps, k, noise, schedule, "posterior")
    torch.testing.assert_close(got, ddpm_step, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_ddim_keeps_the_marginal_when_told_the_truth(kind, eta):
    schedule = SCHEDULES[kind]
    k = steps_like(schedule, 200)
    k_next = (k * torch.rand(200, generator=torch.Generator().manual_seed(1))).long()
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
    schedule = SCHEDULES["cosine"]
    xk, eps, noise = draw((40, 2), count=3)
    k = torch.arange(1, 41)
    got = ddpm.ddim_step(xk, eps, k, torch.zeros_like(k), noise, schedule, eta)
    torch.testing.assert_close(got, ddpm.predict_x0(xk, eps, k, schedule))


def test_ddim_without_eta_ignores_the_noise():
    schedule = SCHEDULES["cosine"]
    xk, eps, noise = draw((4, 2), count=3)
    k = torch.tensor([40, 30, 20, 10])
    quiet = ddpm.ddim_step(xk, eps, k, k // 2, 0 * noise, schedule, 0.0)
    assert quiet.equal(ddpm.ddim_step(xk, eps, k, k // 2, noise, schedule, 0.0))
