"""DDPM samplers. Authority: the exact denoiser of a known mixture, whose moments every
sampler has to recover, and identities between the samplers."""

import pytest
import torch

from coursekit.datasets.toys import exact_eps_model, lopsided
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim, respaced
from coursekit.theory.ddpm_schedule import make_schedule

MIXTURE = lopsided()
SCHEDULE = make_schedule("cosine", 250)
MODEL = exact_eps_model(MIXTURE, SCHEDULE)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def start(n, seed=0):
    return torch.randn(n, 2, generator=seeded(seed), dtype=torch.float64)


SAMPLERS = {
    "ancestral-beta": lambda x: ancestral(MODEL, x, SCHEDULE, "beta", seeded(1)),
    "ancestral-posterior": lambda x: ancestral(
        MODEL, x, SCHEDULE, "posterior", seeded(1)
    ),
    "skipped": lambda x: ancestral_skipped(
        MODEL, x, respaced(250, 125), SCHEDULE, generator=seeded(1)
    ),
    "ddim-0": lambda x: ddim(MODEL, x, respaced(250, 125), SCHEDULE),
    "ddim-1": lambda x: ddim(MODEL, x, respaced(250, 125), SCHEDULE, 1.0, seeded(1)),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_exact_denoiser_recovers_the_moments(name):
    *_, x0 = SAMPLERS[name](start(8000))
    torch.testing.assert_close(x0.mean(0), MIXTURE.mean(), rtol=0, atol=0.06)
    torch.testing.assert_close(torch.cov(x0.T), MIXTURE.covariance(), rtol=0, atol=0.08)
    shares = torch.cdist(x0, MIXTURE.means).argmin(1).bincount(minlength=3) / 8000
    fresh = MIXTURE.sample(8000, seeded(5))
    expected = torch.cdist(fresh, MIXTURE.means).argmin(1).bincount(minlength=3) / 8000
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.03)


def test_full_ddim_with_eta_one_is_the_ancestral_sampler():
    x = start(7)
    one = ddim(MODEL, x, respaced(250, 250), SCHEDULE, 1.0, seeded(3))
    two = ancestral(MODEL, x, SCHEDULE, "posterior", seeded(3))
    three = ancestral_skipped(
        MODEL, x, respaced(250, 250), SCHEDULE, generator=seeded(3)
    )
    for a, b, c in zip(one, two, three, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)
        torch.testing.assert_close(c, b, rtol=0, atol=1e-6)


def test_ddim_on_any_steps_with_eta_one_is_the_skipped_ancestral_sampler():
    x, ks = start(7), [250, 190, 77, 30, 4, 0]
    one = ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(3))
    two = ancestral_skipped(MODEL, x, ks, SCHEDULE, generator=seeded(3))
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 2), (5, 3, 4, 6), (5, 2, 3, 4, 6)])
def test_films_start_with_the_noise_and_show_every_state(shape):
    schedule = make_schedule("linear-short", 6)
    x = torch.randn(shape, generator=seeded())
    times = []

    def model(xt, t):
        times.append(t)
        return xt / 2

    films = [
        (list(ancestral(model, x, schedule, generator=seeded())), 7),
        (list(ddim(model, x, [6, 4, 1, 0], schedule)), 4),
        (list(ancestral_skipped(model, x, [6, 4, 1, 0], schedule)), 4),
    ]
    for film, length in films:
        assert len(film) == length and film[0] is x
        assert all(state.shape == shape and state.dtype == x.dtype for state in film)
    expected = [6, 5, 4, 3, 2, 1, 6, 4, 1, 6, 4, 1]
    assert all(t.shape == (5,) for t in times)
    assert [round(float(t[0]) * 6) for t in times] == expected


def test_same_seed_same_bytes_and_ddim_zero_needs_no_seed():
    x, ks = start(5), respaced(250, 10)
    *_, a = ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(4))
    *_, b = ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(4))
    *_, c = ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(5))
    assert a.equal(b) and not a.equal(c)
    *_, d = ddim(MODEL, x, ks, SCHEDULE, 0.0, seeded(4))
    *_, e = ddim(MODEL, x, ks, SCHEDULE, 0.0, seeded(5))
    assert d.equal(e)


def test_sampling_builds_no_graph():
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    *_, x0 = ddim(lambda x, t: weight * x, start(3), [250, 100, 0], SCHEDULE)
    assert not x0.requires_grad
