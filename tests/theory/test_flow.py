"""Flow matching. Authority: closed forms on Gaussians and mixtures, finite
differences, the continuity equation, equal gradients of two losses (by enumeration),
measured orders of convergence, and agreement with `convert` and `LinearPath`."""

import math
from functools import partial

import pytest
import torch
from support.theory import (
    MIXTURE,
    SHAPES,
    exact,
    gradient,
    last,
    normal,
    plane,
    seeded,
    slope,
    time,
    times,
)
from torch import nn

from coursekit.datasets.toys import exact_predict
from coursekit.theory.flow import (
    cfm_loss,
    conditional_path,
    conditional_velocity,
    continuity_residual,
    euler_step,
    follow,
    from_velocity,
    heun_step,
    log_joint,
    marginal_density,
    marginal_velocity,
    reverse_clock,
)
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.prediction import convert
from coursekit.theory.solvers import euler, heun, time_grid


@pytest.mark.parametrize("sigma_min", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_velocity_is_the_slope_of_the_line(shape, sigma_min):
    x0, eps, t = normal(*shape), normal(*shape, seed=1), times(7, 0.1, 0.9)
    xt = conditional_path(x0, eps, t, sigma_min)
    if sigma_min == 0:
        torch.testing.assert_close(xt, LinearPath().corrupt(x0, eps, t))
    found = conditional_velocity(xt, x0, t, sigma_min)
    wanted = slope(lambda s: conditional_path(x0, eps, s, sigma_min), t)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


def test_paths_in_the_papers_words():
    """Lipman et al. 2023: (1 - (1 - m) u) x + u y and (y - (1 - m) x) / (1 - (1 - m) u)
    with u = 1 - t, noise x and data y; the velocity changes its sign."""
    y, x, t, m = normal(7, 2), normal(7, 2, seed=1), times(7), 0.1
    u = expand_as(1 - t, x)
    psi = (1 - (1 - m) * u) * x + u * y
    torch.testing.assert_close(conditional_path(y, x, t, m), psi)
    field = (y - (1 - m) * psi) / (1 - (1 - m) * u)
    ours = reverse_clock(lambda z, s: conditional_velocity(z, y, s, m))
    torch.testing.assert_close(ours(psi, 1 - t), field)


def test_the_density_of_a_finite_data_set_is_a_mixture():
    """Against torch.distributions, and it integrates to 1 on a grid."""
    data, m = normal(5, 2), 0.05
    spread = m + (1 - m) * 0.3
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(5, dtype=torch.float64)),
        torch.distributions.Independent(
            torch.distributions.Normal(0.7 * data, spread), 1
        ),
    )
    grid, area = plane(4, 81)
    ours = marginal_density(grid, time(0.3).expand(len(grid)), data, m)
    torch.testing.assert_close(ours, mixture.log_prob(grid).exp())
    assert abs(float(ours.sum()) * area - 1) < 1e-6


def test_the_marginal_velocity_is_the_slope_of_the_conditional_mean():
    """E[(1 - m) eps - x0 | x_t], by Bayes' rule on each data point, one at a time."""
    data, xt, t, m = normal(5, 2), normal(7, 2, seed=1), times(7, 0.2), 0.1
    found = marginal_velocity(xt, t, data, m)
    weights = log_joint(xt, t, data, m).exp()
    total = torch.zeros_like(xt)
    for i, point in enumerate(data):
        share = (weights[:, i] / weights.sum(1))[:, None]
        total += share * conditional_velocity(xt, point.expand_as(xt), t, m)
    torch.testing.assert_close(found, total)


def test_many_data_points_give_the_velocity_of_their_law():
    """A finite set of N points approaches the mixture's velocity like 1 / sqrt(N)."""
    xt, t = normal(9, 2, seed=3), torch.full((9,), 0.6, dtype=torch.float64)
    truth, errors = exact(xt, t), []
    for n in (250, 4000):
        sets = [MIXTURE.sample(n, seeded(seed)) for seed in range(8)]
        found = [marginal_velocity(xt, t, data) for data in sets]
        errors.append(float((torch.stack(found) - truth).square().mean().sqrt()))
    rate = math.log(errors[0] / errors[1]) / math.log(16)
    print(f"error of the empirical field: {errors}, rate {rate:.2f}")
    assert 0.35 < rate < 0.65


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_marginal_velocity_is_finite_far_away(shape):
    data, t = normal(4, *shape[1:]), times(7, 0.01)
    xt = 1e3 * normal(*shape, seed=1)
    assert marginal_velocity(xt, t, data).isfinite().all()


