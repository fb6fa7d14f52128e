"""Flow matching. Authority: closed forms on Gaussians and mixtures, finite
differences, the continuity equation, equal gradients of two losses (by enumeration),
measured orders of convergence, and agreement with `convert` and `LinearPath`."""

import math

import pytest
import torch
from torch import nn

from coursekit.datasets.toys import exact_predict, lopsided
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

SHAPES = [(7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5)]
MIXTURE = lopsided()


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def times(n, low=0.0, high=1.0, seed=9):
    generator = torch.Generator().manual_seed(seed)
    unit = torch.rand(n, generator=generator, dtype=torch.float64)
    return low + (high - low) * unit


def exact(xt, t):
    """The exact velocity of the lopsided mixture on the straight path."""
    return exact_predict(MIXTURE, LinearPath())(xt, t).velocity


def last(film):
    *_, x = film
    return x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_without_sigma_min_the_path_is_the_linear_path(shape):
    x0, eps, t = normal(*shape), normal(*shape, seed=1), times(7)
    ours = conditional_path(x0, eps, t)
    torch.testing.assert_close(ours, LinearPath().corrupt(x0, eps, t))


@pytest.mark.parametrize("sigma_min", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_velocity_is_the_slope_of_the_line(shape, sigma_min):
    x0, eps, t, h = normal(*shape), normal(*shape, seed=1), times(7, 0.1, 0.9), 1e-6
    ahead, behind = (conditional_path(x0, eps, t + step, sigma_min) for step in (h, -h))
    xt = conditional_path(x0, eps, t, sigma_min)
    found = conditional_velocity(xt, x0, t, sigma_min)
    torch.testing.assert_close(found, (ahead - behind) / (2 * h), rtol=1e-6, atol=1e-7)


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


def test_the_clock_reversed_twice_is_the_clock():
    x, t = normal(7, 2), times(7, 0.1, 0.9)
    torch.testing.assert_close(reverse_clock(reverse_clock(exact))(x, t), exact(x, t))


def test_the_density_of_a_finite_data_set_is_a_mixture():
    """Against torch.distributions, and it integrates to 1 on a grid."""
    data, t, m = normal(5, 2), torch.tensor([0.3], dtype=torch.float64), 0.05
    spread = m + (1 - m) * 0.3
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(5, dtype=torch.float64)),
        torch.distributions.Independent(
            torch.distributions.Normal(0.7 * data, spread), 1
        ),
    )
    side = torch.linspace(-4, 4, 81, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    ours = marginal_density(grid, t.expand(len(grid)), data, m)
    torch.testing.assert_close(ours, mixture.log_prob(grid).exp())
    assert abs(float(ours.sum()) * 0.1**2 - 1) < 1e-6


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
        found = [
            marginal_velocity(
                xt, t, MIXTURE.sample(n, torch.Generator().manual_seed(s))
            )
            for s in range(8)
        ]
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


class Net(nn.Module):
    """A small network in float64."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
        self.double()

    def forward(self, x, t):
        return self.layers(torch.cat([x, t[:, None]], dim=1))


def test_both_losses_have_the_same_gradient():
    """Theorem of Lipman et al. 2023: regression on lines, or on the marginal field.

    Importance weights turn the sum over data points at fixed x_t into both losses
    exactly, so nothing is left to chance.
    """
    data, xt, t, m = normal(4, 2), normal(50, 2, seed=1), times(50, 0.1), 0.05
    net, share = Net(), log_joint(xt, t, data, m).softmax(1)
    off = (net(xt, t) - marginal_velocity(xt, t, data, m)).square().sum(1).mean()
    lines = torch.zeros((), dtype=torch.float64)
    for i, point in enumerate(data):
        target = conditional_velocity(xt, point.expand_as(xt), t, m)
        gap = (net(xt, t) - target).square().sum(1)
        lines = lines + (share[:, i].detach() * gap).mean()
    parameters = list(net.parameters())
    marginal = torch.autograd.grad(off, parameters, retain_graph=True)
    conditional = torch.autograd.grad(lines, parameters)
    for a, b in zip(marginal, conditional, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
    assert lines > off  # by the conditional variance, which no network can remove


def test_the_best_constant_predictor_is_minus_the_mean():
    """At t = 1, x_t says nothing: the loss is least at E[eps - x0] = eps - E[x0]."""
    x0, eps = MIXTURE.sample(4000, torch.Generator().manual_seed(0)), normal(4000, 2)
    t = torch.ones(4000, dtype=torch.float64)
    mean = x0.mean(0)
    best = cfm_loss(lambda x, t: x - mean, x0, t, eps)
    for nudge in (0.1, -0.1):
        assert cfm_loss(lambda x, t, n=nudge: x - mean + n, x0, t, eps) > best
    torch.testing.assert_close(best, x0.var(0, correction=0).mean())


@pytest.mark.parametrize(("step", "solver"), [(euler_step, euler), (heun_step, heun)])
def test_following_a_velocity_agrees_with_the_solvers(step, solver):
    x, ts = normal(8, 2), time_grid(12, 1.0, 0.1)
    theirs = last(solver(exact_predict(MIXTURE, LinearPath()), x, ts))
    torch.testing.assert_close(last(follow(exact, x, ts, step)), theirs)


@pytest.mark.parametrize(("step", "order"), [(euler_step, 1), (heun_step, 2)])
def test_order_of_convergence(step, order):
    x = normal(8, 2)
    truth = last(follow(exact, x, time_grid(2000, 1.0, 0.2), heun_step))
    errors = [
        float((last(follow(exact, x, time_grid(n, 1.0, 0.2), step)) - truth).norm())
        for n in (40, 80)
    ]
    measured = math.log2(errors[0] / errors[1])
    print(f"{step.__name__}: order {measured:.2f}")
    assert abs(measured - order) < 0.25


@pytest.mark.parametrize("step", [euler_step, heun_step])
def test_every_sample_has_its_own_times(step):
    x, t, s = normal(7, 2), times(7, 0.5), times(7, 0.2, 0.5, seed=5)
    together = step(exact, x, t, s)
    for i in range(7):
        alone = step(exact, x[i : i + 1], t[i : i + 1], s[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone)


def test_down_and_up_again_is_where_it_was():
    x, ts = normal(8, 2), time_grid(400, 1.0, 0.1)
    down = last(follow(exact, x, ts, heun_step))
    up = last(follow(exact, down, ts.flip(0), heun_step))
    torch.testing.assert_close(up, x, rtol=0, atol=1e-3)


def density(x, t):
    """The mixture's density at time t, with gradients in both."""
    alpha, sigma = (1 - t)[:, None, None], t[:, None, None]
    var = alpha[..., 0] ** 2 * MIXTURE.stds**2 + sigma[..., 0] ** 2
    square = ((x[:, None] - alpha * MIXTURE.means) ** 2).sum(-1)
    parts = (-square / (2 * var)).exp() / (2 * math.pi * var)
    return parts @ MIXTURE.weights


def test_the_exact_flow_keeps_its_mass():
    x, t = 1.5 * normal(40, 2), times(40, 0.05)
    assert continuity_residual(density, exact, x, t).abs().max() < 1e-12


def test_the_residual_against_finite_differences():
    """A field that does not fit: nothing is zero, everything is compared."""
    x, t, h = normal(12, 2), times(12, 0.2, 0.9), 1e-5

    def field(x, t):
        return torch.stack([x[:, 1] ** 2 - t, torch.sin(x[:, 0] * x[:, 1])], dim=1)

    found = continuity_residual(density, field, x, t)
    wanted = (density(x, t + h) - density(x, t - h)) / (2 * h)
    for i in range(2):
        shift = torch.zeros(2, dtype=torch.float64)
        shift[i] = h
        ahead, behind = (
            density(x + s, t) * field(x + s, t)[:, i] for s in (shift, -shift)
        )
        wanted = wanted + (ahead - behind) / (2 * h)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-8)
    assert found.abs().max() > 0.01


