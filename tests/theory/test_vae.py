"""The VAE's formulas. Authority: numerical integration, torch.distributions, and a
linear-Gaussian model, whose likelihood and true posterior are known exactly."""

import math

import numpy as np
import pytest
import torch
from support.theory import SHAPES, normal
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from coursekit.theory.vae import (
    adaptive_weight,
    bits_of,
    hinge_critic,
    kl_to_normal,
    reparameterize,
    vae_loss,
)


def bells(*shape):
    """Means and log variances of all sizes."""
    return normal(*shape), 1.5 * normal(*shape, seed=1)


# The draw.


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_draws_have_the_density_of_the_bell(shape):
    """A change of variables: density of eps over the slope is the density of z."""
    mean, log_var, eps = *bells(*shape), normal(*shape, seed=2)
    eps.requires_grad_()
    z = reparameterize(mean, log_var, eps)
    (stretch,) = torch.autograd.grad(z.sum(), eps)
    ours = Normal(0.0, 1.0).log_prob(eps) - stretch.log()
    wanted = Normal(mean, (log_var / 2).exp()).log_prob(z)
    torch.testing.assert_close(ours, wanted, rtol=1e-12, atol=1e-12)


def test_the_gradient_of_an_average_is_the_average_of_gradients():
    """d/dm E[z^3] = 3 m^2 + 3 s^2 and d/d(log s^2) E[z^3] = 3 m s^2, by quadrature
    that is exact for polynomials of this degree."""
    m, log_var = (torch.tensor(v, dtype=torch.float64) for v in (0.6, -0.8))
    m.requires_grad_(), log_var.requires_grad_()
    nodes, shares = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(6))
    z = reparameterize(m.expand(6), log_var.expand(6), nodes)
    average = (shares / shares.sum() * z**3).sum()
    by_m, by_log_var = torch.autograd.grad(average, (m, log_var))
    variance = log_var.detach().exp()
    torch.testing.assert_close(by_m, 3 * m.detach() ** 2 + 3 * variance)
    torch.testing.assert_close(by_log_var, 3 * m.detach() * variance)


# The distance to the normal bell.


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_kl_is_the_integral(shape):
    """q (log q - log p), summed on a fine grid (the trapezoidal rule is spectral)."""
    mean, log_var = bells(*shape)
    mean[0], log_var[0] = 0, 0  # the one sample that is normal itself
    q, p = Normal(mean[..., None], (log_var / 2).exp()[..., None]), Normal(0.0, 1.0)
    z = q.mean + q.stddev * torch.linspace(-12, 12, 2001, dtype=torch.float64)
    inside = q.log_prob(z).exp() * (q.log_prob(z) - p.log_prob(z))
    wanted = torch.trapezoid(inside, z).flatten(1).sum(1)
    ours = kl_to_normal(mean, log_var)
    torch.testing.assert_close(ours, wanted, rtol=1e-10, atol=1e-12)
    assert ours[0] == 0 and (ours[1:] > 0).all()


def test_bits():
    assert bits_of(torch.tensor(math.log(8.0))).item() == pytest.approx(3)


# The loss, against a model whose every integral is known:
# z ~ N(0, I), x = W z + noise * n. Then x ~ N(0, W W^T + noise^2 I), and the true
# posterior of z is a bell again.

NOISE = 0.6


def log_likelihood(x, w):
    covariance = w @ w.T + NOISE**2 * torch.eye(len(w), dtype=w.dtype)
    zero = torch.zeros(len(w), dtype=w.dtype)
    return MultivariateNormal(zero, covariance).log_prob(x)


def posterior(x, w):
    """Mean (B, z) and covariance (z, z) of z given x."""
    precision = torch.eye(w.shape[1], dtype=w.dtype) + w.T @ w / NOISE**2
    covariance = torch.linalg.inv(precision)
    return x @ w @ covariance / NOISE**2, covariance


def bound(x, w, mean, log_var):
    """The ELBO of each x, from `vae_loss`, its average over draws taken exactly.

    The loss is quadratic in eps. So the mean over eps = +- sqrt(2) e_i, for two latent
    numbers i, is the mean over the normal law.
    """
    size, found = x.shape[1], []
    constant = size * math.log(2 * math.pi * NOISE**2) / 2
    corners = math.sqrt(2) * torch.eye(2, dtype=w.dtype)
    for one, *q in zip(x.split(1), mean.split(1), log_var.split(1), strict=True):
        losses = [
            vae_loss(one, reparameterize(*q, eps[None]) @ w.T, *q, 1.0, NOISE)
            for eps in (*corners, *-corners)
        ]
        found.append(-size * torch.stack(losses).mean() - constant)
    return torch.stack(found)