def test_the_flow_of_a_finite_data_set_ends_on_it():
    data = torch.tensor([[-2.0, 0.0], [1.0, 1.0], [1.0, -2.0]], dtype=torch.float64)
    x0 = last(
        follow(lambda x, t: marginal_velocity(x, t, data), normal(64, 2), time_grid(60))
    )
    assert torch.cdist(x0, data).min(1).values.max() < 1e-6
    assert torch.cdist(x0, data).argmin(1).unique().numel() == 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_loss_is_the_prediction_loss_of_the_velocity(shape):
    x0, eps, t = normal(*shape), normal(*shape, seed=1), times(7)

    def model(x, t):
        return torch.tanh(x) * expand_as(1 + t, x)

    each = prediction_loss(model, LinearPath(), "velocity", x0, t, eps)
    torch.testing.assert_close(cfm_loss(model, x0, t, eps), each.mean())


def test_both_losses_have_the_same_gradient():
    """Theorem of Lipman et al. 2023: regression on lines, or on the marginal field.

    Importance weights turn the sum over data points at fixed x_t into both losses
    exactly, so nothing is left to chance.
    """
    data, xt, t, m = normal(4, 2), normal(50, 2, seed=1), times(50, 0.1), 0.05
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)).double()
    said = net(torch.cat([xt, t[:, None]], dim=1))
    off = (said - marginal_velocity(xt, t, data, m)).square().sum(1).mean()
    lines = torch.zeros((), dtype=torch.float64)
    for point, share in zip(data, log_joint(xt, t, data, m).softmax(1).T, strict=True):
        target = conditional_velocity(xt, point.expand_as(xt), t, m)
        lines = lines + (share * (said - target).square().sum(1)).mean()
    marginal = torch.autograd.grad(off, net.parameters(), retain_graph=True)
    conditional = torch.autograd.grad(lines, net.parameters())
    torch.testing.assert_close(marginal, conditional, rtol=1e-10, atol=1e-12)
    assert lines > off  # by the conditional variance, which no network can remove


@pytest.mark.parametrize(("step", "solver"), [(euler_step, euler), (heun_step, heun)])
def test_following_a_velocity_agrees_with_the_solvers(step, solver):
    x, ts = normal(8, 2), time_grid(12, 1.0, 0.1)
    theirs = last(solver(exact_predict(MIXTURE, LinearPath()), x, ts))
    torch.testing.assert_close(last(follow(exact, x, ts, step)), theirs)


@pytest.mark.parametrize("step", [euler_step, heun_step])
def test_every_sample_has_its_own_times(step):
    x, t, s = normal(7, 2), times(7, 0.5), times(7, 0.2, 0.5, seed=5)
    rows = zip(x.split(1), t.split(1), s.split(1), strict=True)
    alone = torch.cat([step(exact, *row) for row in rows])
    torch.testing.assert_close(step(exact, x, t, s), alone)


def density(x, t):
    """The mixture's density at time t, with gradients in both."""
    alpha, sigma = (1 - t)[:, None, None], t[:, None, None]
    var = alpha[..., 0] ** 2 * MIXTURE.stds**2 + sigma[..., 0] ** 2
    square = ((x[:, None] - alpha * MIXTURE.means) ** 2).sum(-1)
    parts = (-square / (2 * var)).exp() / (2 * math.pi * var)
    return parts @ MIXTURE.weights


@pytest.mark.parametrize("grad", [True, False])
def test_the_exact_flow_keeps_its_mass(grad):
    x, t = 1.5 * normal(40, 2), times(40, 0.05)
    with torch.set_grad_enabled(grad):
        residual = continuity_residual(density, exact, x, t)
    assert residual.abs().max() < 1e-12
    assert not t.requires_grad and not x.requires_grad


def test_the_residual_against_finite_differences():
    """A field that does not fit: nothing is zero, everything is compared."""
    x, t = normal(12, 2), times(12, 0.2, 0.9)

    def field(x, t):
        return torch.stack([x[:, 1] ** 2 - t, torch.sin(x[:, 0] * x[:, 1])], dim=1)

    found = continuity_residual(density, field, x, t)

    def flux(x, axis):
        return density(x, t) * field(x, t)[:, axis]

    wanted = slope(lambda t: density(x, t), t, 1e-5)
    for axis in range(2):
        wanted = wanted + gradient(partial(flux, axis=axis), x, 1e-5)[:, axis]
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-8)
    assert found.abs().max() > 0.01


def test_the_residual_integrates_to_zero_whatever_the_field():
    """What flows out of one place flows into another: the flux leaks nothing."""
    grid, area = plane(6, 121)
    t = torch.full((len(grid),), 0.5, dtype=torch.float64)
    residual = continuity_residual(density, lambda x, t: torch.sin(2 * x), grid, t)
    assert residual.abs().max() > 0.01
    assert abs(float(residual.detach().sum()) * area) < 1e-5


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_translations_agree_with_convert(shape):
    xt, velocity, t = normal(*shape), normal(*shape, seed=1), times(7, 0.05, 0.95)
    ours = from_velocity(velocity, xt, t)
    theirs = convert(velocity, xt, t, LinearPath(), "velocity")
    torch.testing.assert_close(ours._asdict(), theirs._asdict())
