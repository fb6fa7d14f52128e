"""Clipping the data estimate.

Authorities: identity where nothing is clamped, the clamped estimate recovered by
`predict_x0`, and the failure it cures: one short walk with a small error in eps.
"""

import pytest
import torch
from support.theory import MIXTURE, SHAPES, last, normal

from coursekit.datasets.toys import exact_eps_model
from coursekit.theory.clipping import clip_x0
from coursekit.theory.ddpm import predict_x0
from coursekit.theory.ddpm_samplers import ddim, respaced
from coursekit.theory.ddpm_schedule import make_schedule

COSINE = make_schedule("cosine", 1000)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_implied_estimate_is_clamped_and_otherwise_kept(shape):
    xt, eps = normal(*shape), normal(*shape, seed=1)
    k = torch.tensor([1, 10, 300, 500, 800, 990, 1000])
    out = clip_x0(lambda x, t: eps, COSINE, 1.5)(xt, k / 1000)
    raw, got = predict_x0(xt, eps, k, COSINE), predict_x0(xt, out, k, COSINE)
    assert torch.allclose(got, raw.clamp(-1.5, 1.5), atol=1e-9)
    inside = raw.abs() < 1.5
    assert inside.any() and (~inside).any()
    assert torch.allclose(out[inside], eps[inside], atol=1e-9)


def test_a_small_error_ruins_a_short_walk_unless_clipped():
    best = exact_eps_model(MIXTURE, COSINE)

    def nearly(xt, t):
        return best(xt, t) + 0.03

    ends = []
    for model in (nearly, clip_x0(nearly, COSINE, 3.0)):
        x0 = last(ddim(model, normal(500, 2, seed=2), respaced(1000, 5), COSINE))
        ends.append(float(x0.abs().max()))
    assert ends[0] > 10
    assert ends[1] < 3
