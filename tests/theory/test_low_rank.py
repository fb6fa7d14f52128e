"""Maps of low rank. Authority: numeric least squares cut by its singular values, on
samples whose covariances are exact; the loss itself; white noise."""

import pytest
import torch
from support.theory import normal

from coursekit.theory.clean_prediction import LEAST, clamped_velocity_loss
from coursekit.theory.low_rank import (
    best_gains,
    mixture,
    open_gains,
    principal_directions,
    rank_errors,
)
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import convert

SAYS = ("x0", "eps", "velocity")
VARIANCES = torch.tensor([3.0, 0.9, 0.4, 0.05, 0.002, 0.0], dtype=torch.float64)
D, N = len(VARIANCES), 40


def exact_sample():
    """Data (turned) and noise of which every mean and covariance is what it should."""
    rows = normal(N, 2 * D)
    white = torch.linalg.qr(rows - rows.mean(0)).Q * N**0.5
    turn = torch.linalg.qr(normal(D, D, seed=1)).Q
    return white[:, :D] * VARIANCES.sqrt() @ turn.mT, white[:, D:] @ turn.mT, turn


def test_the_directions_are_those_that_made_the_data():
    x0, _, turn = exact_sample()
    variances, vectors = principal_directions(x0 + 7)
    torch.testing.assert_close(variances, VARIANCES, rtol=1e-9, atol=1e-12)
    overlap = (vectors.mT @ turn).abs()
    torch.testing.assert_close(overlap, torch.eye(D).double(), rtol=0, atol=1e-6)
    few = principal_directions(x0[:3].float())
    assert (few.variances >= 0).all() and few.variances.dtype == torch.float64


@pytest.mark.parametrize("t", [0.03, 0.3, 0.8])
@pytest.mark.parametrize("says", SAYS)
def test_they_are_the_best_maps_of_their_rank(says, t):
    """Least squares, then the best approximation of its answers (Eckart-Young)."""
    x0, eps, turn = exact_sample()
    a, b = mixture(says, t)
    xt, y = (1 - t) * x0 + t * eps, a * x0 + b * eps
    answers = xt @ torch.linalg.lstsq(xt, y).solution
    u, s, v = torch.linalg.svd(answers, full_matrices=False)
    path, times = LinearPath(), torch.full((N,), t, dtype=torch.float64)
    found = rank_errors(VARIANCES, t, says)
    for rank in range(D + 1):
        best = u[:, :rank] * s[:rank] @ v[:rank]
        off = convert(best, xt, times, path, says).velocity - (eps - x0)
        wanted = (off**2).mean() * min(t / LEAST, 1) ** 2
        torch.testing.assert_close(found[rank], wanted, rtol=1e-8, atol=1e-10)
        gains = open_gains(VARIANCES, t, says, rank)
        assert int((gains != 0).sum()) <= rank
        mapped = xt @ turn * gains @ turn.mT
        error = ((mapped - y) ** 2).mean()
        torch.testing.assert_close(error, ((best - y) ** 2).mean())


@pytest.mark.parametrize("t", [0.01, LEAST, 0.6])
def test_the_loss_of_the_network_is_the_error(t):
    x0, eps, turn = exact_sample()
    gains = open_gains(VARIANCES, t, "velocity", 2)
    slower = min(t / LEAST, 1)

    def model(xt, t):
        return slower * (xt @ turn * gains @ turn.mT)

    times = torch.full((N,), t, dtype=torch.float64)
    loss = clamped_velocity_loss(model, x0, times, eps).mean()
    torch.testing.assert_close(loss, rank_errors(VARIANCES, t, "velocity")[2])


@pytest.mark.parametrize("t", [0.02, 0.2, 0.5, 0.95])
def test_with_all_directions_open_nothing_depends_on_what_is_said(t):
    seen = (1 - t) ** 2 * VARIANCES + t**2
    left = (VARIANCES / seen).mean() * min(t / LEAST, 1) ** 2
    for says in SAYS:
        errors = rank_errors(VARIANCES, t, says)
        torch.testing.assert_close(errors[-1], left)
        assert (errors.diff() <= 1e-12).all()


def test_noise_that_does_not_fit_is_missed_whole():
    """Whoever knows x0, and k numbers of xt, misses d - k numbers of white noise."""
    rank = torch.arange(D + 1)
    for t in (0.1, 0.5, 0.9):
        errors = rank_errors(VARIANCES, t, "velocity")
        assert (errors >= 1 - rank / D - 1e-12).all()
        assert errors[3] > rank_errors(VARIANCES, t, "x0")[3] or t < 0.5
    still = rank_errors(torch.zeros(D).double(), 0.4, "velocity")
    torch.testing.assert_close(still, 1 - rank / D, check_dtype=False)


def test_a_gain_is_where_the_error_has_its_minimum():
    x0, eps, turn = exact_sample()
    for says in SAYS:
        a, b = mixture(says, 0.4)
        xt, y = (0.6 * x0 + 0.4 * eps) @ turn, (a * x0 + b * eps) @ turn
        gains = best_gains(VARIANCES, 0.4, says).requires_grad_()
        ((xt * gains - y) ** 2).mean().backward()
        assert float(gains.grad.abs().max()) < 1e-10
