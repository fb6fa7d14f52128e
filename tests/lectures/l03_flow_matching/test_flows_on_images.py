"""Flows on pictures: the bookkeeping of figures 03.F and 03.G.

Authorities: the exact velocity of one single picture (its paths are straight, and one
Euler step is exact), that of Gaussian pixels (its paths bend by a known amount), files
that show whether work was done twice, and equality with an uninterrupted run.
"""

import math
from dataclasses import replace
from unittest.mock import Mock

import pytest
import torch
from support_models import normal
from torch import Tensor, nn

from coursekit.experiments import cache
from coursekit.experiments.image_ruler import DIMS
from coursekit.experiments.measure import load_measured
from coursekit.experiments.train_images import trained
from coursekit.lectures.l03_flow_matching.experiments import reflow_images
from coursekit.lectures.l03_flow_matching.experiments.reflow_images import (
    flow_states,
    pairs,
    straightness,
    walk,
)
from coursekit.models.unet import UNetConfig
from coursekit.training.checkpoints import CheckpointError, run_state, save_run
from coursekit.training.data import batch_at
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import card
from coursekit.training.recipe import Data
from coursekit.training.recipes_pixels import FASHION_FLOW

TARGET = torch.linspace(-0.9, 0.9, 784).reshape(1, 1, 28, 28)
TINY = UNetConfig(channels=1, widths=(8, 8), patch=2, heads=1, groups=4)


class OnePicture(nn.Module):
    """The velocity when the data are one picture: (xt - x0) / t."""

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        return (xt - TARGET) / t[:, None, None, None]


class GaussianPixels(nn.Module):
    """The velocity E[eps - x0 | xt] for independent pixels N(0, s^2), s = 0.5."""

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        t = t[:, None, None, None]
        return xt * (t - (1 - t) * 0.25) / (t**2 + (1 - t) ** 2 * 0.25)


def test_paths_to_one_picture_are_straight():
    start = normal(3, 1, 28, 28, dtype=torch.float32)
    for steps in (1, 2, 7):
        x0 = walk(OnePicture(), start, steps, torch.Generator())
        assert torch.allclose(x0, TARGET.expand_as(x0), atol=1e-5)
        assert len(flow_states(OnePicture(), start, steps)) == steps + 1
    assert straightness(OnePicture(), 4, seed=0) < 1e-9


def test_straightness_of_gaussian_pixels_is_the_integral():
    """x_t = r(t) eps with r = sqrt(t^2 + (1 - t)^2 / 4): the integral of
    (r' - 1/2)^2 for eps of variance 1, by quadrature."""
    grid = (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
    r = (grid**2 + (1 - grid) ** 2 / 4).sqrt()
    slope = (grid - (1 - grid) / 4) / r
    exact = float(((slope - 0.5) ** 2).mean())
    found = straightness(GaussianPixels(), 64, seed=1, num_evals=400)
    assert found == pytest.approx(exact, rel=0.02)


def test_pairs_are_kept_and_belong_together(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    asked = Mock(side_effect=flow_states)
    monkeypatch.setattr(reflow_images, "flow_states", asked)
    images, noise = pairs(OnePicture(), 600, 0)
    assert images.shape == (600, 28, 28, 1) and noise.shape == (600, 1, 28, 28)
    before = asked.call_count
    again, same = pairs(OnePicture(), 600, 0)  # must not be asked
    assert torch.equal(again, images) and torch.equal(same, noise)
    assert asked.call_count == before
    fresh, start = pairs(GaussianPixels(), 10, 1)
    other, _ = pairs(OnePicture(), 10, 1)
    assert not torch.equal(other, fresh)
    ratio = (fresh.float() / 127.5 - 1).std() / start.std()
    assert ratio == pytest.approx(0.5, rel=0.1)  # r(0) = 1/2, up to clipping at 1


def test_a_batch_takes_the_noise_of_its_pictures():
    images = torch.arange(50, dtype=torch.uint8)[:, None, None].expand(50, 4, 4)
    noise = images[:, None].float() * 1000

    def draw(count: int, generator: torch.Generator) -> Tensor:
        return torch.rand(count, generator=generator)

    plain = batch_at(images, 16, draw, 0, 3, "cpu")
    x0, t, eps = batch_at(images, 16, draw, 0, 3, "cpu", noise)
    assert torch.equal(x0, plain[0]) and torch.equal(t, plain[1])
    assert torch.allclose(eps, (x0 + 1) * 127.5 * 1000, rtol=1e-4)


def test_a_stopped_training_goes_on_bit_for_bit(tmp_path):
    profile = replace(FASHION_FLOW.cpu, model=TINY, steps=6, batch=4)
    images = Data(torch.randint(0, 256, (20, 28, 28), dtype=torch.uint8), "x")
    whole = trained(tmp_path / "a", FASHION_FLOW, profile, images)
    run = Run(FASHION_FLOW, profile, images)
    for _ in zip(range(3), train(run), strict=False):
        pass
    save_run(tmp_path / "b", run_state(run, "x", torch.get_num_threads()))
    parts = trained(tmp_path / "b", FASHION_FLOW, profile, images)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[key]), key
    with pytest.raises(CheckpointError, match="other settings"):
        other = images._replace(text="other data")
        trained(tmp_path / "b", FASHION_FLOW, profile, other)


def test_training_starts_from_the_network_it_is_given(tmp_path):
    profile = replace(FASHION_FLOW.cpu, model=TINY, steps=1, batch=2, lr=0.0)
    images = Data(torch.zeros(8, 28, 28, dtype=torch.uint8), "x")
    first = trained(tmp_path / "a", FASHION_FLOW, profile, images)
    with torch.no_grad():
        for value in first.parameters():
            value.fill_(math.pi)
    second = trained(tmp_path / "b", FASHION_FLOW, profile, images, first)
    assert all(bool((v == math.pi).all()) for v in second.parameters())


def test_the_two_scales_of_frechet_distances_are_as_the_notebook_says():
    """Cards: 500 pictures, all features. Figures F and G: one scale, 16 features."""
    for name in ("fashion-flow", "teddy-flow"):
        assert card(name)["evaluation"]["samples"] == 500
    first, second = (load_measured(name) for name in ("03.F", "03.G"))
    assert first["pictures"] == second["pictures"]
    assert first["features"] == second["features"]
    assert first["floor_frechet_all"] == second["floor_frechet_all"]
    assert DIMS == 16