def test_a_flow_without_its_density_is_not_balanced():
    """The divergence of the velocity alone is another thing, and not small."""
    x, t = normal(40, 2), times(40, 0.2)
    even = continuity_residual(lambda x, t: (0 * x).sum(1) + 1 + 0 * t, exact, x, t)
    rate = continuity_residual(density, lambda x, t: 0 * x, x, t)
    assert (rate + even).abs().max() > 1


def test_the_residual_integrates_to_zero_whatever_the_field():
    """What flows out of one place flows into another: the flux leaks nothing."""
    side = torch.linspace(-6, 6, 121, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    t = torch.full((len(grid),), 0.5, dtype=torch.float64)
    residual = continuity_residual(density, lambda x, t: torch.sin(2 * x), grid, t)
    assert residual.abs().max() > 0.01
    assert abs(float(residual.detach().sum()) * 0.1**2) < 1e-5


@pytest.mark.parametrize("grad", [True, False])
def test_the_residual_works_in_any_grad_mode(grad):
    x, t = normal(5, 2), times(5, 0.2)
    with torch.set_grad_enabled(grad):
        residual = continuity_residual(density, exact, x, t)
    assert residual.abs().max() < 1e-12
    assert not t.requires_grad and not x.requires_grad


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_translations_agree_with_convert(shape):
    xt, velocity, t = normal(*shape), normal(*shape, seed=1), times(7, 0.05, 0.95)
    ours = from_velocity(velocity, xt, t)
    theirs = convert(velocity, xt, t, LinearPath(), "velocity")
    for name in ours._fields:
        torch.testing.assert_close(
            getattr(ours, name),
            getattr(theirs, name),
            msg=lambda m, n=name: f"{n}: {m}",
        )


def test_the_translated_score_is_the_mixtures():
    xt, t = normal(30, 2), times(30, 0.05)
    belief = from_velocity(exact(xt, t), xt, t)
    torch.testing.assert_close(belief.score, MIXTURE.noised_score(xt, 1 - t, t))
    torch.testing.assert_close(belief.x0, MIXTURE.posterior_mean(xt, 1 - t, t))
