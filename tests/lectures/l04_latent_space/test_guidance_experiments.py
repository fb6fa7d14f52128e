"""Lecture 4's experiments on guidance, on a line and on pictures.

Authorities: closed forms for two bells (derived by hand: the flow's and the SDE's
variance equations are linear), Bayes at scale 1, the order of points, which a flow in
one dimension keeps, a painter whose guided answer is a straight line between two
pictures, a crowd of known variance, and real pictures.
"""

import pytest
import torch
from support_lectures import hold
from support_models import normal
from torch import Tensor, nn

from coursekit.datasets import fashion
from coursekit.datasets.images import to_model
from coursekit.datasets.toys import exact_predict
from coursekit.experiments import cache
from coursekit.experiments.image_ruler import make_ruler
from coursekit.lectures.l04_latent_space.experiments import guidance_exact as exact
from coursekit.lectures.l04_latent_space.experiments import guidance_scale
from coursekit.lectures.l04_latent_space.experiments.guidance_scale import (
    CLASSES,
    by_classifier,
    drawn,
    free,
    labels_for,
    pictures,
    real_scores,
    scores,
    spread_within,
    starts,
)
from coursekit.theory.paths import LinearPath
from coursekit.training import pretrained

# --- on a line -----------------------------------------------------------------------


def share_right(points: Tensor) -> float:
    """The share of the points in the right of the two groups of `two_kinds`."""
    return float((points > 0.6).double().mean())


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0, 3.0])
def test_two_bells_have_closed_forms(scale):
    """d var / d tau = 2 var (w / (1 + tau) + (1 - w) / (2 + tau)) [- 1 for the SDE]."""
    bells, x = exact.two_bells(), exact.line()
    ends = exact.ways(bells, scale, count=2000, steps=100)[-1]
    assert float(ends.var()) == pytest.approx(2 ** (1 - scale), rel=0.01)
    sharp = exact.quantiles(exact.sharpened(bells, scale, x), x, 2000)
    assert float(sharp.var()) == pytest.approx(2 / (scale + 1), rel=0.01)
    sde = (2 - 2 ** (2 - 2 * scale)) / (2 * scale - 1)
    assert exact.variance_of_bells(scale, 400) == pytest.approx(sde, rel=0.02)


def test_without_guidance_the_three_laws_agree():
    kinds, x = exact.two_kinds(), exact.line()
    asked = exact.sharpened(kinds, 1.0, x)
    found = exact.quantiles(asked, x)
    assert exact.distance(exact.ways(kinds, 1.0)[-1], found) < 0.01
    assert max(exact.gap_on_the_way(kinds, 1.0, [0.75, 0.5, 0.0])) < 0.01
    assert torch.allclose(asked, kinds.asked.log_prob(x[:, None]).exp(), atol=1e-6)
    assert share_right(found) == pytest.approx(0.4, abs=0.01)


def test_guidance_makes_another_law_than_it_seems_to():
    kinds, x = exact.two_kinds(), exact.line()
    ends = exact.ways(kinds, 3.0)[-1]
    sharp = exact.quantiles(exact.sharpened(kinds, 3.0, x), x)
    assert exact.distance(ends, sharp) > 0.5
    assert share_right(ends) > 0.75  # one sort is all but lost
    assert share_right(sharp) < 0.6
    measured = exact.measure(quick=True)
    hold(measured, "gap[0] < 0.02 < gap[1]", "gap_times == sorted(gap_times)")


def test_ways_keep_their_order_and_scale_zero_asks_nothing():
    kinds = exact.two_kinds()
    film = exact.ways(kinds, 5.0, count=50, steps=60)
    assert bool((film.diff(dim=1) > 0).all())
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)[:, None]
    t = torch.full((5,), 0.4, dtype=torch.float64)
    everything = exact_predict(kinds.everything, LinearPath())(x, t).velocity
    assert torch.allclose(exact.guided_velocity(kinds, 0.0)(x, t), everything)