def test_the_bound_is_below_the_likelihood_by_the_posterior_gap():
    """log p(x) - ELBO = KL(q || p(z | x)), for any q (Kingma & Welling 2014)."""
    w, x = normal(3, 2, seed=5), normal(6, 3, seed=6)
    mean, log_var = 0.5 * normal(6, 2, seed=7), -1 + 0.4 * normal(6, 2, seed=8)
    true_mean, covariance = posterior(x, w)
    q = MultivariateNormal(mean, torch.diag_embed(log_var.exp()))
    gap = kl_divergence(q, MultivariateNormal(true_mean, covariance))
    found = log_likelihood(x, w) - bound(x, w, mean, log_var)
    torch.testing.assert_close(found, gap, rtol=1e-10, atol=1e-10)
    assert (found > 0).all()


def test_the_bound_is_tight_at_the_true_posterior():
    """With orthogonal columns the posterior is a diagonal bell, so q can be it."""
    widths = torch.tensor([0.7, 1.6], dtype=torch.float64)
    w = torch.linalg.qr(normal(3, 2, seed=5))[0] * widths
    x = normal(6, 3, seed=6)
    mean, covariance = posterior(x, w)
    assert covariance[0, 1].abs() < 1e-12
    log_var = covariance.diagonal().log().expand_as(mean)
    found = bound(x, w, mean, log_var)
    torch.testing.assert_close(found, log_likelihood(x, w), rtol=1e-10, atol=1e-10)
    for nudge in (0.05, -0.05):
        assert (bound(x, w, mean + nudge, log_var) < found).all()
        assert (bound(x, w, mean, log_var + nudge) < found).all()


def test_the_loss_of_a_batch_is_the_mean_of_its_samples():
    batch = [normal(5, 2, 3, 4), normal(5, 2, 3, 4, seed=1)]
    batch += [normal(5, 6, seed=2), normal(5, 6, seed=3)]
    singles = zip(*(part.split(1) for part in batch), strict=True)
    each = [vae_loss(*sample, 0.3, 0.2) for sample in singles]
    torch.testing.assert_close(vae_loss(*batch, 0.3, 0.2), torch.stack(each).mean())


@pytest.mark.parametrize("beta", [0.1, 1.0, 10.0])
def test_a_stronger_beta_prefers_a_flatter_posterior(beta):
    """For x = a z + n noise the best variance of q is n^2 beta / (a^2 + n^2 beta): at
    beta = 1 the true posterior's, and with beta it grows to the prior's, collapse."""
    a, zero = 1.3, torch.zeros(1, 1, dtype=torch.float64)
    best = NOISE**2 * beta / (a**2 + NOISE**2 * beta)
    log_var = torch.full_like(zero, math.log(best)).requires_grad_()

    def loss(log_var):
        """At x = 0, averaged exactly over two draws."""
        draws = [a * reparameterize(zero, log_var, zero + sign) for sign in (1, -1)]
        return sum(vae_loss(zero, y, zero, log_var, beta, NOISE) for y in draws) / 2

    (slope,) = torch.autograd.grad(loss(log_var), log_var)
    assert abs(slope.item()) < 1e-12
    assert loss(log_var + 0.1) > loss(log_var) < loss(log_var - 0.1)


# The critic.


def test_the_hinge_on_four_scores():
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.0])
    assert hinge_critic(real, fake).item() == pytest.approx((0.25 + 0.5) / 2)


def test_the_best_critic_says_one_where_pictures_are_mostly_real():
    """For scores on finitely many pictures the best critic is the sign of the
    difference of the two laws (Lim & Ye 2017), and then the loss is 1 - the total
    variation between them."""
    real, fake = torch.tensor([5, 3, 2]), torch.tensor([1, 3, 6])  # of ten each
    steps = torch.linspace(-2, 2, 41)
    scores = torch.cartesian_prod(steps, steps[::10], steps)
    losses = torch.stack(
        [
            hinge_critic(row.repeat_interleave(real), row.repeat_interleave(fake))
            for row in scores
        ]
    )
    best = scores[losses.argmin()].tolist()
    assert (best[0], best[2]) == pytest.approx((1, -1))
    total_variation = (real - fake).abs().sum().item() / 10 / 2
    assert losses.min().item() == pytest.approx(1 - total_variation)


def test_the_critic_is_heard_as_loudly_as_the_rebuilding():
    rebuilding, critic = normal(3, 4), 20 * normal(3, 4, seed=1)
    weight = adaptive_weight(rebuilding, critic)
    heard = (weight * critic).norm()
    torch.testing.assert_close(heard, rebuilding.norm(), rtol=1e-4, atol=0)
    assert not adaptive_weight(rebuilding.requires_grad_(), critic).requires_grad


def test_the_weight_of_a_silent_critic_is_bounded():
    weight = adaptive_weight(normal(3, 4) * 1e6, torch.zeros(3, 4))
    assert weight.item() == 1e4
