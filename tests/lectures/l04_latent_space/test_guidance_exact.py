"""Guidance on a line. Authorities: closed forms for two bells (derived by hand: the
flow's and the SDE's variance equations are linear), Bayes at scale 1, and the order of
points, which a flow in one dimension keeps."""

import pytest
import torch

from coursekit.datasets.toys import exact_predict
from coursekit.lectures.l04_latent_space.experiments.guidance_exact import (
    bell,
    distance,
    gap_on_the_way,
    guided_velocity,
    levels,
    line,
    measure,
    noised_quantiles,
    quantiles,
    sharpened,
    two_bells,
    two_kinds,
    variance_of_bells,
    ways,
)
from coursekit.theory.paths import LinearPath


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0, 3.0])
def test_two_bells_have_closed_forms(scale: float) -> None:
    """d var / d tau = 2 var (w / (1 + tau) + (1 - w) / (2 + tau)) [- 1 for the SDE]."""
    bells, x = two_bells(), line()
    ends = ways(bells, scale, count=2000, steps=100)[-1]
    assert float(ends.var()) == pytest.approx(2 ** (1 - scale), rel=0.01)
    sharp = quantiles(sharpened(bells, scale, x), x, 2000)
    assert float(sharp.var()) == pytest.approx(2 / (scale + 1), rel=0.01)
    sde = (2 - 2 ** (2 - 2 * scale)) / (2 * scale - 1)
    assert variance_of_bells(scale, 400) == pytest.approx(sde, rel=0.02)


def test_without_guidance_the_three_laws_agree() -> None:
    kinds, x = two_kinds(), line()
    asked = sharpened(kinds, 1.0, x)
    found = quantiles(asked, x)
    assert distance(ways(kinds, 1.0)[-1], found) < 0.01
    assert max(gap_on_the_way(kinds, 1.0, [0.75, 0.5, 0.0])) < 0.01
    assert torch.allclose(asked, kinds.asked.log_prob(x[:, None]).exp(), atol=1e-6)
    share = float((found > 0.6).double().mean())
    assert share == pytest.approx(0.4, abs=0.01)


def test_guidance_makes_another_law_than_it_seems_to() -> None:
    kinds, x = two_kinds(), line()
    ends = ways(kinds, 3.0)[-1]
    sharp = quantiles(sharpened(kinds, 3.0, x), x)
    assert distance(ends, sharp) > 0.5
    assert float((ends > 0.6).double().mean()) > 0.75  # one sort is all but lost
    assert float((sharp > 0.6).double().mean()) < 0.6


def test_ways_keep_their_order_and_scale_zero_asks_nothing() -> None:
    kinds = two_kinds()
    film = ways(kinds, 5.0, count=50, steps=60)
    assert bool((film.diff(dim=1) > 0).all())
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)[:, None]
    t = torch.full((5,), 0.4, dtype=torch.float64)
    free = guided_velocity(kinds, 0.0)(x, t)
    everything = exact_predict(kinds.everything, LinearPath())(x, t).velocity
    assert torch.allclose(free, everything)


def test_quantiles_of_a_bell_and_of_its_noised_law() -> None:
    x = line()
    normal = torch.distributions.Normal(1.0, 0.5)
    density = bell(1.0, 0.5).log_prob(x[:, None]).exp()
    found = quantiles(density, x, 200)
    exact = normal.icdf(levels(200))
    assert torch.allclose(found, exact.double(), atol=5e-3)
    noised = noised_quantiles(found, 0.6, 200)
    std = (0.4**2 * 0.25 + 0.6**2) ** 0.5
    exact = torch.distributions.Normal(0.4, std).icdf(levels(200))
    assert torch.allclose(noised, exact.double(), atol=0.03)


def test_measure_quick() -> None:
    result = measure(quick=True)
    assert result["gap"][0] < 0.02 < result["gap"][1]
    assert result["gap_times"] == sorted(result["gap_times"])
