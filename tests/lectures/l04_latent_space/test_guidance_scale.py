"""The guidance scale on pictures. Authorities: a painter whose guided answer is a
straight line between two pictures, a crowd of known variance, and real pictures."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets import fashion
from coursekit.datasets.images import to_model
from coursekit.experiments.image_ruler import Ruler, make_ruler
from coursekit.lectures.l04_latent_space.experiments import guidance_scale
from coursekit.lectures.l04_latent_space.experiments.guidance_scale import (
    CLASSES,
    by_classifier,
    drawn,
    free,
    labels_for,
    measure,
    pictures,
    real_scores,
    scores,
    spread_within,
    starts,
)


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


@pytest.fixture(scope="module")
def ruler() -> Ruler:
    return make_ruler("fashion", quick=True)


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_guidance_walks_on_the_line_between_two_pictures(scale: float) -> None:
    painter, labels = Painter(), labels_for(10)
    found = drawn(free(painter, labels, scale), starts(10, 0), steps=4)
    grey, own = painter.targets[CLASSES], painter.targets[labels]
    assert torch.allclose(found, grey + scale * (own - grey), atol=1e-4)


def test_a_classifier_without_an_opinion_guides_nobody() -> None:
    painter, labels = Painter(), labels_for(10)

    def even(x: Tensor, t: Tensor) -> Tensor:
        return x.flatten(1).sum(1, keepdim=True) * torch.ones(CLASSES)

    guide: Any = even
    found = drawn(by_classifier(painter, guide, labels, 8.0), starts(10, 0), steps=4)
    assert torch.allclose(found, painter.targets[[CLASSES] * 10], atol=1e-4)


def test_spread_within_classes_ignores_their_distance() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(4000, 3, generator=generator) * torch.tensor([1.0, 2.0, 0.5])
    labels = labels_for(4000)
    found = spread_within(noise + 100 * labels[:, None], labels)
    assert found == pytest.approx(1 + 4 + 0.25, rel=0.05)


def test_scores_of_a_painter_and_of_real_pictures(ruler: Ruler) -> None:
    made = pictures(Painter(), None, 1.0, 50, 0, steps=2)
    found = scores(made, ruler)
    assert found["adherence"] == 1.0 and found["spread"] < 1e-6
    assert found["beyond"] == 0.0
    real = real_scores(ruler, 200, 0)
    assert real["adherence"] > 0.75 and real["spread"] > 1
    assert real["frechet"] < found["frechet"]
    loud = scores(pictures(Painter(), None, 3.0, 50, 0, steps=2), ruler)
    assert loud["beyond"] > 0.2


def test_noise_of_a_picture_does_not_depend_on_the_others() -> None:
    assert torch.equal(starts(3, 5), starts(7, 5)[:3])
    assert not torch.equal(starts(1, 5), starts(1, 6))


def test_measure_puts_everything_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from coursekit.experiments import cache
    from coursekit.training import pretrained

    class Blind(nn.Module):
        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return x.flatten(1).mean(1, keepdim=True) * torch.arange(10.0)

    def load(name: str, clip: bool = True) -> nn.Module:
        return Painter() if name == guidance_scale.NETWORK else Blind()

    monkeypatch.setattr(pretrained, "load_model", load)
    monkeypatch.setattr(pretrained, "card", lambda name: {"sha256": name})
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    result = measure(seeds=(0, 1), quick=True)
    assert result["free_adherence"][1] == 1.0 > result["free_adherence"][0]
    assert len(result["noisy_frechet"]) == len(guidance_scale.SLOPES)
    assert result["free_1_adherence_all"] == [1.0, 1.0]
    assert len(list(tmp_path.rglob("*.json"))) == 2 * (7 + 3 + 3)
