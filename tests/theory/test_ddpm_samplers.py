"""DDPM samplers. Authority: the exact denoiser of a known mixture, whose moments every
sampler has to recover, and identities between the samplers."""

import pytest
import torch
from support.theory import MIXTURE, SHAPES, assert_moments, last, normal, seeded

from coursekit.datasets.toys import exact_eps_model
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim, respaced
from coursekit.theory.ddpm_schedule import make_schedule

SCHEDULE = make_schedule("cosine", 250)
MODEL = exact_eps_model(MIXTURE, SCHEDULE)


HALF = respaced(250, 125)
SAMPLERS = {
    "ancestral-beta": lambda x: ancestral(MODEL, x, SCHEDULE, "beta", seeded(1)),
    "ancestral": lambda x: ancestral(MODEL, x, SCHEDULE, "posterior", seeded(1)),
    "skipped": lambda x: ancestral_skipped(
        MODEL, x, HALF, SCHEDULE, generator=seeded(1)
    ),
    "ddim-0": lambda x: ddim(MODEL, x, HALF, SCHEDULE),
    "ddim-1": lambda x: ddim(MODEL, x, HALF, SCHEDULE, 1.0, seeded(1)),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_exact_denoiser_recovers_the_moments(name):
    x0 = last(SAMPLERS[name](normal(8000, 2)))
    assert_moments(x0, MIXTURE, 0.06, 0.08)
    shares = torch.cdist(x0, MIXTURE.means).argmin(1).bincount(minlength=3) / 8000
    fresh = MIXTURE.sample(8000, seeded(5))
    expected = torch.cdist(fresh, MIXTURE.means).argmin(1).bincount(minlength=3) / 8000
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.03)


@pytest.mark.parametrize(
    "ks", [respaced(250, 250), [250, 190, 77, 30, 4, 0]], ids=["all steps", "some"]
)
def test_ddim_with_eta_one_is_the_ancestral_sampler(ks):
    x = normal(7, 2)
    films = [
        ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(3)),
        ancestral_skipped(MODEL, x, ks, SCHEDULE, generator=seeded(3)),
    ]
    if len(ks) == 251:
        films.append(ancestral(MODEL, x, SCHEDULE, "posterior", seeded(3)))
    for one, *others in zip(*films, strict=True):
        for other in others:
            torch.testing.assert_close(other, one, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_films_start_with_the_noise_and_show_every_state(shape):
    schedule = make_schedule("linear-short", 6)
    x = normal(*shape, dtype=torch.float32)
    passed = []

    def model(xt, t):
        passed.append(t)
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
    assert all(t.shape == (7,) for t in passed)
    assert [round(float(t[0]) * 6) for t in passed] == expected


def test_same_seed_same_bytes_and_ddim_zero_needs_no_seed():
    x, ks = normal(5, 2), respaced(250, 10)

    def end(eta, seed):
        return last(ddim(MODEL, x, ks, SCHEDULE, eta, seeded(seed)))

    assert end(1.0, 4).equal(end(1.0, 4)) and not end(1.0, 4).equal(end(1.0, 5))
    assert end(0.0, 4).equal(end(0.0, 5))


def test_sampling_builds_no_graph():
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    *_, x0 = ddim(lambda x, t: weight * x, normal(3, 2), [250, 100, 0], SCHEDULE)
    assert not x0.requires_grad
