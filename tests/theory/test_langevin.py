"""Langevin dynamics. Authority: the closed form of a linear walk (its fixed point is
1 / (1 - step / 4) on N(0, 1)), exact contraction of two walkers with equal noise, and
the known weights of a mixture that a plain walk cannot find."""

import math

import pytest
import torch
from support.theory import MIXTURE, SHAPES, assert_moments, last, normal, seeded

from coursekit.datasets.toys import Mixture
from coursekit.theory.langevin import annealed_langevin, langevin

WALKERS = 20_000


def bowl(x, sigma=1.0):
    """The score of N(0, sigma^2)."""
    return -x / sigma**2


def same_variance(x, wanted, sigmas=5.0):
    """A sample variance has the relative standard error sqrt(2 / n)."""
    off = abs(float(x.var()) / wanted - 1)
    print(f"variance {float(x.var()):.4f}, closed form {wanted:.4f}")
    return off < sigmas * math.sqrt(2 / x.numel())


@pytest.mark.parametrize("step", [0.1, 0.4, 1.0])
def test_the_variance_of_every_step_is_known(step):
    """v <- (1 - step / 2)^2 v + step, from width 3 to the fixed point."""
    variance = 9.0
    for x in langevin(bowl, 3 * normal(WALKERS, 1), step, round(12 / step), seeded(3)):
        assert same_variance(x, variance)
        variance = (1 - step / 2) ** 2 * variance + step
    assert variance == pytest.approx(1 / (1 - step / 4), rel=1e-3)


def test_where_nothing_pulls_it_is_a_random_walk():
    film = list(langevin(torch.zeros_like, normal(WALKERS, 1), 0.3, 4, seeded(3)))
    moves = torch.stack(film).diff(dim=0)[..., 0]
    torch.testing.assert_close(
        torch.cov(moves), 0.3 * torch.eye(4).double(), rtol=0, atol=0.015
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_two_walkers_with_equal_noise_meet(shape):
    """The noise drops out of their difference, and what is left is exact."""
    one, two = normal(*shape), normal(*shape, seed=1)
    films = [langevin(bowl, x, 0.3, 5, seeded(3)) for x in (one, two)]
    for k, (a, b) in enumerate(zip(*films, strict=True)):
        torch.testing.assert_close(a - b, (1 - 0.15) ** k * (one - two))


def test_the_first_step_by_hand():
    score, x = MIXTURE.score, normal(7, 2)
    _, moved = langevin(score, x, 0.2, 1, seeded(3))
    wanted = x + 0.1 * score(x) + math.sqrt(0.2) * normal(7, 2, seed=3)
    torch.testing.assert_close(moved, wanted)


def test_on_a_mixture_small_steps_keep_the_moments():
    start = MIXTURE.sample(4000, seeded())
    x = last(langevin(MIXTURE.score, start, 0.005, 100, seeded(3)))
    assert_moments(x, MIXTURE, 0.08, 0.1)


def noised_score(data):
    def score(x, sigma):
        return data.noised_score(x, 1.0, sigma)

    return score


def test_only_the_annealed_walk_finds_the_weights():
    """Weights 0.2 and 0.8, so far apart that no walker of a plain walk crosses over."""
    means = torch.tensor([[-3.0, -3.0], [3.0, 3.0]])
    data = Mixture(torch.tensor([0.2, 0.8]), means, torch.tensor([0.5, 0.5]))
    start = 12 * torch.rand(2000, 2, generator=seeded(5), dtype=torch.float64) - 6
    sigmas = torch.logspace(1, -1, 10, dtype=torch.float64)
    plain = langevin(data.score, start, 0.05, 400, seeded(3))
    annealed = annealed_langevin(noised_score(data), start, sigmas, generator=seeded(3))
    shares = [float((last(x).sum(1) < 0).double().mean()) for x in (plain, annealed)]
    print(f"in the light blob: plain {shares[0]:.3f}, annealed {shares[1]:.3f}")
    assert shares == pytest.approx([0.5, 0.2], abs=0.05)


def test_annealed_each_level_moves_by_the_same_share():
    """With the score -x / sigma^2 a step shrinks by 1 - step / (2 last^2), always."""
    sigmas = torch.tensor([5.0, 1.3, 0.4], dtype=torch.float64)
    one, two = normal(7, 2), normal(7, 2, seed=1)
    films = [
        annealed_langevin(bowl, x, sigmas, 0.03, 4, generator=seeded(3))
        for x in (one, two)
    ]
    share = 1 - 0.03 / (2 * 0.4**2)
    for level, (a, b) in enumerate(zip(*films, strict=True)):
        torch.testing.assert_close(a - b, share ** (4 * level) * (one - two))


def test_annealed_on_a_normal_ends_at_a_known_variance():
    """In units of the level, every level has the fixed point 1 / (1 - h / 4)."""
    sigmas, step = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64), 0.1
    relative = step / 0.5**2
    walk = annealed_langevin(bowl, normal(WALKERS, 1), sigmas, step, 60, seeded(3))
    for x, sigma in zip(list(walk)[1:], sigmas, strict=True):
        assert same_variance(x, float(sigma) ** 2 / (1 - relative / 4))


def test_the_score_is_told_every_level_in_turn():
    seen, sigmas = [], torch.tensor([3.0, 1.0, 0.2], dtype=torch.float64)

    def score(x, sigma):
        assert sigma.shape == ()
        seen.append(float(sigma))
        return -x

    list(annealed_langevin(score, normal(7, 2), sigmas, 0.01, 2, seeded(3)))
    assert seen == pytest.approx([3.0, 3.0, 1.0, 1.0, 0.2, 0.2])


def test_one_level_is_plain_langevin():
    sigma, x = torch.tensor([0.7], dtype=torch.float64), normal(7, 2)
    score = noised_score(MIXTURE)
    _, ours = annealed_langevin(score, x, sigma, 0.02, 9, seeded(3))
    score = MIXTURE.noised(1.0, 0.7).score
    torch.testing.assert_close(ours, last(langevin(score, x, 0.02, 9, seeded(3))))
