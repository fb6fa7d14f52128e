"""Figure 08a.A. Authorities: a network that knows the data, and one that knows nothing;
the variance of a velocity."""

import pytest
import torch
from torch import nn

from coursekit.lectures.l08a_state_of_the_art.experiments import patches
from coursekit.lectures.l08a_state_of_the_art.experiments.patches import (
    PATCHES,
    SAYS,
    TIMES,
    config,
    errors,
    measure,
)
from coursekit.models.uit import UiT
from coursekit.models.unet import count_parameters


class Knows(nn.Module):
    """The velocity of a picture that is grey everywhere."""

    def forward(self, xt: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return xt / t[:, None, None, None]


def test_who_knows_the_data_makes_no_error():
    grey = torch.zeros(4, 3, 8, 8)
    assert errors(Knows(), grey) == pytest.approx([0] * len(TIMES), abs=1e-6)


def test_who_says_nothing_errs_by_the_mean_square_of_the_velocity():
    x0 = torch.randn(200, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    silent = lambda xt, t: torch.zeros_like(xt)  # noqa: E731
    assert errors(silent, x0) == pytest.approx([2] * len(TIMES), rel=0.03)


def test_the_two_differ_in_what_they_say_only():
    for patch in PATCHES:
        one, other = (count_parameters(UiT(config(patch, says))) for says in SAYS)
        assert one == other
    wide = 3 * PATCHES[-1] ** 2
    assert wide > 4 * patches.SMALL.width, "a patch that does not fit the network"


def test_a_quick_run_measures_every_key(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.experiments.cache.RUNS", tmp_path)
    found = measure(quick=True)
    for says in SAYS:
        for patch in found["patches"]:
            for key in ("frechet", "valid", "parameters", "error"):
                assert f"{says}_{patch}_{key}" in found
    assert found["real_valid"] > 0.9
