"""Scores and their losses. Authority: autograd and finite differences of the exact
log density of a mixture, traces of matrices, identities on data whose moments are
exact, sums over all sign vectors, and the exact score of the noised mixture."""

import math
from itertools import pairwise, product

import pytest
import torch
from torch import nn

from coursekit.datasets.toys import lopsided, ring
from coursekit.theory.likelihood import hutchinson
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import VEPath, expand_as
from coursekit.theory.score import (
    divergence,
    dsm_loss,
    ism_loss,
    mixture_score,
    ncsn_loss,
    ssm_loss,
)

SHAPES = [(7, 2), (7, 3, 2, 4), (7, 2, 3, 2, 4)]
MIXTURE = lopsided()
LOSSES = {
    "ism": lambda net, x: ism_loss(net, x),
    "ssm": lambda net, x: ssm_loss(net, x, normal(*x.shape, seed=5).to(x)),
    "dsm": lambda net, x: dsm_loss(net, x, 0.3, normal(*x.shape, seed=5).to(x)),
    "ncsn": lambda net, x: ncsn_loss(
        lambda y, sigma: net(y),
        x,
        torch.linspace(0.1, 2, len(x)).to(x),
        normal(*x.shape, seed=5).to(x),
    ),
}


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def parts(mixture):
    return mixture.weights, mixture.means, mixture.stds


def random_mixture(dims, num=4, seed=0):
    weights = normal(num, seed=seed).softmax(0)
    stds = 0.2 + normal(num, seed=seed + 2).abs()
    return weights, normal(num, dims, seed=seed + 1), stds


def log_density(x, weights, means, stds):
    """Written with torch.distributions, which knows nothing of this package."""
    components = torch.distributions.MultivariateNormal(
        means, stds[:, None, None] ** 2 * torch.eye(means.shape[1]).to(means)
    )
    return (components.log_prob(x[:, None]) + weights.log()).logsumexp(1)


def cube_net(dim=2, seed=0):
    """A small smooth network, float64."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(dim, 8), nn.Tanh(), nn.Linear(8, dim)).double()


def images(net):
    """The same for samples of any shape."""
    return lambda x: net(x.flatten(1)).reshape(x.shape)


def whitened(n, dim, seed=0):
    """Points of mean 0 and covariance 1, exactly."""
    x = normal(n, dim, seed=seed)
    x = x - x.mean(0)
    return torch.linalg.solve_triangular(
        torch.linalg.cholesky(x.T @ x / n), x.T, upper=False
    ).T


# --- mixture_score


@pytest.mark.parametrize("dims", [1, 2, 3, 10])
def test_the_score_is_the_slope_of_the_log_density(dims):
    mixture = random_mixture(dims)
    x = (2 * normal(50, dims, seed=9)).requires_grad_()
    (slope,) = torch.autograd.grad(log_density(x, *mixture).sum(), x)
    torch.testing.assert_close(mixture_score(x.detach(), *mixture), slope)


def test_finite_differences_agree():
    x, h = 1.5 * normal(40, 2, seed=3), 1e-5
    found = mixture_score(x, *parts(MIXTURE))
    for i, axis in enumerate(h * torch.eye(2, dtype=torch.float64)):
        rise = MIXTURE.log_prob(x + axis) - MIXTURE.log_prob(x - axis)
        torch.testing.assert_close(found[:, i], rise / (2 * h), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.0, 0.1, 1.0, 5.0])
def test_with_wider_components_it_is_the_score_of_noised_data(sigma):
    """As the notebook does: noise adds its variance to each component's."""
    x = 2 * normal(30, 2, seed=4)
    stds = (MIXTURE.stds**2 + sigma**2).sqrt()
    found = mixture_score(x, MIXTURE.weights, MIXTURE.means, stds)
    torch.testing.assert_close(found, MIXTURE.noised_score(x, 1.0, sigma))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("distance", [50, 1e3, 1e6])
def test_far_from_all_means_the_widest_component_pulls(dtype, distance):
    x = torch.tensor([[distance, distance / 3]], dtype=dtype)
    found = mixture_score(x, *(part.to(dtype) for part in parts(MIXTURE)))
    widest = MIXTURE.stds.argmax()
    pull = (MIXTURE.means[widest] - x) / MIXTURE.stds[widest] ** 2
    assert found.dtype == dtype
    torch.testing.assert_close(found, pull.to(dtype), rtol=1e-5, atol=0)


