"""Rare events in float32. Authority: a race that is run with coarse numbers, and the
integral that the sum becomes."""

import math

import pytest
import torch
from support.theory import seeded

from coursekit.theory.gumbel_precision import entropy, race_share, raced, zipf


@pytest.mark.parametrize("multiple", [0.5, 1.0, 3.0])
def test_a_race_with_coarse_uniforms(multiple):
    """u in steps of 2^-12, four million races; 4 standard errors. 1e-10 keeps u from 0,
    as in the sampler of MDLM."""
    bits, races = 12, 4_000_000
    p = multiple * 2.0**-bits
    steps = torch.randint(2**bits, (2, races), generator=seeded(0)).double()
    token, stay = -(steps / 2**bits + 1e-10).log()
    wins = int((token / p < stay / (1 - p)).sum())
    wanted = p * float(race_share(torch.tensor(p, dtype=torch.float64), bits)) * races
    assert abs(wins - wanted) < 4 * math.sqrt(wanted)
    assert wins < 0.9 * p * races  # and it is not what exact numbers would give


def test_shares_in_float32():
    p = torch.tensor([1e-5, 1e-6, 1e-7, 3e-8, 1e-8], dtype=torch.float64)
    wanted = torch.tensor([0.997, 0.97, 0.73, 0.32, 0.015], dtype=torch.float64)
    torch.testing.assert_close(race_share(p), wanted, rtol=0, atol=5e-3)
    every = race_share(p, bits=53)  # float64
    torch.testing.assert_close(every, torch.ones_like(p), rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("vocabulary", "steps", "shown", "before", "after"),
    [
        (64, 1024, 0.998, 3.37, 3.37),
        (5000, 128, 0.98, 6.19, 6.12),
        (5000, 1024, 0.88, 6.19, 5.69),
        (50257, 1024, 0.69, 7.57, 5.63),
    ],
)
def test_a_large_vocabulary_in_many_steps(vocabulary, steps, shown, before, after):
    law = zipf(vocabulary)
    share, realised = raced(law, steps)
    assert share == pytest.approx(shown, abs=5e-3)
    assert entropy(law) == pytest.approx(before, abs=6e-3)
    assert entropy(realised) == pytest.approx(after, abs=6e-3)
    assert float(realised.sum()) == pytest.approx(1)
