"""Scores and their losses. Authority: autograd of a mixture's exact log density,
finite differences, traces of matrices, identities on data whose moments are
exact, sums over all sign vectors, and the exact score of the noised mixture."""

import math
from functools import partial
from itertools import product

import pytest
import torch
from support.theory import MIXTURE, normal, plane, seeded
from torch import nn
from torch.func import functional_call

from coursekit.datasets.toys import ring
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
LOSSES = {
    "ism": lambda net, x: ism_loss(net, x),
    "ssm": lambda net, x: ssm_loss(net, x, normal(*x.shape, seed=5).to(x)),
    "dsm": lambda net, x: dsm_loss(net, x, 0.3, normal(*x.shape, seed=5).to(x)),
    "ncsn": lambda net, x: ncsn_loss(
        lambda y, sigma: net(y),
        x,
        torch.linspace(0.1, 2, len(x)).double(),  # leaves single precision alone
        normal(*x.shape, seed=5).to(x),
    ),
}


def parts(mixture):
    return mixture.weights, mixture.means, mixture.stds


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


@pytest.mark.parametrize(("dims", "num"), [(1, 4), (2, 4), (3, 1), (10, 4)])
def test_the_score_is_the_slope_of_the_log_density(dims, num):
    """Of torch.distributions, which knows nothing of this package."""
    weights, means = normal(num).softmax(0), normal(num, dims, seed=1)
    stds = 0.2 + normal(num, seed=2).abs()
    components = torch.distributions.MultivariateNormal(
        means, stds[:, None, None] ** 2 * torch.eye(dims).double()
    )
    x = (2 * normal(50, dims, seed=9)).requires_grad_()
    log_density = (components.log_prob(x[:, None]) + weights.log()).logsumexp(1)
    (slope,) = torch.autograd.grad(log_density.sum(), x)
    torch.testing.assert_close(mixture_score(x.detach(), weights, means, stds), slope)


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
    x = ring().sample(200, seeded())
    exact = mixture_score(x, *parts(ring()))
    rough = mixture_score(x.float(), *(part.float() for part in parts(ring())))
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough.double(), exact, rtol=1e-4, atol=1e-3)


# --- divergence


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_divergence_is_the_trace_of_the_jacobian(shape, dtype):
    size = math.prod(shape[1:])
    net, x = images(cube_net(size).to(dtype)), normal(*shape, dtype=dtype)
    jacobian = torch.autograd.functional.jacobian(net, x).reshape(7, size, 7, size)
    found = divergence(net, x)
    assert found.shape == (7,) and found.dtype == dtype
    torch.testing.assert_close(found, torch.einsum("bibi->b", jacobian))


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
def test_fields_without_divergence(field):
    for mode in (torch.enable_grad, torch.no_grad):
        with mode():
            found = divergence(field, normal(7, 2))
        assert torch.equal(found, torch.zeros(7, dtype=torch.float64))


def test_the_divergence_of_a_divergence():
    """With u = x^4: div u = sum 4 x^3, its slope 12 x^2, the divergence sum 24 x."""

    def slope(x):
        flow = divergence(lambda y: y**4, x)
        return torch.autograd.grad(flow.sum(), x, create_graph=True)[0]

    torch.testing.assert_close(
        divergence(slope, normal(5, 3)), 24 * normal(5, 3).sum(1)
    )


@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.enable_grad, torch.inference_mode]
)
def test_without_gradients_the_divergence_is_the_same_and_nothing_is_kept(mode):
    net, x = cube_net(), normal(7, 2)
    want = divergence(net, x)
    assert want.requires_grad
    with mode():
        here = x.clone()
        found = divergence(net, here)
        assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    assert found.requires_grad == (mode is torch.enable_grad)
    assert torch.equal(found, want)
    assert not here.requires_grad and all(p.grad is None for p in net.parameters())
    quiet = divergence(net.requires_grad_(False), x)  # of a frozen network
    torch.testing.assert_close(quiet, want.detach())


# --- ism_loss and ssm_loss


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_implicit_loss_of_a_linear_score(shape):
    size = math.prod(shape[1:])
    matrix, x = normal(size, size, seed=1), normal(*shape)
    found = ism_loss(images(lambda y: y @ matrix.T), x)
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


