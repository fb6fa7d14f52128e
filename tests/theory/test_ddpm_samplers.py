"""DDPM samplers. Authority: the exact denoiser of a known mixture, whose moments every
sampler has to recover, and identities between the samplers."""

import pytest
import torch
from support.theory import MIXTURE, assert_moments, last, normal, seeded

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
    shares, expected = (
        torch.cdist(x, MIXTURE.means).argmin(1).bincount(minlength=3) / 8000
        for x in (x0, MIXTURE.sample(8000, seeded(5)))
    )
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.03)


@pytest.mark.parametrize(
    "ks", [respaced(250, 250), [250, 190, 77, 30, 4, 0]], ids=["all steps", "some"]
)
def test_ddim_with_eta_one_is_the_ancestral_sampler(ks):
    x = normal(7, 2)
    film = list(ddim(MODEL, x, ks, SCHEDULE, 1.0, seeded(3)))
    others = [ancestral_skipped(MODEL, x, ks, SCHEDULE, generator=seeded(3))]
    if len(ks) == 251:
        others.append(ancestral(MODEL, x, SCHEDULE, "posterior", seeded(3)))
    for other in map(list, others):
        torch.testing.assert_close(other, film, rtol=0, atol=1e-6)


def test_the_network_is_told_every_step_in_turn():
    schedule, x, seen = make_schedule("linear-short", 6), normal(7, 2), []

    def model(xt, t):
        seen.append(round(float(t[0]) * 6))
        return xt / 2

    last(ancestral(model, x, schedule))
    last(ddim(model, x, [6, 4, 1, 0], schedule))
    last(ancestral_skipped(model, x, [6, 4, 1, 0], schedule))
    assert seen == [6, 5, 4, 3, 2, 1, 6, 4, 1, 6, 4, 1]


def test_sampling_builds_no_graph():
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    *_, x0 = ddim(lambda x, t: weight * x, normal(3, 2), [250, 100, 0], SCHEDULE)
    assert not x0.requires_grad
