"""Every line of notebook 04's Rosetta box, as an identity that holds in the code.

Authority: the formulas of the papers, written out by hand; on the papers' clock 0 is
noise and 1 is data. Two lines are held elsewhere: latents of unit spread
(tests/models/test_autoencoder.py), and that both kinds of guidance agree if the
networks are perfect (tests/theory/test_guidance.py).
"""

import pytest
import torch
from torch import Tensor

from coursekit.theory.guidance import guided
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
