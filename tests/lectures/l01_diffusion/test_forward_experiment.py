"""The forward chain against its closed form, as an experiment.

Authorities: the z-scores of a known shift and a known change of scale, and a demand
from both sides: the right chain passes, the one that forgets to shrink fails.
"""

import math

import pytest
import torch

from coursekit.lectures.l01_diffusion.experiments.forward import (
    chain,
    chain_vs_closed_form,
    moment_scores,
)
from coursekit.theory.ddpm_schedule import make_schedule


def test_scores_of_a_known_shift_and_scale() -> None:
    n, gen = 20_000, torch.Generator().manual_seed(0)
    x, y = torch.randn(2, n, 2, generator=gen, dtype=torch.float64)
    y = y * torch.tensor([1.0, 1.1]) + torch.tensor([0.1, 0.0])
    mean_z, var_z = moment_scores(x, y)
    # difference / standard error: 0.1 / sqrt(2/n); 0.21 / sqrt(2/n (1 + 1.1^4))
    assert mean_z[0] == pytest.approx(-0.1 / math.sqrt(2 / n), abs=3)
    assert abs(mean_z[1]) < 4
    assert abs(var_z[0]) < 4
    expected = -0.21 / math.sqrt(2 / n * (1 + 1.1**4))
    assert var_z[1] == pytest.approx(expected, abs=3)


def test_the_chain_passes_and_the_unshrunk_one_fails() -> None:
    result = chain_vs_closed_form(quick=True)
    assert result["z_max"] < 4
    assert 0.7 < result["z_rms"] < 1.3
    assert result["mmd_z_max"] < 5
    assert result["contrast_z_max"] > 30


def test_the_walk_ends_after_as_many_steps_as_the_schedule_has() -> None:
    gen = torch.Generator().manual_seed(0)
    schedule = make_schedule("linear-short", 7)
    assert len(list(chain(torch.zeros(3, 2), schedule, gen))) == 7
