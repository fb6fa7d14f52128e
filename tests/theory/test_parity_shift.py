"""Our shift of times against the scheduler of diffusers.

Authority: peer library. Optional, as in test_parity_flow.py. diffusers keeps its levels
in float32. Given the levels to walk through, it shifts them once; without any it lays
an even grid between its shifted ends and shifts that once more, so it is not asked to.
"""

import math

import pytest
import torch
from support.peers import peer_module, worst

from coursekit.theory.resolution_shift import shift_time, shift_time_exp

pytestmark = pytest.mark.parity
LEVELS = [1.0, 0.9, 0.75, 0.5, 0.25, 0.05]
SINGLE = 2e-7


def peers_levels(mu=None, **settings):
    """What diffusers makes of LEVELS, without the 0 that it adds at the end."""
    schedulers = peer_module("diffusers.schedulers")
    made = schedulers.FlowMatchEulerDiscreteScheduler(**settings)
    made.set_timesteps(sigmas=LEVELS, mu=mu)
    assert float(made.sigmas[-1]) == 0
    return made.sigmas[:-1].double()


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0, 12.0])
def test_static_shift(factor):
    ours = shift_time(torch.tensor(LEVELS, dtype=torch.float64), factor)
    assert worst("shift", ours, peers_levels(shift=factor)) < SINGLE


@pytest.mark.parametrize("mu", [0.5, 1.15])
def test_dynamic_shift(mu):
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    theirs = peers_levels(mu, use_dynamic_shifting=True)
    assert worst("mu", shift_time_exp(levels, mu), theirs) < SINGLE
    assert worst("exp(mu)", shift_time(levels, math.exp(mu)), theirs) < SINGLE