def test_single_precision_is_enough_near_the_data():
    x = ring().sample(200, torch.Generator().manual_seed(0))
    exact = mixture_score(x, *parts(ring()))
    rough = mixture_score(x.float(), *(part.float() for part in parts(ring())))
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough.double(), exact, rtol=1e-4, atol=1e-3)


def test_one_component_or_many_equal_ones_are_a_gaussian():
    x, mean = normal(9, 3), normal(1, 3, seed=1)
    want = (mean - x) / 0.4**2
    one, std = torch.ones(1).double(), torch.tensor([0.4]).double()
    torch.testing.assert_close(mixture_score(x, one, mean, std), want)
    weights = torch.tensor([0.1, 0.2, 0.7]).double()
    same = mixture_score(x, weights, mean.expand(3, -1), std.expand(3))
    torch.testing.assert_close(same, want)


def test_the_order_of_components_does_not_matter():
    x, (weights, means, stds) = normal(9, 3), random_mixture(3)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(
        mixture_score(x, weights, means, stds),
        mixture_score(x, weights[order], means[order], stds[order]),
    )


def test_the_mean_score_over_the_density_is_zero():
    """The integral of grad p is 0, on a grid that covers the mixture."""
    line = torch.linspace(-4, 4, 401, dtype=torch.float64)
    x = torch.cartesian_prod(line, line)
    p = MIXTURE.log_prob(x).exp() * (line[1] - line[0]) ** 2
    flux = (p[:, None] * mixture_score(x, *parts(MIXTURE))).sum(0)
    assert abs(float(p.sum()) - 1) < 1e-6
    assert float(flux.abs().max()) < 1e-6