def test_implicit_matching_on_a_mixture_is_least_at_its_score():
    """By quadrature on a grid; half the squared error is what it exceeds by. From no
    score at all to the true one, that is half the mean square of the true one."""
    x, _ = plane(3, 121)
    p = MIXTURE.log_prob(x).softmax(0)

    def mean(score):
        square = (score(x) ** 2).sum(1) / 2
        return float(p @ (divergence(score, x).detach() + square))

    def exact(y):
        return mixture_score(y, *parts(MIXTURE))

    least = mean(exact)
    bends = torch.sin, lambda y: 0.3 * y, lambda y: 0 * y + 0.1, lambda y: -exact(y)
    for bend in bends:
        excess = mean(lambda y, bend=bend: exact(y) + bend(y)) - least
        error = float(p @ (bend(x) ** 2).sum(1)) / 2
        assert excess == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize(
    "directions",
    [
        torch.tensor(list(product([-1.0, 1.0], repeat=2))).double(),
        torch.tensor(list(product([-1.0, 1.0], repeat=3))).double(),
        math.sqrt(3) * torch.eye(3).double(),
    ],
    ids=["signs in 2-D", "signs in 3-D", "axes of unit variance"],
)
def test_sliced_is_implicit_on_average(directions):
    """The directions have covariance 1 exactly. The gradients agree as well."""
    dims = directions.shape[1]
    net, x = cube_net(dims), normal(7, dims)
    losses = [ssm_loss(net, x, v.expand_as(x)) for v in directions]
    both = torch.stack(losses).mean(), ism_loss(net, x)
    torch.testing.assert_close(*both)
    slopes = [torch.autograd.grad(loss, net.parameters()) for loss in both]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sliced_uses_the_same_trace_as_hutchinson(shape):
    size = math.prod(shape[1:])
    net, x, v = images(cube_net(size)), normal(*shape), normal(*shape, seed=1)
    square = (net(x) ** 2).flatten(1).sum(1) / 2
    want = (hutchinson(v)(net, x) + square).mean()
    torch.testing.assert_close(ssm_loss(net, x, v), want)


# --- dsm_loss and ncsn_loss


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_denoising_by_hand(shape):
    x0, eps = normal(*shape), normal(*shape, seed=1)
    found = dsm_loss(torch.tanh, x0, 0.4, eps)
    error = torch.tanh(x0 + 0.4 * eps) + eps / 0.4
    torch.testing.assert_close(found, (error**2).sum() / 7)
    zero = dsm_loss(torch.zeros_like, x0, 0.4, eps)
    torch.testing.assert_close(zero, (eps**2).sum() / 7 / 0.16)


@pytest.mark.parametrize("sigma", [0.3, 0.7, 2.0])
def test_denoising_differs_from_explicit_matching_by_a_constant(sigma):
    """In 1-D with data at -1 and 1, by quadrature over the noise: it is least at the
    score of the noised data."""
    nodes = torch.linspace(-9, 9, 121, dtype=torch.float64)
    weights = (-(nodes**2) / 2).softmax(0)
    x0 = torch.tensor([[-1.0], [1.0]]).double()

    def exact(y):
        half, stds = torch.tensor([0.5, 0.5]).double(), torch.full_like(x0[:, 0], sigma)
        return mixture_score(y, half, x0, stds)

    def gap(score):
        """Denoising loss minus squared error, as expectations."""
        total = 0.0
        for z, w in zip(nodes, weights, strict=True):
            eps = z.expand(2, 1)
            error = (score(x0 + sigma * eps) - exact(x0 + sigma * eps)) ** 2
            loss = dsm_loss(score, x0, sigma, eps)
            total += float(w * (loss - error.sum(1).mean()))
        return total

    scores = (exact, torch.zeros_like, torch.tanh, lambda y: 2 - y)
    gaps = [gap(score) for score in scores]
    assert max(gaps) - min(gaps) < 1e-6


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_many_levels_are_the_mean_of_single_ones(shape):
    """Each weighted with its variance. The score is told the levels."""
    x0, eps = normal(*shape), normal(*shape, seed=1)
    sigma = torch.tensor([0.01, 0.1, 0.5, 1, 2, 5, 10]).double()

    def score(x, level):
        return torch.tanh(x) * (1 + expand_as(level, x))

    each = []
    for i, level in enumerate(sigma):
        one = slice(i, i + 1)
        alone = partial(score, level=level[None])
        each.append(level**2 * dsm_loss(alone, x0[one], float(level), eps[one]))
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


# --- all four


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_scalar_in_the_dtype_of_the_data(name, dtype):
    """With or without gradients. The data are left alone."""
    net, x = cube_net().to(dtype), normal(7, 2).to(dtype)
    found = LOSSES[name](net, x)
    assert found.shape == () and found.dtype == dtype and found.requires_grad
    if name != "ssm":  # which differentiates what the network answers
        with torch.no_grad():
            quiet = LOSSES[name](net, x)
        assert torch.equal(quiet, found) and not quiet.requires_grad
    found.backward()
    assert torch.equal(x, normal(7, 2).to(dtype))
    assert not x.requires_grad and x.grad is None


@pytest.mark.parametrize("name", LOSSES)
def test_first_and_second_derivatives_agree_with_differences(name):
    """In every weight of the network."""
    net = cube_net()
    weights = dict(net.named_parameters())

    def loss(*values):
        used = dict(zip(weights, values, strict=True))
        return LOSSES[name](lambda x: functional_call(net, used, (x,)), normal(7, 2))

    check = {"eps": 1e-5, "rtol": 1e-5, "atol": 1e-7}
    assert torch.autograd.gradcheck(loss, (*weights.values(),), **check)
    assert torch.autograd.gradgradcheck(loss, (*weights.values(),), **check)
