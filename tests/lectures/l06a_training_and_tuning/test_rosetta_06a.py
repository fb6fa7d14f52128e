"""The lines of notebook 06a's Rosetta box, as identities that hold in the code.

Authority: the formulas of JiT's and FLUX's code, written out by hand. SD3's law and
shift are in tests/theory, diffusers' in test_parity_shift.py.
"""

import math

import torch

from coursekit.theory.resolution_shift import shift_time, shift_time_exp
from coursekit.theory.training_times import LogitNormal

T = torch.linspace(0.02, 0.98, 49, dtype=torch.float64)


def test_the_other_clock_turns_the_sign_of_the_mean():
    """JiT: t = sigmoid(-0.8 + 0.8 z), 1 is data; so 1 - t has our law."""
    theirs = LogitNormal(-0.8, 0.8).density(1 - T)
    torch.testing.assert_close(LogitNormal(0.8, 0.8).density(T), theirs)


def test_mu_is_the_logarithm_of_the_factor():
    torch.testing.assert_close(shift_time_exp(T, math.log(3.0)), shift_time(T, 3.0))