# --- divergence


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_divergence_of_a_linear_field_is_the_trace(shape, dtype):
    size = math.prod(shape[1:])
    matrix = normal(size, size, seed=1).to(dtype)
    x = normal(*shape).to(dtype)
    found = divergence(lambda y: (y.flatten(1) @ matrix.T).reshape(y.shape), x)
    assert found.shape == (7,) and found.dtype == dtype
    torch.testing.assert_close(found, matrix.trace().expand(7), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_divergence_is_the_trace_of_the_jacobian(shape):
    size = math.prod(shape[1:])
    net, x = images(cube_net(size)), normal(*shape)
    jacobian = torch.autograd.functional.jacobian(net, x).reshape(7, size, 7, size)
    want = torch.einsum("bibi->b", jacobian)
    torch.testing.assert_close(divergence(net, x), want)


def test_finite_differences_give_the_same_divergence():
    net, x, h = cube_net(3), normal(7, 3), 1e-5
    total = torch.zeros(7, dtype=torch.float64)
    for i, axis in enumerate(h * torch.eye(3, dtype=torch.float64)):
        total = total + (net(x + axis) - net(x - axis))[:, i] / (2 * h)
    torch.testing.assert_close(divergence(net, x), total, rtol=1e-7, atol=1e-8)


def test_on_average_a_score_flows_in_as_much_as_its_square():
    """Integration by parts: the mean of div score is minus that of |score|^2."""
    line = torch.linspace(-4, 4, 201, dtype=torch.float64)
    x = torch.cartesian_prod(line, line)
    p = MIXTURE.log_prob(x).exp() * (line[1] - line[0]) ** 2
    flow = divergence(lambda y: mixture_score(y, *parts(MIXTURE)), x).detach()
    square = (mixture_score(x, *parts(MIXTURE)) ** 2).sum(1)
    assert float(p @ flow) == pytest.approx(-float(p @ square), rel=1e-6)


@pytest.mark.parametrize(
    "field",
    [
        torch.ones_like,
        lambda x: torch.zeros(2, dtype=x.dtype, requires_grad=True).expand_as(x),
        lambda x: torch.stack([x[:, 1], -x[:, 0]], 1),
        lambda x: torch.stack([x[:, 1], 0 * x[:, 1]], 1),
    ],
    ids=["constant", "learnt constant", "turns", "only the other coordinate"],
)
@pytest.mark.parametrize("grad", [True, False])
def test_fields_without_divergence(field, grad):
    with torch.set_grad_enabled(grad):
        found = divergence(field, normal(7, 2))
    assert torch.equal(found, torch.zeros(7, dtype=torch.float64))


def test_gradients_flow_from_the_divergence_to_the_network():
    net, x, h = cube_net(), normal(7, 2), 1e-6
    weight = net[0].weight
    (found,) = torch.autograd.grad(divergence(net, x).sum(), weight)
    with torch.no_grad():
        for place in [(0, 0), (3, 1), (7, 0)]:
            weight[place] += h
            above = divergence(net, x).sum()
            weight[place] -= 2 * h
            below = divergence(net, x).sum()
            weight[place] += h
            slope = float((above - below) / (2 * h))
            assert float(found[place]) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_gradients_flow_to_the_points_too_and_twice():
    """d/dx of div(x^3) = 3 x^2 is 6 x; and once more it is 6."""
    x = normal(7, 2).requires_grad_()
    (once,) = torch.autograd.grad(
        divergence(lambda y: y**3, x).sum(), x, create_graph=True
    )
    torch.testing.assert_close(once, 6 * x)
    (twice,) = torch.autograd.grad(once.sum(), x)
    torch.testing.assert_close(twice, torch.full_like(x, 6))


def test_the_divergence_of_a_divergence():
    """With u = x^4: div u = sum 4 x^3, its slope 12 x^2, the divergence sum 24 x."""

    def slope(x):
        flow = divergence(lambda y: y**4, x)
        return torch.autograd.grad(flow.sum(), x, create_graph=True)[0]

    torch.testing.assert_close(
        divergence(slope, normal(5, 3)), 24 * normal(5, 3).sum(1)
    )


@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
def test_without_gradients_the_divergence_is_the_same_and_nothing_is_kept(mode):
    net, x = cube_net(), normal(7, 2)
    want = divergence(net, x)
    assert want.requires_grad
    with mode():
        found = divergence(net, x)
        assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    assert found.requires_grad == (mode is torch.enable_grad)
    assert torch.equal(found, want)
    assert not x.requires_grad and all(p.grad is None for p in net.parameters())


def test_a_frozen_network_has_a_divergence_that_needs_no_gradient_of_weights():
    net = cube_net().requires_grad_(False)
    torch.testing.assert_close(
        divergence(net, normal(7, 2)), divergence(cube_net(), normal(7, 2)).detach()
    )


def test_samples_do_not_look_at_each_other():
    net, x = cube_net(), normal(7, 2)
    alone = torch.cat([divergence(net, row[None]) for row in x])
    torch.testing.assert_close(divergence(net, x), alone)


# --- ism_loss and ssm_loss


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_implicit_loss_of_a_linear_score(shape):
    size = math.prod(shape[1:])
    matrix, x = normal(size, size, seed=1), normal(*shape)
    found = ism_loss(lambda y: (y.flatten(1) @ matrix.T).reshape(y.shape), x)
    want = matrix.trace() + ((x.flatten(1) @ matrix.T) ** 2).sum(1).mean() / 2
    torch.testing.assert_close(found, want)
    assert found.shape == ()


@pytest.mark.parametrize("seed", range(5))
def test_implicit_is_explicit_score_matching_but_for_a_constant(seed):
    """Data N(mean, L L^T) with exact moments, and any affine score."""
    root = torch.tril(normal(3, 3, seed=seed)) + 2 * torch.eye(3).double()
    mean = normal(3, seed=seed + 10)
    x = mean + whitened(20, 3) @ root.T
    inverse = torch.linalg.inv(root @ root.T)
    matrix, shift = normal(3, 3, seed=seed + 20), normal(3, seed=seed + 30)
    explicit = ((x @ matrix.T + shift + (x - mean) @ inverse) ** 2).sum(1).mean() / 2
    implicit = ism_loss(lambda y: y @ matrix.T + shift, x)
    constant = inverse.trace() / 2  # half the mean square of the true score
    torch.testing.assert_close(implicit + constant, explicit)


def test_the_loss_of_the_true_score_is_negative():
    """Standard normal data: -D + D / 2, the least there is."""
    x = whitened(20, 4)
    losses = [ism_loss(lambda y, c=c: -c * y, x) for c in (0.5, 1.0, 1.5)]
    assert float(losses[1]) == pytest.approx(-2)
    assert losses[1] < losses[0] and losses[1] < losses[2]


def test_implicit_matching_on_a_mixture_is_least_at_its_score():
    """By quadrature on a grid; half the squared error is what it exceeds by."""
    line = torch.linspace(-3, 3, 121, dtype=torch.float64)
    x = torch.cartesian_prod(line, line)
    p = MIXTURE.log_prob(x).exp()
    p = p / p.sum()

    def exact(y):
        return mixture_score(y, *parts(MIXTURE))

    def mean(score):
        square = (score(x) ** 2).sum(1) / 2
        return float(p @ (divergence(score, x).detach() + square))

    least = mean(exact)
    for bend in (torch.sin, lambda y: 0.3 * y, lambda y: 0.1 * torch.ones_like(y)):
        excess = mean(lambda y, bend=bend: exact(y) + bend(y)) - least
        error = float(p @ (bend(x) ** 2).sum(1)) / 2
        assert excess == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("dims", [2, 3])
def test_sliced_is_implicit_on_average_over_all_signs(dims):
    net, x = cube_net(dims), normal(7, dims)
    signs = torch.tensor(list(product([-1.0, 1.0], repeat=dims))).double()
    losses = [ssm_loss(net, x, v.expand_as(x)) for v in signs]
    torch.testing.assert_close(torch.stack(losses).mean(), ism_loss(net, x))


def test_sliced_is_implicit_along_the_axes_scaled_to_unit_variance():
    net, x = cube_net(3), normal(7, 3)
    axes = math.sqrt(3) * torch.eye(3).double()
    losses = [ssm_loss(net, x, v.expand_as(x)) for v in axes]
    torch.testing.assert_close(torch.stack(losses).mean(), ism_loss(net, x))


def test_sliced_with_normal_directions_comes_near():
    net, x = cube_net(), normal(7, 2)
    n = 4000
    many = x.repeat(n, 1)
    found = ssm_loss(net, many, normal(*many.shape, seed=2))
    torch.testing.assert_close(found, ism_loss(net, x), rtol=0, atol=0.02)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sliced_uses_the_same_trace_as_hutchinson(shape):
    size = math.prod(shape[1:])
    net, x, v = images(cube_net(size)), normal(*shape), normal(*shape, seed=1)
    square = (net(x) ** 2).flatten(1).sum(1) / 2
    want = (hutchinson(v)(net, x) + square).mean()
    torch.testing.assert_close(ssm_loss(net, x, v), want)


def test_implicit_and_sliced_gradients_agree_on_average():
    net, x = cube_net(), normal(7, 2)
    weights = list(net.parameters())
    want = torch.autograd.grad(ism_loss(net, x), weights, allow_unused=True)
    signs = torch.tensor(list(product([-1.0, 1.0], repeat=2))).double()
    mean = torch.stack([ssm_loss(net, x, v.expand_as(x)) for v in signs]).mean()
    found = torch.autograd.grad(mean, weights, allow_unused=True)
    for a, b in zip(found, want, strict=True):
        torch.testing.assert_close(a, b)


def test_implicit_works_without_gradients():
    net, x = cube_net(), normal(7, 2)
    want = ism_loss(net, x)
    with torch.no_grad():
        found = ism_loss(net, x)
    assert torch.equal(found, want) and not found.requires_grad


# --- dsm_loss and ncsn_loss


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_denoising_by_hand(shape):
    x0, eps = normal(*shape), normal(*shape, seed=1)
    found = dsm_loss(torch.tanh, x0, 0.4, eps)
    error = torch.tanh(x0 + 0.4 * eps) + eps / 0.4
    torch.testing.assert_close(found, (error**2).sum() / 7)
    zero = dsm_loss(torch.zeros_like, x0, 0.4, eps)
    torch.testing.assert_close(zero, (eps**2).sum() / 7 / 0.16)


def test_one_clean_point_is_found_exactly():
    x0, eps = torch.full((7, 3), 0.5).double(), normal(7, 3)
    assert float(dsm_loss(lambda x: (0.5 - x) / 0.3**2, x0, 0.3, eps)) < 1e-20
    sigma = torch.linspace(0.01, 5, 7).double()

    def home(x, level):
        return (0.5 - x) / level[:, None] ** 2

    assert float(ncsn_loss(home, x0, sigma, eps)) < 1e-20


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_denoising_is_least_for_the_score_of_the_noised_data(sigma):
    """Against it, perturbed: the excess is the squared size of the perturbation."""
    gen = torch.Generator().manual_seed(0)
    x0 = MIXTURE.sample(60_000, gen).repeat(2, 1)
    half = torch.randn(60_000, 2, generator=gen, dtype=torch.float64)
    eps = torch.cat([half, -half])  # in pairs, so that less is left to chance
    x = x0 + sigma * eps

    def exact(y):
        return MIXTURE.noised_score(y, 1.0, sigma)

    least = dsm_loss(exact, x0, sigma, eps)
    bends = {
        "towards the middle": lambda y: -0.3 * y,
        "away": lambda y: 0.3 * y,
        "aside": lambda y: 0.5 * torch.ones_like(y),
        "waves": lambda y: 0.5 * torch.sin(2 * y),
        "smaller": lambda y: -0.2 * exact(y),
        "larger": lambda y: 0.2 * exact(y),
    }
    for name, bend in bends.items():
        loss = dsm_loss(lambda y, bend=bend: exact(y) + bend(y), x0, sigma, eps)
        size = float((bend(x) ** 2).sum(1).mean())
        assert float(loss - least) == pytest.approx(size, rel=0.15), name


def test_it_is_not_least_for_the_score_of_the_clean_data():
    n, sigma = 50_000, 0.3
    gen = torch.Generator().manual_seed(0)
    x0, eps = MIXTURE.sample(n, gen), normal(n, 2, seed=7)
    noised = dsm_loss(lambda y: MIXTURE.noised_score(y, 1.0, sigma), x0, sigma, eps)
    clean = dsm_loss(MIXTURE.score, x0, sigma, eps)
    assert float(clean) > 2 * float(noised)


def test_denoising_differs_from_explicit_matching_by_a_constant():
    """In 1-D with data at -1 and 1, by quadrature over the noise."""
    nodes, weights = (torch.tensor(a) for a in _hermite(80))
    sigma, x0 = 0.7, torch.tensor([[-1.0], [1.0]]).double()

    def exact(y):
        both = torch.tensor([0.5, 0.5]).double(), x0, torch.full((2,), sigma).double()
        return mixture_score(y, *both)

    def gap(score):
        """Denoising loss minus squared error, as expectations."""
        total = 0.0
        for z, w in zip(nodes, weights, strict=True):
            eps = z.expand(2, 1)
            error = (score(x0 + sigma * eps) - exact(x0 + sigma * eps)) ** 2
            loss = dsm_loss(score, x0, sigma, eps)
            total += float(w * (loss - error.sum(1).mean()))
        return total

    gaps = [gap(score) for score in (torch.zeros_like, torch.tanh, lambda y: 2 - y)]
    assert max(gaps) - min(gaps) < 1e-6


def _hermite(n):
    import numpy as np

    x, w = np.polynomial.hermite_e.hermegauss(n)
    return x, w / w.sum()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_one_level_for_all_is_the_weighted_denoising_loss(shape):
    x0, eps, sigma = normal(*shape), normal(*shape, seed=1), 0.4
    told = []

    def score(x, level):
        told.append(level)
        return torch.tanh(x)

    levels = torch.full((7,), sigma, dtype=torch.float64)
    found = ncsn_loss(score, x0, levels, eps)
    torch.testing.assert_close(found, sigma**2 * dsm_loss(torch.tanh, x0, sigma, eps))
    assert torch.equal(told[0], levels)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_many_levels_are_the_mean_of_single_ones(shape):
    x0, eps = normal(*shape), normal(*shape, seed=1)
    sigma = torch.tensor([0.01, 0.1, 0.5, 1, 2, 5, 10]).double()

    def score(x, level):
        return torch.tanh(x) * (1 + level.reshape(-1, *[1] * (x.ndim - 1)))

    each = [
        level**2
        * dsm_loss(
            lambda x, level=level: score(x, level[None]),
            x0[i : i + 1],
            float(level),
            eps[i : i + 1],
        )
        for i, level in enumerate(sigma)
    ]
    found = ncsn_loss(score, x0, sigma, eps)
    torch.testing.assert_close(found, torch.stack(each).mean())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_the_noise_prediction_loss_under_another_name(shape):
    """With eps_hat = -sigma * score: lecture 1's loss, but for mean against sum."""
    x0, eps, path = normal(*shape), normal(*shape, seed=1), VEPath()
    t = torch.linspace(0.1, 0.9, 7).double()

    def guess(x, t):
        return -expand_as(path.sigma(t), x) * torch.tanh(x)

    want = prediction_loss(guess, path, "eps", x0, t, eps).mean()
    found = ncsn_loss(lambda x, level: torch.tanh(x), x0, path.sigma(t), eps)
    torch.testing.assert_close(found, math.prod(shape[1:]) * want)


def test_a_silent_score_costs_the_same_at_every_level():
    x0, eps = normal(7, 3), normal(7, 3, seed=1)
    for sigma in (0.01, 0.3, 50.0):
        levels = torch.full((7,), sigma).double()
        found = ncsn_loss(lambda x, level: torch.zeros_like(x), x0, levels, eps)
        torch.testing.assert_close(found, (eps**2).sum(1).mean())


def test_the_weight_is_per_sample():
    """A score that is wrong at large noise only is punished there only."""
    x0, eps = torch.zeros(7, 2).double(), normal(7, 2)
    sigma = torch.tensor([0.1, 0.1, 0.1, 2, 2, 2, 2]).double()

    def score(x, level):
        return -x / level[:, None] ** 2 + (level[:, None] > 1)

    found = ncsn_loss(score, x0, sigma, eps)
    assert float(found) == pytest.approx(4 * 2 * 4 / 7)


# --- all four


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_scalar_in_the_dtype_of_the_data(name, dtype):
    found = LOSSES[name](cube_net().to(dtype), normal(7, 2).to(dtype))
    assert found.shape == () and found.dtype == dtype and found.requires_grad


def test_levels_in_double_precision_leave_single_data_single():
    x0 = normal(7, 2).float()
    sigma = torch.linspace(0.1, 2, 7).double()
    found = ncsn_loss(lambda x, level: -x, x0, sigma, x0)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_reach_every_weight_and_agree_with_differences(name):
    net, x, h = cube_net(), normal(7, 2), 1e-6
    loss = LOSSES[name]
    loss(net, x).backward()
    for weight in net.parameters():
        assert weight.grad is not None
        place = (0,) * weight.ndim
        with torch.no_grad():
            weight[place] += h
        above = loss(net, x).item()
        with torch.no_grad():
            weight[place] -= 2 * h
        below = loss(net, x).item()
        with torch.no_grad():
            weight[place] += h
        slope = (above - below) / (2 * h)
        assert float(weight.grad[place]) == pytest.approx(slope, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_a_second_derivative_can_be_taken(name):
    """A quadratic in one weight: for score = w x the second slope is constant."""
    loss, x = LOSSES[name], normal(7, 2)
    curves = []
    for value in (0.3, 1.7):
        w = torch.tensor(value, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(
            loss(lambda y, w=w: w * y, x), w, create_graph=True
        )
        curves.append(torch.autograd.grad(slope, w)[0])
    torch.testing.assert_close(*curves)
    assert float(curves[0]) > 0


@pytest.mark.parametrize("name", LOSSES)
def test_inputs_are_left_alone(name):
    x = normal(7, 2)
    LOSSES[name](cube_net(), x).backward()
    assert torch.equal(x, normal(7, 2)) and not x.requires_grad and x.grad is None


@pytest.mark.parametrize("name", ["ism", "ssm", "dsm"])
def test_gradient_descent_finds_the_score_of_a_gaussian(name):
    """score = -x / a^2 with one weight: a^2 is the variance, with the noise's added."""
    x = 1.5 * whitened(60, 2)
    precision = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    signs = torch.tensor(list(product([-1.0, 1.0], repeat=2))).double()
    noise = whitened(60, 2, seed=3)
    noise = noise - x @ torch.linalg.solve(x.T @ x, x.T @ noise)  # uncorrelated
    losses = {
        "ism": lambda score: ism_loss(score, x),
        "ssm": lambda score: sum(ssm_loss(score, x, v.expand_as(x)) for v in signs),
        "dsm": lambda score: dsm_loss(score, x, 0.5, noise),
    }
    spread = float((noise**2).sum() / 120)
    want = 1 / 1.5**2 if name != "dsm" else spread / (1.5**2 + 0.25 * spread)
    optimizer = torch.optim.SGD([precision], lr=0.02)
    for _ in range(400):
        optimizer.zero_grad()
        losses[name](lambda y: -precision * y).backward()
        optimizer.step()
    assert precision.item() == pytest.approx(want, rel=1e-6)


def test_less_noise_makes_a_larger_target():
    """Why levels are weighted: the loss of a silent score grows as 1 / sigma^2."""
    x0, eps = normal(50, 2), normal(50, 2, seed=1)
    losses = [
        float(dsm_loss(torch.zeros_like, x0, sigma, eps)) for sigma in (1, 0.1, 0.01)
    ]
    for rough, fine in pairwise(losses):
        assert fine == pytest.approx(100 * rough)


def test_the_divergence_leaves_inference_mode():
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = divergence(lambda y: -2 * y, x.clone())
    torch.testing.assert_close(found, torch.full((4,), -6.0))
