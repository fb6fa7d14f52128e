"""Consistency models and DMD against the codes that published them.

Authority: peer library (diffusers, optional as in test_parity_flow.py), and numbers
that the official codes gave in float64: openai/consistency_models at e32b69e
(cm/karras_diffusion.py), tianweiy/DMD2 at 8d8fa55 (main/edm/edm_guidance.py).
diffusers keeps its levels in float32.
"""

import pytest
import torch
from support.peers import ROUNDING, peer_module, worst
from support.theory import last, normal, seeded

from coursekit.theory.consistency import (
    boundary_scalings,
    edm_consistency,
    karras_grid,
)
from coursekit.theory.distribution_matching import dmd_gradient
from coursekit.theory.few_steps import consistency_sampler
from coursekit.theory.paths import Path

LEVELS = torch.tensor([0.002, 0.01, 0.5, 3.0, 80.0], dtype=torch.float64)
SINGLE = 2e-6


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def test_scalings_of_the_official_code():
    c_skip, c_out = boundary_scalings(LEVELS)
    skip = [1, 0.999744065519227, 0.5020039999678717]
    skip += [0.027062122943441024, 3.90629272263522e-05]
    out = [0, 0.007998400479840058, 0.35213917703090064]
    out += [0.4928681639414612, 0.49997773490522646]
    assert worst("c_skip", c_skip, double(skip)) < ROUNDING
    assert worst("c_out", c_out, double(out)) < ROUNDING


def test_the_gradient_of_the_official_dmd():
    """Its judges here: x_t / (1 + .16) and .3 + .9 of that, so the two differ by
    .3 - .1 x0_real; it normalises by the real judge, sample by sample."""
    x = torch.linspace(-1.2, 1.7, 12, dtype=torch.float64).reshape(2, 6)
    real = [-1.1346583631816314, -1.1763032354184826, -0.14391705947930739]
    real += [-0.5897081601583762, -0.07008796667498894, -0.10724022119638621]
    real += [-0.00777109565359666, 0.9412320477371363, 0.6227470412882716]
    real += [1.3648617193510701, 1.3154473865221517, 1.695826566718664]
    want = [1.88582293807133, 1.9048172172641744, 1.4339445693882094]
    want += [1.6372704573829182, 1.4002710262613614, 1.4172162168002966]
    want += [1.4001194545835791, 0.9583578572856961, 1.1066128405743545]
    want += [0.7611579621132768, 0.7841603670599224, 0.6070936045389004]
    x0_real = double(real).reshape(2, 6)
    got = dmd_gradient(x, x0_real, 0.3 + 0.9 * x0_real)
    assert worst("DMD", got, double(want).reshape(2, 6)) < ROUNDING


@pytest.mark.parity
def test_the_scheduler_of_consistency_models():
    scheduler = peer_module("diffusers").CMStochasticIterativeScheduler()
    assert worst("grid", karras_grid(40), scheduler.sigmas.double()) < ROUNDING
    theirs = scheduler.get_scalings_for_boundary_condition(LEVELS)
    for ours, other in zip(boundary_scalings(LEVELS), theirs, strict=True):
        assert worst("scaling", ours, other) < ROUNDING


@pytest.mark.parity
def test_latent_consistency_models_leave_sigma_data_out():
    """Their boundary is at 0, their level ten times the timestep, and c_out lacks
    the factor .5, which their trained networks have got used to."""
    scheduler = peer_module("diffusers").LCMScheduler()
    for timestep in (1, 20, 999):
        level = torch.tensor(10.0 * timestep, dtype=torch.float64)
        skip, out = scheduler.get_scalings_for_boundary_condition_discrete(timestep)
        c_skip, c_out = boundary_scalings(level, sigma_min=0.0)
        assert float(c_skip) == pytest.approx(skip, rel=1e-12)
        assert float(c_out) == pytest.approx(0.5 * out, rel=1e-12)


class Renoised(Path):
    """x0 + sqrt(sigma^2 - sigma_min^2) noise: x0 is at sigma_min already."""

    def alpha(self, t):
        return torch.ones_like(t)

    def sigma(self, t):
        return (t**2 - 0.002**2).sqrt()


@pytest.mark.parity
def test_the_multistep_sampler():
    """Three steps of diffusers' scheduler with the same noise."""
    peer = peer_module("diffusers").CMStochasticIterativeScheduler(clip_denoised=False)
    peer.set_timesteps(timesteps=[33, 17, 0])
    x = 80 * normal(5, 2)
    levels = peer.sigmas.double()
    chance, theirs = seeded(3), x
    for timestep in peer.timesteps:
        seen = peer.scale_model_input(theirs, timestep)
        made = peer.step(torch.sin(seen), timestep, theirs, generator=chance)
        theirs = made.prev_sample
    f = edm_consistency(lambda z, sigma: torch.sin(z))
    ours = last(consistency_sampler(f, x, levels, Renoised(), seeded(3)))
    assert worst("multistep", ours, theirs) < SINGLE
