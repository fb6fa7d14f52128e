"""Every line of notebook 04's Rosetta box, as an identity that holds in the code.

Authority: the formulas of the papers, written out by hand; on the papers' clock 0 is
noise and 1 is data.
"""

import pytest
import torch
from torch import Tensor

from coursekit.datasets.toys import Mixture, exact_predict
from coursekit.lectures.l04_latent_space.experiments.guidance_exact import (
    two_kinds,
)
from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.theory.guidance import classifier_free, classifier_guided, guided
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import mix


@pytest.fixture
def answers() -> tuple[Tensor, Tensor]:
    """A conditional and an unconditional answer, (5, 3)."""
    gen = torch.Generator().manual_seed(0)
    cond, null = torch.randn(2, 5, 3, generator=gen, dtype=torch.float64)
    return cond, null


def test_the_clock_runs_the_other_way() -> None:
    gen = torch.Generator().manual_seed(0)
    data, noise = torch.randn(2, 7, 3, generator=gen, dtype=torch.float64)
    paper = torch.linspace(0.05, 0.95, 7, dtype=torch.float64)
    point = (1 - paper)[:, None] * noise + paper[:, None] * data
    torch.testing.assert_close(LinearPath().corrupt(data, noise, 1 - paper), point)
    ours = mix("velocity", LinearPath(), data, noise, 1 - paper)
    torch.testing.assert_close(ours, -(data - noise))


def test_latents_have_unit_spread_in_each_channel() -> None:
    """Rombach et al. multiply by one number; here each channel has its own two."""
    torch.manual_seed(0)
    net = Autoencoder(AutoencoderConfig(widths=(8, 16), latent=3, groups=4))
    x = torch.rand(200, 3, 16, 16) * 2 - 1
    net.fit_scale(x)
    with torch.no_grad():
        z, mean = net.encode(x), net.bells(x).mean
        torch.testing.assert_close(z, (mean - net.shift) / net.scale)
        torch.testing.assert_close(z.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
        torch.testing.assert_close(z.std((0, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)
        torch.testing.assert_close(net.decode(z), net.rebuild(mean))


@pytest.mark.parametrize("w", [-1.0, 0.0, 1.5])
def test_the_papers_w_is_our_scale_minus_one(answers, w) -> None:
    cond, null = answers
    torch.testing.assert_close(guided(cond, null, 1 + w), (1 + w) * cond - w * null)


@pytest.mark.parametrize("s", [0.0, 1.0, 4.0])
def test_the_scale_of_most_code_is_ours(answers, s) -> None:
    cond, null = answers
    torch.testing.assert_close(guided(cond, null, s), null + s * (cond - null))
    torch.testing.assert_close(guided(cond, null, 1.0), cond)
    torch.testing.assert_close(guided(cond, null, 0.0), null)


@pytest.mark.parametrize("s", [0.0, 1.0, 3.0])
def test_both_kinds_of_guidance_agree_if_the_networks_are_perfect(s) -> None:
    """Bayes: log p(c | xt) is log p(xt | c) - log p(xt), up to a constant."""
    world, path = two_kinds(), LinearPath()
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    t = torch.linspace(0.1, 0.9, 9, dtype=torch.float64)

    def score(law: Mixture, xt: Tensor, time: Tensor) -> Tensor:
        return law.noised_score(xt, 1 - time, time)

    def density(law: Mixture, xt: Tensor, time: Tensor) -> Tensor:
        rows = [
            law.noised(1 - float(each), float(each)).log_prob(point[None])
            for point, each in zip(xt, time, strict=True)
        ]
        return torch.cat(rows)

    def classifier(xt: Tensor, time: Tensor) -> Tensor:
        yes = density(world.asked, xt, time) - density(world.everything, xt, time)
        chance = (yes.exp() / 2).clamp(max=1 - 1e-12)  # bears are half of everything
        return torch.stack([chance.log(), (1 - chance).log()], dim=1)

    label = torch.zeros(9, dtype=torch.long)
    nothing = exact_predict(world.everything, path)
    found = classifier_guided(nothing, classifier, label, s, path)(x, t).score
    by_hand = guided(score(world.asked, x, t), score(world.everything, x, t), s)
    torch.testing.assert_close(found, by_hand, atol=1e-6, rtol=1e-6)

    def network(xt: Tensor, time: Tensor, cond: Tensor) -> Tensor:
        told = cond[:, None] == 1
        asked, everything = (
            score(w, xt, time) for w in (world.asked, world.everything)
        )
        return torch.where(told, asked, everything)

    cond, null = torch.ones(9, dtype=torch.long), torch.tensor(0)
    free = classifier_free(network, cond, null, s)(x, t)
    torch.testing.assert_close(free, by_hand)
