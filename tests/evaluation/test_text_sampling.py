"""Sampling from prompts. Authority: Gaussians, for which guidance has a closed form.

For pictures N(m, s^2) given a prompt and N(m0, s^2) without one, both velocities are
linear in xt with the same slope, so the guided one belongs to N(m0 + w (m - m0), s^2).
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.evaluation.text_sampling import (
    BATCH,
    SOLVERS,
    pixels,
    sample_prompts,
    starts,
    walk_prompts,
)

SPREAD = 0.05
NULL = torch.tensor([1, 2, 0])
SHAPE = (1, 20, 20)


class World(nn.Module):
    """The exact velocity; the mean is a tenth of the third token, minus 0.3."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.asked = 0

    def forward(self, xt: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        self.asked += len(xt)
        mean = (cond[:, 2].to(xt.dtype) / 10 - 0.3)[:, None, None, None]
        t = t[:, None, None, None]
        var = (1 - t) ** 2 * SPREAD**2 + t**2
        off = (xt - (1 - t) * mean) / var
        return t * off - (mean + (1 - t) * SPREAD**2 * off)


def prompt(number: int) -> Tensor:
    return torch.tensor([1, 2, number])


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_guidance_goes_on_in_the_direction_of_the_prompt(scale):
    model, ids = World(), torch.stack([prompt(5), prompt(1)])
    images = sample_prompts(model, pixels, ids, NULL, SHAPE, 200, scale, seed=3)
    for image, number in zip(images, (5, 1), strict=True):
        mean = -0.3 + scale * number / 10
        x = image.astype(np.float64) / 127.5 - 1
        # 400 pixels: four standard errors, and the rounding of the picture.
        assert abs(x.mean() - mean) < 4 * SPREAD / 20 + 0.004
        assert abs(x.std() / SPREAD - 1) < 0.15


def test_solvers_agree_where_steps_are_many():
    ids, start, ends = prompt(5)[None], starts(1, SHAPE, 0), {}
    for solver in SOLVERS:
        states = list(walk_prompts(World(), ids, NULL, start, 100, 1.5, solver))
        assert len(states) == 101 and torch.equal(states[0], start)
        ends[solver] = states[-1]
    torch.testing.assert_close(ends["heun"], ends["rk4"], atol=2e-2, rtol=0)
    torch.testing.assert_close(ends["euler"], ends["rk4"], atol=1e-1, rtol=0)


def test_without_guidance_one_question_is_asked():
    for scale, questions in ((1.0, 6), (2.0, 12)):
        model = World()
        sample_prompts(model, pixels, prompt(5)[None], NULL, SHAPE, 6, scale)
        assert model.asked == questions


def test_a_picture_does_not_depend_on_its_neighbours():
    count = BATCH + 3
    ids = torch.stack([prompt(i % 7) for i in range(count)])
    many = sample_prompts(World(), pixels, ids, NULL, SHAPE, 3, 2.0, seed=1)
    few = sample_prompts(World(), pixels, ids[:4], NULL, SHAPE, 3, 2.0, seed=1)
    assert many.shape == (count, 20, 20, 1) and (many[:4] == few).all()
    assert torch.equal(starts(2, SHAPE, 5), starts(9, SHAPE, 5)[:2])
    assert not torch.equal(starts(1, SHAPE, 5), starts(1, SHAPE, 6))


def test_the_decoder_stands_at_the_end():
    ids = prompt(5)[None]
    plain = sample_prompts(World(), pixels, ids, NULL, SHAPE, 5)
    turned = sample_prompts(World(), lambda z: -z, ids, NULL, SHAPE, 5)
    *_, x0 = walk_prompts(World(), ids, NULL, starts(1, SHAPE, 0), 5)
    assert (plain == to_uint8(x0)).all() and (turned == to_uint8(-x0)).all()


def test_an_unknown_solver_is_one_line():
    walk = walk_prompts(World(), prompt(1)[None], NULL, starts(1, SHAPE, 0), 2, 1, "x")
    with pytest.raises(ValueError, match="use one of euler, heun, rk4"):
        next(walk)