def test_quantiles_of_a_bell_and_of_its_noised_law():
    x, levels = exact.line(), exact.levels(200)
    density = exact.bell(1.0, 0.5).log_prob(x[:, None]).exp()
    found = exact.quantiles(density, x, 200)
    wanted = torch.distributions.Normal(1.0, 0.5).icdf(levels)
    assert torch.allclose(found, wanted.double(), atol=5e-3)
    noised = exact.noised_quantiles(found, 0.6, 200)
    std = (0.4**2 * 0.25 + 0.6**2) ** 0.5
    wanted = torch.distributions.Normal(0.4, std).icdf(levels)
    assert torch.allclose(noised, wanted.double(), atol=0.03)


# --- on pictures ---------------------------------------------------------------------


class Painter(nn.Module):
    """The velocity to one picture for each class, and to a grey one without a class."""

    def __init__(self) -> None:
        super().__init__()
        images, labels = fashion.load("train")
        first = [int((labels == c).argmax()) for c in range(CLASSES)]
        targets = to_model(images[first])
        self.targets = torch.cat([targets, torch.full((1, 1, 28, 28), -0.5)])

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        own = torch.full((len(xt),), CLASSES) if cond is None else cond
        return (xt - self.targets[own]) / t.clamp(min=1e-6)[:, None, None, None]


class Blind(nn.Module):
    """A classifier that always prefers the last class."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return x.flatten(1).mean(1, keepdim=True) * torch.arange(10.0)


@pytest.fixture(scope="module")
def painter():
    return Painter()


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_guidance_walks_on_the_line_between_two_pictures(painter, scale):
    labels = labels_for(10)
    found = drawn(free(painter, labels, scale), starts(10, 0), steps=4)
    grey, own = painter.targets[CLASSES], painter.targets[labels]
    assert torch.allclose(found, grey + scale * (own - grey), atol=1e-4)


def test_a_classifier_without_an_opinion_guides_nobody(painter):
    def even(x: Tensor, t: Tensor) -> Tensor:
        return x.flatten(1).sum(1, keepdim=True) * torch.ones(CLASSES)

    guided = by_classifier(painter, even, labels_for(10), 8.0)
    found = drawn(guided, starts(10, 0), steps=4)
    assert torch.allclose(found, painter.targets[[CLASSES] * 10], atol=1e-4)


def test_spread_within_classes_ignores_their_distance():
    noise = normal(4000, 3, dtype=torch.float32) * torch.tensor([1.0, 2.0, 0.5])
    labels = labels_for(4000)
    found = spread_within(noise + 100 * labels[:, None], labels)
    assert found == pytest.approx(1 + 4 + 0.25, rel=0.05)


def test_scores_of_a_painter_and_of_real_pictures(painter):
    ruler = make_ruler("fashion", quick=True)
    found = scores(pictures(painter, None, 1.0, 50, 0, steps=2), ruler)
    assert found["adherence"] == 1.0 and found["spread"] < 1e-6
    assert found["beyond"] == 0.0
    real = real_scores(ruler, 200, 0)
    assert real["adherence"] > 0.75 and real["spread"] > 1
    assert real["frechet"] < found["frechet"]
    loud = scores(pictures(painter, None, 3.0, 50, 0, steps=2), ruler)
    assert loud["beyond"] > 0.2


def test_noise_of_a_picture_does_not_depend_on_the_others():
    assert torch.equal(starts(3, 5), starts(7, 5)[:3])
    assert not torch.equal(starts(1, 5), starts(1, 6))


def test_measure_puts_everything_together(monkeypatch, tmp_path, painter):
    networks = {guidance_scale.NETWORK: painter}
    for name, stand_in in {
        "load_model": lambda name, clip=True: networks.get(name, Blind()),
        "card": lambda name: {"sha256": name},
    }.items():
        monkeypatch.setattr(pretrained, name, stand_in)
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    result = guidance_scale.measure(seeds=(0, 1), quick=True)
    assert result["free_adherence"][1] == 1.0 > result["free_adherence"][0]
    assert len(result["noisy_frechet"]) == len(guidance_scale.SLOPES)
    assert result["free_1_adherence_all"] == [1.0, 1.0]
    assert len(list(tmp_path.rglob("*.json"))) == 2 * (7 + 3 + 3)
